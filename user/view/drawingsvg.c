// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* drawingsvg.c - the address space as an SVG picture, the highest address on top. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "view/pins.h"
#include "view/svg.h"
#include "view/textline.h"

/* Pixels. */
enum {
	MARGIN = 20,
	HEAD = 70,	  /* title and legend */
	BOX_X = 150,	  /* addresses are left of it */
	BOX_WIDTH = 330,
	BOX_LEAST = 15,
	OCTAVE = 6,	  /* for each doubling of the size above a page */
	GAP = 16,	  /* between what is not side by side */
	LABEL_X = 560,
	LABEL_HEIGHT = 13,
	WIDTH = 1250,
	SMALL = 11,
	LARGE = 15,
};

/* Who manages the memory: segments.def. */
static const struct {
	const char *layer, *colour, *resident;
} layers[] = {
	{ "image", "#dfe8f4", "#b9cbe4" },    { "malloc", "#fbeccb", "#f1cf86" },
	{ "pymalloc", "#f9dcd0", "#eda98c" }, { "mimalloc", "#f9dcd0", "#eda98c" },
	{ "python", "#eadff2", "#cdb1e0" },   { "stack", "#d9efda", "#a3d5a5" },
	{ "mapping", "#eeeeee", "#cfcfcf" },  { "kernel", "#e4e4e4", "#bdbdbd" },
	{ "none", "#ffffff", "#e0e0e0" },
};

#define LAYERS (sizeof(layers) / sizeof(*layers))

/* Neighbours that are drawn as one: all of a file, or one segment. */
struct group {
	const struct segment *first;
	uint64_t start, end, resident;
	struct svg_box box;
};

struct picture {
	const struct drawing *drawing;
	struct group *groups; /* the highest first */
	size_t n;
	double height;
	struct out *out;
};

static size_t layer_of(const struct segment *segment)
{
	const char *name = segment_kind_layer(segment->kind);
	size_t i = 0;

	while (i < LAYERS - 1 && strcmp(layers[i].layer, name))
		i++;
	return i;
}

static bool same_file(const struct segment *a, const struct segment *b)
{
	return a->name[0] == '/' && !strcmp(a->name, b->name) &&
	       layer_of(a) == layer_of(b);
}

/* On a log scale: to scale no two segments of a process could be seen at once. */
static double height_of(uint64_t bytes)
{
	double height = BOX_LEAST;

	for (uint64_t at = 4096; at < bytes && at < 1ull << 62; at *= 2)
		height += OCTAVE;
	return height;
}

static void lay_out_groups(struct picture *picture)
{
	const struct drawing *drawing = picture->drawing;
	double y = HEAD;
	size_t i = drawing->n_segments;

	while (i-- > 0) {
		const struct walk_segment *at = &drawing->segments[i];
		struct group *group = &picture->groups[picture->n];

		if (picture->n && same_file(group[-1].first, &at->segment)) {
			group = &picture->groups[picture->n - 1];
		} else {
			*group = (struct group){ .first = &at->segment, .end = at->segment.end };
			picture->n++;
		}
		group->start = at->segment.start;
		group->resident += at->bytes.resident;
	}
	for (i = 0; i < picture->n; i++) {
		struct group *group = &picture->groups[i];

		if (i && picture->groups[i - 1].start != group->end)
			y += GAP;
		group->box = (struct svg_box){ BOX_X, y, BOX_WIDTH,
					       height_of(group->end - group->start) };
		y += group->box.height;
	}
	picture->height = y + MARGIN;
}

/* Within its box an address is to scale. */
static bool place_pin(const struct picture *picture, struct drawing_pin *pin)
{
	for (size_t i = 0; i < picture->n; i++) {
		const struct group *group = &picture->groups[i];

		if (pin->addr < group->start || pin->addr >= group->end)
			continue;
		pin->y = group->box.y + group->box.height * (double)(group->end - pin->addr) /
						(double)(group->end - group->start);
		return true;
	}
	return false;
}

static int from_the_top(const void *a, const void *b)
{
	const struct drawing_pin *x = a, *y = b;

	return x->addr > y->addr ? -1 : x->addr < y->addr;
}

/* Labels are as near to their addresses as the one above leaves room for. */
static void lay_out_pins(struct picture *picture)
{
	struct drawing *drawing = (struct drawing *)picture->drawing;
	double y = HEAD;

	if (drawing->n_pins)
		qsort(drawing->pins, drawing->n_pins, sizeof(*drawing->pins), from_the_top);
	for (size_t i = 0; i < drawing->n_pins; i++) {
		struct drawing_pin *pin = &drawing->pins[i];

		if (!place_pin(picture, pin))
			continue;
		pin->label_y = pin->y > y ? pin->y : y;
		y = pin->label_y + LABEL_HEIGHT;
	}
	if (y + MARGIN > picture->height)
		picture->height = y + MARGIN;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void draw_group(const struct picture *picture, const struct group *group)
{
	const size_t layer = layer_of(group->first);
	const uint64_t size = group->end - group->start;
	struct textline line = { .len = 0 };
	struct svg_box filled = group->box;
	char text[32], name[200];

	svg_rect(picture->out, &group->box, layers[layer].colour, "#888888");
	filled.width *= (double)(group->resident < size ? group->resident : size) / (double)size;
	if (filled.width > 0)
		svg_rect(picture->out, &filled, layers[layer].resident, NULL);
	snprintf(text, sizeof(text), "%012" PRIx64, group->end);
	svg_text(picture->out, MARGIN, group->box.y + SMALL, SMALL, "#666666", text);
	textline_put(&line, "%s", same_file(group->first, group->first) ?
				  fmt_safe(name, sizeof(name), base_name(group->first->name)) :
				  segment_kind_name(group->first->kind));
	if (group->first->tid)
		textline_put(&line, " of thread %u", group->first->tid);
	textline_amount(&line, size);
	textline_put(&line, ",");
	textline_amount(&line, group->resident);
	textline_put(&line, " resident");
	line.text[line.len] = '\0';
	svg_text(picture->out, BOX_X + 6, group->box.y + SMALL + 1, SMALL, "#000000", line.text);
}

static void draw_pin(const struct picture *picture, const struct drawing_pin *pin)
{
	const char *colour = pin->is_frame ? "#2e7d32" : "#b23c17";
	const double right = BOX_X + BOX_WIDTH;
	char text[320];

	snprintf(text, sizeof(text), "0x%" PRIx64 " %s%s%s%s", pin->addr, pin->names,
		 pin->more ? ", ..." : "", pin->value[0] ? " = " : "", pin->value);
	svg_line(picture->out, BOX_X, pin->y, right, pin->y, colour);
	svg_line(picture->out, right, pin->y, LABEL_X - 4, pin->label_y - 4, colour);
	svg_text(picture->out, LABEL_X, pin->label_y, SMALL, colour, text);
}

static void draw_legend(const struct picture *picture)
{
	struct svg_box box = { MARGIN, 30, 12, 12 };
	char text[160];

	for (size_t i = 0; i < LAYERS; i++, box.x += 90) {
		svg_rect(picture->out, &box, layers[i].resident, "#888888");
		svg_text(picture->out, box.x + 16, box.y + 10, SMALL, "#000000", layers[i].layer);
	}
	snprintf(text, sizeof(text), "Highest address on top. Heights on a log scale: %d pixels "
		 "more double the size; in a box addresses are to scale; filled: resident.",
		 OCTAVE);
	svg_text(picture->out, MARGIN, 60, SMALL, "#666666", text);
}

static void draw(const struct picture *picture, const struct walk_head *head)
{
	const struct drawing *drawing = picture->drawing;
	char title[256], exe[200];

	snprintf(title, sizeof(title), "Memory of process %d, %s", (int)head->pid,
		 fmt_safe(exe, sizeof(exe), head->exe));
	svg_begin(picture->out, WIDTH, picture->height, title);
	svg_text(picture->out, MARGIN, 20, LARGE, "#000000", title);
	draw_legend(picture);
	for (size_t i = 0; i < picture->n; i++)
		draw_group(picture, &picture->groups[i]);
	for (size_t i = 0; i < drawing->n_pins; i++)
		if (drawing->pins[i].label_y > 0)
			draw_pin(picture, &drawing->pins[i]);
	if (drawing->hidden) {
		snprintf(title, sizeof(title), "%zu more frames and variables are not drawn",
			 drawing->hidden);
		svg_text(picture->out, LABEL_X, picture->height - 4, SMALL, "#666666", title);
	}
	svg_end(picture->out);
}

int drawing_write(const struct drawing *drawing, const struct walk_head *head, struct out *out)
{
	struct picture picture = { .drawing = drawing, .out = out };

	if (drawing->error)
		return drawing->error;
	picture.groups = calloc(drawing->n_segments + 1, sizeof(*picture.groups));
	if (!picture.groups)
		return -ENOMEM;
	lay_out_groups(&picture);
	lay_out_pins(&picture);
	draw(&picture, head);
	free(picture.groups);
	return 0;
}
