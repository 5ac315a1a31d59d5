/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyslots.h - internal to variables: what the slots of a frame are called, by its code.
 */
#ifndef MWBPF_CPYTHON_PYSLOTS_H
#define MWBPF_CPYTHON_PYSLOTS_H

#include "cpython/pyvars.h"

struct pyslot {
	enum pyscope scope; /* local, cell or free */
	char name[PYVARS_NAME];
};

struct pyslots {
	struct pyslot *at; /* in the order in which they lie in a frame */
	size_t n;
	bool optimized; /* the code has its locals in slots, not in a dict */
};

/*
 * Read them from a code object; *slots is the caller's, ended by pyslots_clear, also after
 * an error. 0; -EBADMSG: they are not as they should be; -ENOMEM; as mem_read.
 */
int pyslots_read(struct cpython *cpython, uint64_t code, struct pyslots *slots);
void pyslots_clear(struct pyslots *slots);

#endif
