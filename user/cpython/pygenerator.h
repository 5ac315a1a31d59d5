/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pygenerator.h - a generator, coroutine or asynchronous generator: what it is up to, where
 * its frame is, and what it waits for.
 *
 * Layouts: Include/genobject.h (3.6 to 3.9), Include/cpython/genobject.h (3.10 to 3.13),
 * pycore_interpframe_structs.h (3.14, 3.15).
 */
#ifndef MWBPF_CPYTHON_PYGENERATOR_H
#define MWBPF_CPYTHON_PYGENERATOR_H

#include "cpython/pyframes.h"
#include "cpython/pytype.h"

enum pygenerator_state {
	PYGENERATOR_CREATED,   /* its code has not begun yet */
	PYGENERATOR_SUSPENDED, /* at a yield or await */
	PYGENERATOR_RUNNING,   /* or it has called, or waits for, what runs */
	PYGENERATOR_DONE,      /* there is no frame any more */
};

struct pygenerator {
	struct pyobj object;
	enum pygenerator_state state;
	uint64_t frame;	 /* its address; 0: there is none */
	uint64_t awaits; /* the object it waits for by "yield from" or await; 0: none */
};

bool pygenerator_is(const struct pytype *type);

/* 0; -EBADMSG: there is none at this address, or it is damaged; as mem_read. */
int pygenerator_read(struct cpython *cpython, uint64_t addr, struct pygenerator *generator);

/*
 * What is behind an object that one waits for, where that only stands for another one, as
 * the iterator of a future does; 0: it stands for itself.
 */
uint64_t pygenerator_behind(struct cpython *cpython, const struct pyobj *awaited);

#endif
