/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * census.h - how many objects of each type are alive, and how many bytes they have.
 *
 * Objects in blocks of pymalloc and of glibc's heap. Where that heap cannot be read, those
 * too large for pymalloc that the garbage collector knows: long str, bytes and int objects
 * are then missing. What is part of the interpreter's file is not in it.
 */
#ifndef MWBPF_CPYTHON_CENSUS_H
#define MWBPF_CPYTHON_CENSUS_H

#include "cpython/pygc.h"
#include "cpython/pymalloc.h"
#include "cpython/pytype.h"

struct census_row {
	const char *name;   /* of the type; interned; two types may have one name */
	uint64_t type;	    /* its address */
	uint64_t count;
	uint64_t bytes;	    /* of their blocks: not of the bodies of lists and dicts */
};

struct census {
	struct census_row *at; /* most bytes first */
	size_t n;
	uint64_t objects, bytes;
	uint64_t others, others_bytes; /* blocks in use that hold no object */
	uint64_t large;	   /* of the objects, those outside of pymalloc and mimalloc */
	bool heap;	   /* all that are there; else those of so many */
	struct pygc_lists gc; /* lists of the garbage collector */
	struct hash rows;  /* type -> index + 1 */
	size_t cap;
};

/*
 * Count; pymalloc is filled as by pymalloc_read. *census is the caller's, ended by
 * census_clear, also after an error. 0, -ENOMEM, -ESRCH.
 */
int census_take(struct cpython *cpython, struct segments *segments, struct pymalloc *pymalloc,
		struct census *census);
void census_clear(struct census *census);

#endif
