/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pybody.h - where the items, entries or bytes of an object are that are no part of it.
 *
 * Layouts: Include/listobject.h, dictobject.h, setobject.h, bytearrayobject.h, unicodeobject.h
 * (from 3.9 in Include/cpython), Modules/arraymodule.c, Modules/mmapmodule.c (3.6 to 3.15);
 * numpy/ndarraytypes.h (1.7 to 2.x).
 */
#ifndef MWBPF_CPYTHON_PYBODY_H
#define MWBPF_CPYTHON_PYBODY_H

#include "cpython/pytype.h"

/* Their address; 0: it has none, or all of it is in one piece. */
uint64_t pybody_of(struct cpython *cpython, const struct pyobj *obj);

#endif
