// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walksegments.c - the segments of a process as a drawing, the highest address on top. */
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "view/textline.h"

#define BAR  16 /* columns of the longest bar */
#define SAFE 512

#define BEFORE_SIZE 43 /* columns: two addresses, permissions, a kind */

/* Segments that are shown as one: all of a file, or one. */
struct group {
	const struct walk_segment *first;
	uint64_t start, end;
	struct residency bytes;
	uint64_t size[SEGMENT_KINDS];
	size_t n;
	bool known;
};

/* Code and data of a mapped file: what the essay's "grep -v lib" is to leave out. */
static bool is_file(const struct segment *segment)
{
	return segment->name[0] == '/' && !segment->shared &&
	       (segment->kind == SEGMENT_TEXT || segment->kind == SEGMENT_RODATA ||
		segment->kind == SEGMENT_DATA || segment->kind == SEGMENT_BSS ||
		segment->kind == SEGMENT_FILE);
}

/* Whether two neighbours are parts of one file. */
static bool same_file(const struct walk_segment *a, const struct walk_segment *b)
{
	return is_file(&a->segment) && is_file(&b->segment) &&
	       !strcmp(a->segment.name, b->segment.name);
}

static void add(struct group *group, const struct walk_segment *at)
{
	const struct segment *segment = &at->segment;

	if (!group->n++) {
		group->first = at;
		group->start = segment->start;
		group->known = true;
	}
	group->end = segment->end;
	group->size[segment->kind] += segment->end - segment->start;
	residency_add(&group->bytes, &at->bytes);
	group->known = group->known && at->known;
}

/* On a log scale: a column for each factor of three, from one for 4 KiB to all for 55 GiB. */
static size_t columns(uint64_t bytes)
{
	size_t n = 0;

	for (uint64_t at = 4096; at < bytes && n < BAR - 1; at *= 3)
		n++;
	return bytes ? n + 1 : 0;
}

/* As much as is resident filled, the rest dotted. */
static void put_bar(struct textline *line, const struct group *group)
{
	const size_t all = columns(group->bytes.size), filled = columns(group->bytes.resident);

	for (size_t i = 0; i < BAR; i++)
		textline_put(line, "%c", i < filled ? '#' : i < all ? '.' : ' ');
}

static void put_parts(struct textline *line, const struct group *group)
{
	const char *comma = "(";

	for (int kind = 0; kind < SEGMENT_KINDS; kind++) {
		if (!group->size[kind])
			continue;
		textline_put(line, "%s%s %llu K", comma, segment_kind_name(kind),
			     (unsigned long long)(group->size[kind] + 1023) / 1024);
		comma = ", ";
	}
	textline_put(line, ")");
}

/* What is not RESIDENT although it takes up memory, or swap. */
static void put_elsewhere(struct textline *line, const struct residency *bytes)
{
	if (bytes->swapped) {
		textline_put(line, " (swapped out");
		textline_amount(line, bytes->swapped);
		textline_put(line, ")");
	}
	if (bytes->hugetlb) {
		textline_put(line, " (hugetlbfs");
		textline_amount(line, bytes->hugetlb);
		textline_put(line, ")");
	}
}

static void put_what(struct textline *line, const struct group *group)
{
	const struct segment *segment = &group->first->segment;
	char safe[SAFE];

	textline_put(line, " %s", fmt_safe(safe, sizeof(safe), segment->name));
	if (segment->tid)
		textline_put(line, "%sthread %u", segment->name[0] ? " " : "", segment->tid);
	if (group->n > 1) {
		textline_put(line, " ");
		put_parts(line, group);
	}
	put_elsewhere(line, &group->bytes);
}

/* Several mappings of a file that is no program's and no library's are no image. */
static const char *kind_of(const struct group *group)
{
	const struct segment *segment = &group->first->segment;

	return group->n > 1 && segment->image ? "image" : segment_kind_name(segment->kind);
}

static void write_group(struct view *view, const struct group *group)
{
	const struct segment *segment = &group->first->segment;
	struct textline line = { .len = 0 };
	char perms[5];

	segment_perms(segment, perms);
	textline_put(&line, "%012llx-%012llx %4s %s", (unsigned long long)group->start,
		     (unsigned long long)group->end, group->n > 1 ? "" : perms, kind_of(group));
	textline_pad(&line, BEFORE_SIZE);
	textline_size(&line, group->bytes.size);
	if (group->known) {
		textline_size(&line, group->bytes.resident);
		textline_size(&line, group->bytes.dirty);
	} else {
		textline_put(&line, " %11s %11s", "?", "?");
	}
	textline_put(&line, " ");
	put_bar(&line, group);
	put_what(&line, group);
	textline_write(&line, view->out);
}

void text_segments(struct view *view, const struct walk_segment *at, size_t n)
{
	struct textline line = { .len = 0 };
	size_t end = n;

	textline_write(&line, view->out);
	textline_put(&line, "%-25s %4s %-12s %11s %11s %11s %-*s", "SEGMENT, HIGHEST FIRST", "",
		     "KIND", "SIZE", "RESIDENT", "DIRTY", BAR + 1, " LOG SCALE");
	textline_write(&line, view->out);
	while (end > 0) {
		struct group group = { .n = 0 };
		size_t first = end - 1;

		while (first > 0 && !view->all && same_file(&at[first], &at[first - 1]))
			first--;
		for (size_t i = first; i < end; i++)
			add(&group, &at[i]);
		write_group(view, &group);
		end = first;
	}
}
