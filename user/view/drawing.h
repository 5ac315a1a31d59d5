/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * drawing.h - a walk as a picture: the address space from top to bottom, and in it frames
 * and variables where they are.
 */
#ifndef MWBPF_VIEW_DRAWING_H
#define MWBPF_VIEW_DRAWING_H

#include "view/walkview.h"

#define DRAWING_PINS 400 /* frames and objects shown; of more the first */

struct drawing_pin;

/* A zeroed struct is an empty one, which nobody wants: what is told to it is not kept. */
struct drawing {
	bool wanted;
	struct walk_segment *segments;
	size_t n_segments;
	struct drawing_pin *pins;
	size_t n_pins;
	size_t hidden;	  /* pins beyond DRAWING_PINS */
	struct hash by_addr; /* address of an object -> index of its pin + 1 */
	int error;	  /* -ENOMEM once something could not be kept */
};

/* What a walk tells its view. */
void drawing_segments(struct drawing *drawing, const struct walk_segment *at, size_t n);
void drawing_frame(struct drawing *drawing, const struct walk_frame *frame);
void drawing_variable(struct drawing *drawing, const struct walk_var *var);

/* Draw it all as SVG. 0, or drawing->error. */
int drawing_write(const struct drawing *drawing, const struct walk_head *head, struct out *out);
void drawing_clear(struct drawing *drawing);

#endif
