// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pypages.c - pages of a process that are kept while it is read. */
#include "cpython/pypages.h"

#include <stdlib.h>
#include <string.h>

#include "base/page.h"
#include "target/mem.h"

#define PAGES 4096 /* kept at once: 16 MiB */

struct pypages {
	pid_t pid;
	uint64_t start[PAGES]; /* of the page in each place; 0: none is */
	uint8_t bytes[PAGES][PAGE];
};

struct pypages *pypages_new(pid_t pid)
{
	struct pypages *pages = calloc(1, sizeof(*pages));

	if (pages)
		pages->pid = pid;
	return pages;
}

void pypages_free(struct pypages *pages)
{
	free(pages);
}

static size_t place_of(uint64_t addr)
{
	return addr / PAGE % PAGES;
}

int pypages_read(struct pypages *pages, uint64_t addr, void *buf, size_t len)
{
	const uint64_t start = PAGE_DOWN(addr);
	const size_t at = place_of(addr);
	int err;

	if (!start || len > PAGE - (addr - start))
		return mem_read(pages->pid, addr, buf, len);
	if (pages->start[at] != start) {
		pages->start[at] = 0;
		err = mem_read(pages->pid, start, pages->bytes[at], PAGE);
		if (err)
			return err;
		pages->start[at] = start;
	}
	memcpy(buf, pages->bytes[at] + (addr - start), len);
	return 0;
}

void pypages_forget(struct pypages *pages, uint64_t addr)
{
	pages->start[place_of(addr)] = 0;
}

void pypages_forget_all(struct pypages *pages)
{
	memset(pages->start, 0, sizeof(pages->start));
}
