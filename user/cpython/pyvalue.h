/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyvalue.h - what an object is worth, in few words: as repr() for numbers and texts, how
 * many items for containers, the name for functions, types and modules.
 */
#ifndef MWBPF_CPYTHON_PYVALUE_H
#define MWBPF_CPYTHON_PYVALUE_H

#include "cpython/pytype.h"

#define PYVALUE_TEXT 96 /* bytes with the NUL */

/*
 * Put the value of an object into words, as repr() does where that is possible: UTF-8 that
 * a terminal can be shown; what does not fit ends in "...". text[0] is NUL when there is
 * nothing to say, or what was there changed while it was read.
 */
void pyvalue_text(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT]);

/* A float as repr() writes it: a pure function. */
void pyvalue_double(double value, char text[PYVALUE_TEXT]);

#endif
