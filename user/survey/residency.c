// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* residency.c - how much of each part of a process's memory is in RAM, and written to. */
#include "survey/residency.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/grow.h"
#include "base/page.h"

#define ENTRIES 512 /* pages looked at in one go */

/* A page's entry in pagemap. */
#define PAGE_PRESENT (1ull << 63)
#define PAGE_SWAPPED (1ull << 62)
#define PAGE_FILE    (1ull << 61) /* of a file, or shared anonymous memory */
#define PAGE_NUMBER  ((1ull << 55) - 1)

/* Fields of an area, which are in kB. */
static const struct {
	const char *name;
	size_t field; /* u64 in struct residency, to be added to */
} fields[] = {
	{ "Rss:", offsetof(struct residency, resident) },
	{ "Shared_Dirty:", offsetof(struct residency, dirty) },
	{ "Private_Dirty:", offsetof(struct residency, dirty) },
	{ "Swap:", offsetof(struct residency, swapped) },
	{ "AnonHugePages:", offsetof(struct residency, huge) },
	{ "ShmemPmdMapped:", offsetof(struct residency, huge) },
	{ "FilePmdMapped:", offsetof(struct residency, huge) },
	{ "Shared_Hugetlb:", offsetof(struct residency, hugetlb) },
	{ "Private_Hugetlb:", offsetof(struct residency, hugetlb) },
};

static void take_field(struct residency *bytes, const char *line)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const size_t len = strlen(fields[i].name);

		if (!strncmp(line, fields[i].name, len))
			*(uint64_t *)((char *)bytes + fields[i].field) +=
				strtoull(line + len, NULL, 10) * 1024;
	}
}

static int add_area(struct residents *residents, size_t *cap, uint64_t start, uint64_t end)
{
	struct residency_area *more;

	if (start >= end)
		return -EBADMSG;
	more = grow(residents->at, residents->n, cap, sizeof(*more));
	if (!more)
		return -ENOMEM;
	residents->at = more;
	residents->at[residents->n++] =
		(struct residency_area){ start, end, { .size = end - start } };
	return 0;
}

/*
 * An area begins with its line of /proc/PID/maps, in small hexadecimal digits; "Name:" begins
 * every other line, of which there are two dozen.
 */
static int take_line(struct residents *residents, size_t *cap, const char *line)
{
	unsigned long start, end;
	char perms[5];

	if ((line[0] < 'A' || line[0] > 'Z') && sscanf(line, "%lx-%lx %4s", &start, &end, perms) == 3)
		return add_area(residents, cap, start, end);
	if (residents->n)
		take_field(&residents->at[residents->n - 1].bytes, line);
	return 0;
}

void residency_add(struct residency *sum, const struct residency *more)
{
	sum->size += more->size;
	sum->resident += more->resident;
	sum->dirty += more->dirty;
	sum->swapped += more->swapped;
	sum->huge += more->huge;
	sum->hugetlb += more->hugetlb;
}

static void sum_up(struct residents *residents)
{
	for (size_t i = 0; i < residents->n; i++)
		residency_add(&residents->all, &residents->at[i].bytes);
}

int residents_parse(const char *text, struct residents *residents)
{
	size_t cap = 0;
	int err = 0;

	*residents = (struct residents){ .pagemap = -1 };
	for (; *text && !err; text += strcspn(text, "\n"), text += *text == '\n')
		err = take_line(residents, &cap, text);
	sum_up(residents);
	return err;
}

/* The page that stands for zeroes: what a page of ours shows that was only read. */
static uint64_t find_zero_page(void)
{
	volatile char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd __fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	if (page == MAP_FAILED)
		return 0;
	if (page[0] || fd < 0 ||
	    pread(fd, &entry, sizeof(entry), (uintptr_t)page / PAGE * sizeof(entry)) !=
		    sizeof(entry))
		entry = 0;
	munmap((void *)page, PAGE);
	return entry & PAGE_NUMBER;
}

static int read_lines(FILE *file, struct residents *residents)
{
	char *line __free = NULL;
	size_t size = 0, cap = 0;
	int err = 0;

	errno = 0;
	while (!err && getline(&line, &size, file) >= 0)
		err = take_line(residents, &cap, line);
	if (!err && ferror(file))
		err = errno ? -errno : -EIO;
	return err;
}

int residents_read(pid_t pid, struct residents *residents)
{
	FILE *file __file = NULL;
	char path[64];
	int err;

	*residents = (struct residents){ .pagemap = -1 };
	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? -ESRCH : -errno;
	err = read_lines(file, residents);
	if (err)
		return err;
	sum_up(residents);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	residents->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	residents->zero_page = find_zero_page();
	return 0;
}

void residents_clear(struct residents *residents)
{
	free(residents->at);
	if (residents->pagemap >= 0)
		close(residents->pagemap);
	*residents = (struct residents){ .pagemap = -1 };
}

static const struct residency_area *area_at(const struct residents *residents, uint64_t start)
{
	size_t low = 0, high = residents->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (residents->at[middle].end <= start)
			low = middle + 1;
		else
			high = middle;
	}
	return low < residents->n ? &residents->at[low] : NULL;
}

uint64_t residents_next(const struct residents *residents, uint64_t at)
{
	const struct residency_area *area = area_at(residents, at);
	const struct residency_area *end = residents->at + residents->n;

	while (area && area < end &&
	       !(area->bytes.resident + area->bytes.swapped + area->bytes.hugetlb))
		area++;
	if (!residents->n)
		return at;
	return !area || area == end ? UINT64_MAX : area->start > at ? area->start : at;
}

static void count_page(const struct residents *residents, uint64_t entry, uint64_t len,
		       struct residency *bytes)
{
	if (entry & PAGE_SWAPPED)
		bytes->swapped += len;
	if (!(entry & PAGE_PRESENT) ||
	    (residents->zero_page && (entry & PAGE_NUMBER) == residents->zero_page))
		return;
	bytes->resident += len;
	if (!(entry & PAGE_FILE))
		bytes->dirty += len;
}

/* Bytes of a page that lie in [start, end). */
static uint64_t overlap(uint64_t page, uint64_t start, uint64_t end)
{
	const uint64_t from = page > start ? page : start;
	const uint64_t to = page + PAGE < end ? page + PAGE : end;

	return to > from ? to - from : 0;
}

static bool count_pages(const struct residents *residents, uint64_t start, uint64_t end,
			struct residency *bytes)
{
	uint64_t entries[ENTRIES], page = PAGE_DOWN(start);

	while (page < end) {
		const uint64_t left = PAGE_UP(end - page) / PAGE;
		const size_t want = left < ENTRIES ? left : ENTRIES;
		const ssize_t got = pread(residents->pagemap, entries, want * sizeof(*entries),
					  page / PAGE * sizeof(*entries));

		if (got < (ssize_t)sizeof(*entries))
			return false;
		for (size_t i = 0; i < got / sizeof(*entries); i++, page += PAGE)
			count_page(residents, entries[i], overlap(page, start, end), bytes);
	}
	return true;
}

bool residents_of(const struct residents *residents, uint64_t start, uint64_t end,
		  struct residency *bytes)
{
	const struct residency_area *area = area_at(residents, start);
	uint64_t at, to;

	*bytes = (struct residency){ .size = end - start };
	if (area && area->start == start && area->end == end) {
		*bytes = area->bytes;
		return true;
	}
	/* only where there are areas: a reserve of 64 MiB would be looked at for nothing */
	for (; area && area < residents->at + residents->n && area->start < end; area++) {
		at = area->start > start ? area->start : start;
		to = area->end < end ? area->end : end;
		if (area->bytes.resident + area->bytes.swapped &&
		    !count_pages(residents, at, to, bytes))
			return false;
	}
	return true;
}
