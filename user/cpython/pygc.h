/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pygc.h - the objects that Python's garbage collector knows.
 *
 * Its lists have been in the data of the file (3.6), in _PyRuntime (3.7, 3.8), in the state
 * of each interpreter (3.9), and have been of different number. They are found by what they
 * are: rings through PyGC_Heads.
 */
#ifndef MWBPF_CPYTHON_PYGC_H
#define MWBPF_CPYTHON_PYGC_H

#include "cpython/pytype.h"

#define PYGC_OBJECTS_MAX 50000000

/*
 * Called for each. interp: of whose lists they are; 0, up to 3.8: of all interpreters. Not 0
 * ends the walk, which returns it.
 */
typedef int pygc_object(void *context, uint64_t interp, const struct pyobj *obj);

struct pygc_lists {
	size_t n;
	bool collecting; /* some objects may be on none: the collector is looking at them */
	bool cut; /* they lead on and on: there may be others, and some may have come twice */
};

/*
 * Visit the objects of all lists, each once as long as the lists hold still; *lists is filled
 * in. 0, -ENOENT: there are none; -ENOMEM, or what each returned.
 */
int pygc_visit(struct cpython *cpython, struct segments *segments, pygc_object *each,
	       void *context, struct pygc_lists *lists);

#endif
