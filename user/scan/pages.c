// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pages.c - a process's memory as a scan wants it: without pages that were never touched. */
#include "scan/pages.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/page.h"

#define ENTRIES	   4096		/* pages asked about at once */
#define SMALL	   (16 * PAGE)	/* to ask about so little costs more than to read it */
#define PAGE_THERE (3ULL << 62) /* present or swapped: Documentation/admin-guide/mm/pagemap.rst */

/* PAGEMAP_SCAN of include/uapi/linux/fs.h (6.7), which older headers do not have. */
struct scan_request {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

struct scan_region {
	uint64_t start, end, categories;
};

#define SCAN		_IOWR('f', 16, struct scan_request)
#define SCAN_IS_PRESENT (1 << 3)
#define SCAN_IS_SWAPPED (1 << 4)

static size_t read_memory(void *context, uint64_t addr, void *buf, size_t len)
{
	const struct pages *pages = context;
	const ssize_t got = pread(pages->memory, buf, len, (off_t)addr);

	return got > 0 ? got : 0;
}

/* The first range that is used, as far as it goes: 1; 0: there is none; -1: not to be told. */
static int scan_used(const struct pages *pages, uint64_t start, uint64_t end,
		     struct scan_region *region)
{
	struct scan_request arg = { .size = sizeof(arg),
				   .start = start,
				   .end = end,
				   .vec = (uintptr_t)region,
				   .vec_len = 1,
				   .max_pages = SWEEP_PIECE / PAGE,
				   .category_anyof_mask = SCAN_IS_PRESENT | SCAN_IS_SWAPPED,
				   .return_mask = SCAN_IS_PRESENT };

	return ioctl(pages->pagemap, SCAN, &arg);
}

/* An entry for each page, of those areas that have any: up to Linux 6.6. */
static bool read_used(struct pages *pages, uint64_t *start, uint64_t *end)
{
	uint64_t entries[ENTRIES], at = PAGE_DOWN(*start);
	bool found = false;

	if (!pages->residents.n)
		residents_read(pages->tid, &pages->residents);
	while (at < *end) {
		const uint64_t next = found ? at : residents_next(&pages->residents, at);
		uint64_t want;
		ssize_t got;
		size_t n;

		if (next >= *end)
			return false;
		at = PAGE_DOWN(next);
		want = (PAGE_UP(*end) - at) / PAGE;
		got = pread(pages->pagemap, entries,
			    (want < ENTRIES ? want : ENTRIES) * sizeof(*entries),
			    at / PAGE * sizeof(*entries));
		n = got > 0 ? got / sizeof(*entries) : 0;
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

/* To touch a page that was never there would make one, and take long where there are many. */
static bool find_used(void *context, uint64_t *start, uint64_t *end)
{
	struct pages *pages = context;
	struct scan_region region;
	int n;

	if (pages->pagemap < 0 || *end - *start <= SMALL)
		return true;
	n = scan_used(pages, PAGE_DOWN(*start), PAGE_UP(*end), &region);
	if (n < 0)
		return read_used(pages, start, end);
	if (n && region.start > *start)
		*start = region.start;
	if (n && region.end < *end)
		*end = region.end;
	return n;
}

void pages_open(struct pages *pages, pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)tid);
	*pages = (struct pages){ .tid = tid,
				 .pagemap = open(path, O_RDONLY | O_CLOEXEC),
				 .residents = { .pagemap = -1 } };
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
	residents_clear(&pages->residents);
}
