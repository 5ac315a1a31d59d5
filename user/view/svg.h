/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * svg.h - a small writer of SVG 1.1: boxes, lines and text, one element a line.
 */
#ifndef MWBPF_VIEW_SVG_H
#define MWBPF_VIEW_SVG_H

#include "base/out.h"

#define SVG_TEXT 512

/* Pixels. */
struct svg_box {
	double x, y, width, height;
};

void svg_begin(struct out *out, double width, double height, const char *title);
void svg_end(struct out *out);

/* fill: a colour; edge: that of a line around it, NULL: none. */
void svg_rect(struct out *out, const struct svg_box *box, const char *fill, const char *edge);
void svg_line(struct out *out, double x1, double y1, double x2, double y2, const char *colour);

/* text: less than SVG_TEXT bytes of printable UTF-8. size in pixels. */
void svg_text(struct out *out, double x, double y, double size, const char *colour,
	      const char *text);

#endif
