/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * textline.h - internal to the views for people: a line that is put together, then written.
 */
#ifndef MWBPF_VIEW_TEXTLINE_H
#define MWBPF_VIEW_TEXTLINE_H

#include "view/walkview.h"

#define TEXTLINE_MAX 4096

struct textline {
	char text[TEXTLINE_MAX]; /* what does not fit is cut */
	size_t len;
};

void textline_put(struct textline *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Blanks up to a column, if the line has not reached it. */
void textline_pad(struct textline *line, size_t column);

/* Write the line and begin a new one. */
void textline_write(struct textline *line, struct out *out);

/* How many: "1 frame", "2 frames", behind `before`. */
void textline_count(struct textline *line, const char *before, uint64_t n, const char *what);

/* A size, "12.5 MiB": in a column of 11, or behind one blank. */
void textline_size(struct textline *line, uint64_t bytes);
void textline_amount(struct textline *line, uint64_t bytes);

/* "segment+0x10"; returns buf. */
#define PLACE_TEXT 64
const char *textline_place(char buf[PLACE_TEXT], const struct walk_place *place);

/* Segments, the highest address first: walksegments.c. */
void text_segments(struct view *view, const struct walk_segment *at, size_t n);

/* Layers and allocators: walklayers.c. */
void text_layers(struct view *view, const struct walk_layer *at, size_t n,
		 const struct residency *all);
void text_statics(struct view *view, const struct walk_statics *statics);
void text_small_ints(struct view *view, const struct walk_small_ints *ints);
void text_pymalloc(struct view *view, const struct pymalloc *pymalloc,
		   const struct walk_arena *arenas);
void text_mimalloc(struct view *view, const struct mimalloc *mimalloc);
void text_census(struct view *view, const struct census *census, size_t top);

#endif
