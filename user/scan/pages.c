// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pages.c - a process's memory as a scan wants it: without pages that were never touched. */
#include "scan/pages.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/page.h"

#define ENTRIES	   4096		/* pages asked about at once */
#define SMALL	   (16 * PAGE)	/* to ask about so little costs more than to read it */
#define PAGE_THERE (3ULL << 62) /* present or swapped: Documentation/admin-guide/mm/pagemap.rst */

static size_t read_memory(void *context, uint64_t addr, void *buf, size_t len)
{
	const struct pages *pages = context;
	const ssize_t got = pread(pages->memory, buf, len, (off_t)addr);

	return got > 0 ? got : 0;
}

/* To touch a page that was never there would make one, and take long where there are many. */
static bool find_used(void *context, uint64_t *start, uint64_t *end)
{
	const struct pages *pages = context;
	uint64_t entries[ENTRIES], at = PAGE_DOWN(*start);
	bool found = false;

	if (pages->pagemap < 0 || *end - *start <= SMALL)
		return true;
	while (at < *end) {
		uint64_t want = (PAGE_UP(*end) - at) / PAGE;
		ssize_t got = pread(pages->pagemap, entries,
				    (want < ENTRIES ? want : ENTRIES) * sizeof(*entries),
				    at / PAGE * sizeof(*entries));
		size_t n = got > 0 ? got / sizeof(*entries) : 0;

		if (!n)
			return found || got < 0; /* not to be told: all of it is read */
		for (size_t i = 0; i < n && at < *end; i++, at += PAGE) {
			bool there = entries[i] & PAGE_THERE;

			if (there && !found && at > *start)
				*start = at;
			if (found && (!there || at - *start >= SWEEP_PIECE)) {
				*end = at;
				return true;
			}
			found |= there;
		}
	}
	return found;
}

void pages_open(struct pages *pages, pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)tid);
	*pages = (struct pages){ .pagemap = open(path, O_RDONLY | O_CLOEXEC) };
	/* process_vm_readv(2) would copy what is shared since a fork: mem.h */
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)tid);
	pages->memory = open(path, O_RDONLY | O_CLOEXEC);
	pages->source = (struct sweep_source){ .context = pages,
					      .read = read_memory,
					      .used = find_used };
}

void pages_close(struct pages *pages)
{
	if (pages->pagemap >= 0)
		close(pages->pagemap);
	if (pages->memory >= 0)
		close(pages->memory);
	pages->pagemap = pages->memory = -1;
}
