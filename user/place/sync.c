// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * sync.c - an address space compared with /proc/PID/maps.
 *
 * The map is read later than the event at hand happened, so no more of it is taken than
 * is needed: all of it at the beginning and after a loss, else only the range in doubt.
 */
#include "place/space.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "place/glibc.h"

/* Whether the thread arena's reserve follows: one heap is [rw part][--- rest] of 64 MiB. */
static bool is_reserve(const struct space *space, const struct mapping *m)
{
	size_t index;
	const struct segment *before = segments_from(&space->segments, m->start - 1, &index);

	return !m->prot && before && before->end == m->start && before->kind == SEGMENT_ARENA;
}

/* Carve blocks with mappings of their own out of an anonymous segment. */
static void add_anonymous(struct space *space, struct segment segment)
{
	uint64_t at = segment.start, end = segment.end, chunk, chunk_end;

	segments_add(&space->segments, &segment);
	segment.kind = SEGMENT_MMAP_CHUNK;
	while (glibc_next_chunk(space->pid, at, end, &chunk, &chunk_end)) {
		segment.start = chunk;
		segment.end = at = chunk_end;
		segments_add(&space->segments, &segment);
	}
}

/* Add the part [start, end) of a mapping, classified. */
static void add_part(struct space *space, const struct mapping *m, uint64_t start, uint64_t end)
{
	struct segment parts[CLASSIFY_MAX];
	struct mapping part = *m;
	size_t n;

	part.file_off += m->inode ? start - m->start : 0;
	part.start = start;
	part.end = end;
	n = classify(&space->classify, &part, parts);
	for (size_t i = 0; i < n; i++) {
		struct segment *segment = &parts[i];

		if (segment->kind != SEGMENT_ANON || segment->name[0]) {
			segments_add(&space->segments, segment);
		} else if (is_reserve(space, m) ||
			   (m->prot & PROT_WRITE &&
			    glibc_is_arena(space->pid, segment->start, segment->end))) {
			segment->kind = SEGMENT_ARENA;
			segments_add(&space->segments, segment);
		} else if (m->prot & PROT_WRITE) {
			add_anonymous(space, *segment);
		} else {
			segments_add(&space->segments, segment);
		}
	}
}

/* Whether what is known of a range can be what the kernel calls by this name. */
static bool same_thing(const struct segment *known, const struct mapping *m)
{
	if (known->image && (known->image->inode != m->inode || known->image->dev != m->dev) &&
	    m->inode)
		return false;
	if (m->name[0] == '/')
		return !strcmp(known->name, m->name) || !known->name[0];
	if (!strcmp(m->name, "[heap]") || !strcmp(m->name, "[stack]"))
		return known->kind == SEGMENT_HEAP || known->kind == SEGMENT_STACK;
	return known->kind != SEGMENT_TEXT && known->kind != SEGMENT_RODATA &&
	       known->kind != SEGMENT_FILE;
}

/* Fill the hole [start, end) of what is known. A stack that has grown is still one. */
static void fill_hole(struct space *space, const struct mapping *m, uint64_t start, uint64_t end)
{
	const struct segment *above = segments_find(&space->segments, end);

	if (above && above->kind == SEGMENT_STACK && !strcmp(m->name, "[stack]"))
		segments_resize(&space->segments, above, start, above->end);
	else
		add_part(space, m, start, end);
}

/* Make [start, end) what the mapping, which covers it, says. */
static void sync_range(struct space *space, const struct mapping *m, uint64_t start, uint64_t end)
{
	const struct segment_edit prot = { .prot = m->prot, .kind = -1 };
	uint64_t at = start;

	while (at < end) {
		size_t index;
		const struct segment *known = segments_from(&space->segments, at, &index);
		uint64_t next = known && known->start < end ? known->start : end;

		if (next > at) {
			fill_hole(space, m, at, next);
			at = next;
		} else if (!same_thing(known, m)) {
			segments_cut(&space->segments, at, end, UINT64_MAX);
		} else {
			at = known->end < end ? known->end : end;
		}
	}
	segments_edit(&space->segments, start, end, &prot);
}

int space_sync(struct space *space, uint64_t now_ns)
{
	return space_sync_range(space, 0, UINT64_MAX, now_ns);
}

int space_sync_range(struct space *space, uint64_t start, uint64_t end, uint64_t now_ns)
{
	struct maps maps;
	uint64_t at = start;
	int err = maps_read(space->pid, &maps);

	space->synced_ns = now_ns;
	if (err)
		return err;
	for (size_t i = 0; i < maps.n && maps.at[i].start < end; i++) {
		const struct mapping *m = &maps.at[i];
		uint64_t to = m->end < end ? m->end : end;

		if (m->end <= start)
			continue;
		if (m->start > at) {
			segments_cut(&space->segments, at, m->start, UINT64_MAX);
			at = m->start;
		}
		sync_range(space, m, at, to);
		at = to;
	}
	if (at < end)
		segments_cut(&space->segments, at, end, UINT64_MAX);
	maps_clear(&maps);
	return space->segments.error;
}

int space_look(struct space *space, uint64_t addr, uint64_t now_ns)
{
	const struct segment *above;
	const struct mapping *m;
	uint64_t start, end;
	struct maps maps;
	size_t index;
	int err = maps_read(space->pid, &maps);

	space->synced_ns = now_ns;
	if (err)
		return err;
	m = maps_find(&maps, addr);
	above = segments_from(&space->segments, addr, &index);
	if (m && !(above && above->start <= addr)) {
		start = m->start;
		end = above && above->start < m->end ? above->start : m->end;
		if (index && space->segments.at[index - 1].end > start)
			start = space->segments.at[index - 1].end;
		fill_hole(space, m, start, end);
	}
	maps_clear(&maps);
	return space->segments.error;
}
