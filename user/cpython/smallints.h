/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * smallints.h - the ints an interpreter makes once and for all.
 *
 * Objects/longobject.c: an array of objects (3.6 to 3.8), of pointers to them in the state of
 * each interpreter (3.9, 3.10), an array of objects in _PyRuntime (3.11 to 3.15).
 */
#ifndef MWBPF_CPYTHON_SMALLINTS_H
#define MWBPF_CPYTHON_SMALLINTS_H

#include "cpython/cpython.h"

#define SMALLINTS_FIRST (-5)

struct smallints {
	uint64_t table;	 /* address of the array */
	bool pointers;	 /* its items are addresses of the objects */
	uint32_t n;	 /* from -5 on: 262, from 3.15 1030 */
	uint64_t lowest; /* address of the object that is first in memory */
	uint64_t end;	 /* behind the one that is last */
	uint64_t bytes;	 /* of the objects, and the table of pointers */
};

/* Those of the main interpreter, each of which has its value. False: they were not found. */
bool smallints_find(struct cpython *cpython, struct segments *segments, struct smallints *ints);

#endif
