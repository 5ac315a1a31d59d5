// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* drawinglayout.c - what stands where in the picture of the address space. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view/picture.h"

bool picture_same_file(const struct segment *a, const struct segment *b)
{
	return a->name[0] == '/' && !strcmp(a->name, b->name) &&
	       !strcmp(segment_kind_layer(a->kind), segment_kind_layer(b->kind));
}

/* On a log scale: to scale no two segments of a process could be seen at once. */
static double height_of(const struct picture *picture, uint64_t bytes)
{
	double height = BOX_LEAST;

	for (uint64_t at = 4096; at < bytes && at < 1ull << 62; at *= 2)
		height += picture->octave;
	return height;
}

static void make_groups(struct picture *picture)
{
	const struct drawing *drawing = picture->drawing;

	for (size_t i = drawing->n_segments; i-- > 0;) {
		const struct walk_segment *at = &drawing->segments[i];
		struct group *group = &picture->groups[picture->n];

		if (picture->n && picture_same_file(&group[-1].first->segment, &at->segment))
			group--;
		else
			picture->groups[picture->n++] =
				(struct group){ .first = at, .end = at->segment.end };
		group->start = at->segment.start;
		group->size += at->segment.end - at->segment.start;
		group->resident += at->bytes.resident;
		group->n++;
	}
}

/* The group that holds an address; NULL: none. */
static struct group *group_at(const struct picture *picture, uint64_t addr)
{
	size_t low = 0, high = picture->n; /* the first that begins at or below it */

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (picture->groups[middle].start > addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < picture->n && addr < picture->groups[low].end ? &picture->groups[low] : NULL;
}

/* What is shown by itself in any case: where something is, the heap and the main stack. */
static void pin_groups(struct picture *picture)
{
	const struct drawing *drawing = picture->drawing;

	for (size_t i = 0; i < drawing->n_pins; i++) {
		struct group *group = group_at(picture, drawing->pins[i].addr);

		if (group)
			group->pinned = true;
	}
	for (size_t i = 0; i < picture->n; i++) {
		const unsigned kind = picture->groups[i].first->segment.kind;

		picture->groups[i].pinned |= kind == SEGMENT_HEAP || kind == SEGMENT_STACK;
	}
}

static bool same_layer(const struct group *a, const struct group *b)
{
	return !strcmp(segment_kind_layer(a->first->segment.kind),
		       segment_kind_layer(b->first->segment.kind));
}

/* All others are one with the next, of any layer or of the same. */
static void fold_groups(struct picture *picture, bool any)
{
	size_t n = 0;

	for (size_t i = 0; i < picture->n; i++) {
		const struct group *group = &picture->groups[i];
		struct group *above = n ? &picture->groups[n - 1] : NULL;

		if (!above || above->pinned || group->pinned || !(any || same_layer(above, group))) {
			picture->groups[n++] = *group;
			continue;
		}
		above->folded = true;
		above->start = group->start;
		above->size += group->size;
		above->resident += group->resident;
		above->n += group->n;
	}
	picture->n = n;
}

/* Of more groups than can be looked at, some are one. */
static void limit_groups(struct picture *picture)
{
	if (picture->n <= GROUPS_MOST)
		return;
	pin_groups(picture);
	fold_groups(picture, false);
	if (picture->n > GROUPS_MOST)
		fold_groups(picture, true);
}

static void stack_boxes(struct picture *picture)
{
	double y = HEAD;

	for (size_t i = 0; i < picture->n; i++) {
		struct group *group = &picture->groups[i];

		if (i && group[-1].start != group->end)
			y += GAP;
		group->box = (struct svg_box){ BOX_X, y, BOX_WIDTH,
					       height_of(picture, group->size) };
		y += group->box.height;
	}
	picture->height = y + MARGIN;
}

static int from_the_top(const void *a, const void *b)
{
	const struct drawing_pin *x = a, *y = b;

	return x->addr > y->addr ? -1 : x->addr < y->addr;
}

/* Within its box an address is to scale. Pins in no box go; returns how many are left. */
static size_t place_pins(const struct picture *picture, struct drawing_pin *pins, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct group *group = group_at(picture, pins[i].addr);

		if (!group)
			continue;
		pins[kept] = pins[i];
		pins[kept++].y = group->box.y + group->box.height *
						(double)(group->end - pins[i].addr) /
						(double)(group->end - group->start);
	}
	return kept;
}

/* Labels that touch. */
struct run {
	double sum; /* of where the first one would have to be for each to be at its address */
	size_t n;
};

static double mean(const struct run *run)
{
	return run->sum / (double)run->n;
}

/*
 * Labels keep their order and have room, and are otherwise as near to their addresses as can
 * be: the least squares of the distances, by pool adjacent violators (Ayer et al. 1955).
 */
static int spread_labels(struct drawing_pin *pins, size_t n)
{
	struct run *runs = calloc(n + 1, sizeof(*runs));
	size_t n_runs = 0, at = 0;

	if (!runs)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		runs[n_runs++] = (struct run){ pins[i].y - (double)i * LABEL_HEIGHT, 1 };
		while (n_runs > 1 && mean(&runs[n_runs - 2]) > mean(&runs[n_runs - 1])) {
			n_runs--;
			runs[n_runs - 1].sum += runs[n_runs].sum;
			runs[n_runs - 1].n += runs[n_runs].n;
		}
	}
	for (size_t i = 0; i < n_runs; i++)
		for (size_t end = at + runs[i].n; at < end; at++) {
			const double first = mean(&runs[i]) > HEAD ? mean(&runs[i]) : HEAD;

			pins[at].label_y = first + (double)at * LABEL_HEIGHT;
		}
	free(runs);
	return 0;
}

static int lay_out_pins(struct picture *picture)
{
	struct drawing *drawing = (struct drawing *)picture->drawing;
	double lowest;
	int err;

	if (!drawing->n_pins)
		return 0;
	qsort(drawing->pins, drawing->n_pins, sizeof(*drawing->pins), from_the_top);
	drawing->n_pins = place_pins(picture, drawing->pins, drawing->n_pins);
	err = spread_labels(drawing->pins, drawing->n_pins);
	if (err || !drawing->n_pins)
		return err;
	lowest = drawing->pins[drawing->n_pins - 1].label_y + MARGIN;
	if (lowest > picture->height)
		picture->height = lowest;
	return 0;
}

int picture_lay_out(struct picture *picture, const struct drawing *drawing)
{
	picture->drawing = drawing;
	picture->octave = OCTAVE;
	picture->groups = calloc(drawing->n_segments + 1, sizeof(*picture->groups));
	if (!picture->groups)
		return -ENOMEM;
	make_groups(picture);
	limit_groups(picture);
	stack_boxes(picture);
	while (picture->height > HEIGHT_MOST && picture->octave >= 1) {
		picture->octave--;
		stack_boxes(picture);
	}
	return lay_out_pins(picture);
}
