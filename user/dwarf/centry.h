/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * centry.h - the values that a function was called with, as the call in its caller says.
 */
#ifndef MWBPF_CENTRY_H
#define MWBPF_CENTRY_H

#include "dwarf/cframes.h"

/* What a frame has to do with values that functions are called with. */
struct centry {
	const char *name; /* of its function, as the linker knows it; "": not known */
	uint64_t start;	  /* address of it; 0: not known */
	bool loops;	  /* jumps may have led to it, with other values than the call's */
	bool asks;	  /* its variables are found by those it was called with */
	bool passes;	  /* those of what it calls are made of those it was called with */
};

/* Of the frame at hand. The name is good until the next frame. */
struct centry centry_of(const struct cframes *frames);

/*
 * What a function was called with whose caller is the frame at hand: as far as the call there
 * says so. It must be a call of this function.
 */
struct centry_values centry_read(const struct cframes *caller, const struct centry *callee);

#endif
