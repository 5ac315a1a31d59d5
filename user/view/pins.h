/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pins.h - internal to the drawing: what is pinned to an address.
 */
#ifndef MWBPF_VIEW_PINS_H
#define MWBPF_VIEW_PINS_H

#include "view/drawing.h"

struct drawing_pin {
	uint64_t addr;
	bool is_frame;
	bool more; /* names than there is room for */
	char names[64], value[160];
	double y, label_y; /* where the address is, and where its label has room */
};

/* Room for another one; NULL when there are enough, or without memory, or nobody wants it. */
struct drawing_pin *drawing_add_pin(struct drawing *drawing, const struct walk_place *place);

#endif
