// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* drawingsvg.c - the address space as an SVG picture, the highest address on top. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "view/picture.h"
#include "view/textline.h"

/* Pixels. */
enum { SMALL = 11, LARGE = 15 };

/* Characters of a small monospaced font, 0.61 of its size each, that find room. */
enum {
	NAME_CHARS = 26, /* in a box, beside two sizes */
	LABEL_CHARS = (WIDTH - LABEL_X - MARGIN) * 100 / (SMALL * 61),
};

/* Who manages the memory: segments.def. */
static const struct {
	const char *layer, *colour, *resident, *meaning;
} layers[] = {
	{ "image", "#dfe8f4", "#b9cbe4", "program and libraries" },
	{ "malloc", "#fbeccb", "#f1cf86", "malloc" },
	{ "pymalloc", "#f9dcd0", "#eda98c", "pymalloc" },
	{ "mimalloc", "#f9dcd0", "#eda98c", "mimalloc" },
	{ "python", "#eadff2", "#cdb1e0", "Python's frames" },
	{ "stack", "#d9efda", "#a3d5a5", "stacks" },
	{ "loader", "#e3e6c9", "#c6cc94", "loader, first thread's TLS" },
	{ "mapping", "#eeeeee", "#cfcfcf", "other mappings" },
	{ "kernel", "#e4e4e4", "#bdbdbd", "kernel" },
	{ "none", "#ffffff", "#e0e0e0", "unknown" },
};

#define LAYERS (sizeof(layers) / sizeof(*layers))

static size_t layer_of(const struct segment *segment)
{
	const char *name = segment_kind_layer(segment->kind);
	size_t i = 0;

	while (i < LAYERS - 1 && strcmp(layers[i].layer, name))
		i++;
	return i;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Cut a text of UTF-8 to so many characters, the last three dots if need be. */
static void cut_text(char *text, size_t most)
{
	const char *end = text + strlen(text);
	char *at = text, *dots = text;
	size_t n, len;

	for (n = 0; at < end && n < most; n++, at += len) {
		if (n + 3 <= most)
			dots = at;
		len = fmt_utf8(at, end);
		len = len ? len : 1;
	}
	if (at < end && end - dots >= 3)
		strcpy(dots, "...");
}

static void name_group(const struct group *group, struct textline *line)
{
	const struct segment *segment = &group->first->segment;
	char name[200];

	if (group->folded) {
		textline_count(line, "", group->n, "segment");
		return;
	}
	if (picture_same_file(segment, segment)) {
		fmt_safe(name, sizeof(name), base_name(segment->name));
		cut_text(name, NAME_CHARS);
		textline_put(line, "%s", name);
	} else {
		textline_put(line, "%s", segment_kind_name(segment->kind));
	}
	if (segment->tid)
		textline_put(line, " of thread %u", segment->tid);
}

static void draw_group(const struct picture *picture, const struct group *group)
{
	const size_t layer = layer_of(&group->first->segment);
	const uint64_t most = group->resident < group->size ? group->resident : group->size;
	struct svg_box filled = group->box;
	char text[32];

	svg_rect(picture->out, &group->box, layers[layer].colour, "#888888");
	filled.width *= (double)most / (double)group->size;
	if (filled.width > 0)
		svg_rect(picture->out, &filled, layers[layer].resident, NULL);
	snprintf(text, sizeof(text), "%012" PRIx64, group->end);
	svg_text(picture->out, MARGIN, group->box.y + SMALL, SMALL, "#666666", text);
}

/* On top of the lines that cross the box. */
static void describe_group(const struct picture *picture, const struct group *group)
{
	struct textline line = { .len = 0 };

	name_group(group, &line);
	textline_put(&line, ",");
	textline_amount(&line, group->size);
	textline_put(&line, ",");
	textline_amount(&line, group->resident);
	textline_put(&line, " resident");
	line.text[line.len] = '\0';
	svg_text(picture->out, BOX_X + 6, group->box.y + SMALL + 1, SMALL, "#000000", line.text);
}

static const char *colour_of(const struct drawing_pin *pin)
{
	return pin->is_frame ? "#2e7d32" : "#b23c17";
}

static void draw_line(const struct picture *picture, const struct drawing_pin *pin)
{
	const double right = BOX_X + BOX_WIDTH;

	svg_line(picture->out, BOX_X, pin->y, right, pin->y, colour_of(pin));
	svg_line(picture->out, right, pin->y, LABEL_X - 4, pin->label_y - 4, colour_of(pin));
}

static void draw_label(const struct picture *picture, const struct drawing_pin *pin)
{
	char text[320];

	snprintf(text, sizeof(text), "0x%" PRIx64 " %s%s%s%s", pin->addr, pin->names,
		 pin->more ? ", ..." : "", pin->value[0] ? " = " : "", pin->value);
	cut_text(text, LABEL_CHARS);
	svg_text(picture->out, LABEL_X, pin->label_y, SMALL, colour_of(pin), text);
}

static void draw_legend(const struct picture *picture)
{
	struct svg_box box = { MARGIN, 30, 12, 12 };
	char text[256];

	for (size_t i = 0; i < LAYERS; i++) {
		svg_rect(picture->out, &box, layers[i].resident, "#888888");
		svg_text(picture->out, box.x + 16, box.y + 10, SMALL, "#000000", layers[i].meaning);
		box.x += 36 + (double)strlen(layers[i].meaning) * SMALL * 0.61;
	}
	snprintf(text, sizeof(text), "Highest address on top. Heights are on a log scale: %.0f "
		 "pixels more double the size. Within a box addresses are to scale. Darker: resident. "
		 "Green: frames; red: variables.",
		 picture->octave);
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
		draw_line(picture, &drawing->pins[i]);
	for (size_t i = 0; i < picture->n; i++)
		describe_group(picture, &picture->groups[i]);
	for (size_t i = 0; i < drawing->n_pins; i++)
		draw_label(picture, &drawing->pins[i]);
	if (drawing->hidden) {
		snprintf(title, sizeof(title), "frames and variables that are not drawn: %zu",
			 drawing->hidden);
		svg_text(picture->out, LABEL_X, picture->height - 4, SMALL, "#666666", title);
	}
	svg_end(picture->out);
}

int drawing_write(const struct drawing *drawing, const struct walk_head *head, struct out *out)
{
	struct picture picture = { .out = out };
	int err = drawing->error ? drawing->error : picture_lay_out(&picture, drawing);

	if (!err)
		draw(&picture, head);
	free(picture.groups);
	return err;
}
