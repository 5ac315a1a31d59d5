/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pysuspended.h - generators and coroutines whose code stands still in the middle, or has
 * not begun: no thread's frames lead to theirs.
 */
#ifndef MWBPF_CPYTHON_PYSUSPENDED_H
#define MWBPF_CPYTHON_PYSUSPENDED_H

#include "cpython/pygc.h"
#include "cpython/pygenerator.h"

#define PYSUSPENDED_MAX 200000 /* more are counted only */

struct pysuspended {
	struct pygenerator generator;
	uint64_t interp; /* address of the interpreter whose it is; 0: not known */
	uint64_t task;	 /* address of the asyncio task that runs it; 0: none does */
	size_t next;	 /* index of the one that it waits for, + 1; 0: none */
	size_t depth;	 /* in its chain; 0: the innermost, which waits for none of these */
	bool awaited;	 /* another one waits for it */
};

struct pysuspendeds {
	struct pysuspended *at; /* chain by chain, the innermost of each first */
	size_t n;
	size_t found;	/* with those that are counted only */
	struct pygc_lists lists; /* that they were found on */
	size_t cap;
	struct hash tasks; /* address of a task -> what it runs, within at */
};

/*
 * Find them all on the lists of the garbage collector; *list is the caller's, ended by
 * pysuspended_clear, also after an error. 0; -ENOENT: there are no such lists; -ENOMEM.
 */
int pysuspended_find(struct cpython *cpython, struct segments *segments,
		     struct pysuspendeds *list);
void pysuspended_clear(struct pysuspendeds *list);

/* The coroutine among them that a task runs, by the task's address; NULL. */
const struct pysuspended *pysuspended_of_task(const struct pysuspendeds *list, uint64_t task);

#endif
