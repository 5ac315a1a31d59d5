/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * picture.h - internal to the drawing: what stands where in the picture.
 */
#ifndef MWBPF_VIEW_PICTURE_H
#define MWBPF_VIEW_PICTURE_H

#include "view/pins.h"
#include "view/svg.h"

/* Pixels. */
enum {
	MARGIN = 20,
	HEAD = 76,	  /* title and legend */
	BOX_X = 136,	  /* addresses are left of it */
	BOX_WIDTH = 380,
	BOX_LEAST = 15,
	OCTAVE = 6,	  /* for each doubling of the size above a page */
	GAP = 16,	  /* between what is not side by side */
	LABEL_X = 586,
	LABEL_HEIGHT = 13,
	WIDTH = 1310,
	HEIGHT_MOST = 20000, /* cairo, which makes a PNG of it, draws 32767 */
	GROUPS_MOST = 300,
};

/* Neighbours that are drawn as one: all of a file, one segment, or many where there are too many. */
struct group {
	const struct walk_segment *first; /* the highest */
	uint64_t start, end;
	uint64_t size, resident; /* bytes of its segments */
	size_t n; /* segments */
	bool folded; /* they are of different kinds or files */
	bool pinned; /* it is not to be folded */
	struct svg_box box;
};

struct picture {
	const struct drawing *drawing;
	struct group *groups; /* the highest first */
	size_t n;
	double octave; /* pixels, OCTAVE or less */
	double height;
	struct out *out;
};

/* Lay out the drawing: the groups are the caller's to free. 0 or -ENOMEM. */
int picture_lay_out(struct picture *picture, const struct drawing *drawing);

/* Whether segments are parts of one file that the same layer manages. */
bool picture_same_file(const struct segment *a, const struct segment *b);

#endif
