// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* segment.c - the segments of one address space, in address order, without overlap. */
#include "place/segment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/grow.h"

static const struct {
	const char *name;
	const char *layer;
} kinds[SEGMENT_KINDS] = {
#define SEGMENT(id, json, layer) [SEGMENT_##id] = { json, layer },
#include "place/segments.def"
#undef SEGMENT
};

const char *segment_kind_name(unsigned kind)
{
	return kinds[kind < SEGMENT_KINDS ? kind : SEGMENT_UNKNOWN].name;
}

const char *segment_kind_layer(unsigned kind)
{
	return kinds[kind < SEGMENT_KINDS ? kind : SEGMENT_UNKNOWN].layer;
}

void segment_perms(const struct segment *segment, char perms[5])
{
	perms[0] = segment->prot & PROT_READ ? 'r' : '-';
	perms[1] = segment->prot & PROT_WRITE ? 'w' : '-';
	perms[2] = segment->prot & PROT_EXEC ? 'x' : '-';
	perms[3] = segment->shared ? 's' : 'p';
	perms[4] = '\0';
}

int segment_kind_from_name(const char *name)
{
	for (int kind = 0; kind < SEGMENT_KINDS; kind++)
		if (!strcmp(kinds[kind].name, name))
			return kind;
	return -1;
}

void segments_init(struct segments *segments, uint32_t *next_id)
{
	*segments = (struct segments){ .next_id = next_id };
}

void segments_clear(struct segments *segments)
{
	free(segments->at);
	free(segments->changes);
	*segments = (struct segments){ .next_id = segments->next_id };
}

/* Room for one more element; false without memory. */
static bool make_room(struct segments *s, void **at, size_t n, size_t *cap, size_t size)
{
	void *more = grow(*at, n, cap, size);

	if (more)
		*at = more;
	else
		s->error = -ENOMEM;
	return more;
}

static void note(struct segments *s, const struct segment *segment, enum segment_what what)
{
	s->generation++;
	if (make_room(s, (void **)&s->changes, s->n_changes, &s->cap_changes,
		      sizeof(*s->changes)))
		s->changes[s->n_changes++] = (struct segment_change){ *segment, what };
}

static void insert(struct segments *s, size_t index, const struct segment *segment)
{
	if (!make_room(s, (void **)&s->at, s->n, &s->cap, sizeof(*s->at)))
		return;
	memmove(&s->at[index + 1], &s->at[index], (s->n - index) * sizeof(*s->at));
	s->at[index] = *segment;
	s->at[index].id = ++*s->next_id;
	s->n++;
	note(s, &s->at[index], SEGMENT_NEW);
}

static void remove_at(struct segments *s, size_t index)
{
	note(s, &s->at[index], SEGMENT_GONE);
	memmove(&s->at[index], &s->at[index + 1], (s->n - index - 1) * sizeof(*s->at));
	s->n--;
}

const struct segment *segments_from(const struct segments *s, uint64_t addr, size_t *index)
{
	size_t lo = 0, hi = s->n; /* the first segment ending after addr is in [lo, hi] */

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->at[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	*index = lo;
	return lo < s->n ? &s->at[lo] : NULL;
}

const struct segment *segments_find(struct segments *s, uint64_t addr)
{
	const struct segment *found;

	if (s->last < s->n && s->at[s->last].start <= addr && addr < s->at[s->last].end)
		return &s->at[s->last];
	found = segments_from(s, addr, &s->last);
	return found && found->start <= addr ? found : NULL;
}

/* Make addr a border: the segment around it becomes two, the right one new. */
static void split_at(struct segments *s, uint64_t addr)
{
	struct segment right;
	size_t index;

	if (!segments_from(s, addr, &index) || s->at[index].start >= addr)
		return;
	right = s->at[index];
	right.start = addr;
	s->at[index].end = addr;
	note(s, &s->at[index], SEGMENT_CHANGED);
	insert(s, index + 1, &right);
}

void segments_cut(struct segments *s, uint64_t start, uint64_t end, uint64_t before_ns)
{
	size_t index;

	segments_from(s, start, &index);
	while (index < s->n && s->at[index].start < end) {
		struct segment *at = &s->at[index];

		if (at->born_ns >= before_ns && at->born_ns) {
			index++;
		} else if (at->start < start) {
			struct segment right = *at;

			at->end = start;
			note(s, at, SEGMENT_CHANGED);
			if (right.end > end) {
				right.start = end;
				insert(s, index + 1, &right);
			}
			index++;
		} else if (at->end > end) {
			at->start = end;
			note(s, at, SEGMENT_CHANGED);
		} else {
			remove_at(s, index);
		}
	}
}

void segments_add(struct segments *s, const struct segment *segment)
{
	size_t index;

	segments_cut(s, segment->start, segment->end, UINT64_MAX);
	segments_from(s, segment->start, &index);
	insert(s, index, segment);
}

static bool edit_one(struct segment *segment, const struct segment_edit *edit)
{
	struct segment before = *segment;

	if (edit->prot >= 0)
		segment->prot = edit->prot;
	if (edit->name)
		segment->name = edit->name;
	if (edit->kind >= 0) {
		segment->kind = edit->kind;
		segment->tid = edit->tid;
	}
	return before.prot != segment->prot || before.name != segment->name ||
	       before.kind != segment->kind || before.tid != segment->tid;
}

void segments_edit(struct segments *s, uint64_t start, uint64_t end,
		   const struct segment_edit *edit)
{
	struct segment trial;
	size_t index;

	segments_from(s, start, &index);
	while (index < s->n && s->at[index].start < end) {
		trial = s->at[index];
		if (!edit_one(&trial, edit)) {
			index++;
			continue;
		}
		if (trial.start < start) {
			split_at(s, start);
			index++;
		}
		if (index < s->n && s->at[index].end > end)
			split_at(s, end);
		if (index >= s->n)
			return;
		edit_one(&s->at[index], edit);
		note(s, &s->at[index], SEGMENT_CHANGED);
		index++;
	}
}

void segments_resize(struct segments *s, const struct segment *segment, uint64_t start,
		     uint64_t end)
{
	struct segment *at = &s->at[segment - s->at];

	if (at->start == start && at->end == end)
		return;
	at->start = start;
	at->end = end;
	note(s, at, SEGMENT_CHANGED);
}

void segments_settle(struct segments *s)
{
	s->n_changes = 0;
}
