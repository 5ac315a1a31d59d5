/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyenum.h - internal to values: members of enumerations.
 */
#ifndef MWBPF_CPYTHON_PYENUM_H
#define MWBPF_CPYTHON_PYENUM_H

#include "cpython/pyvalue.h"

/* Whether instances of a type are members of an enumeration. */
bool pyenum_is(struct cpython *cpython, const struct pytype *type);

/* Name and value of one, as its repr() has them; text[0] is NUL when they are not known. */
void pyenum_text(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT]);

#endif
