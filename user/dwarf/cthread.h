/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * cthread.h - all frames of C functions of one thread, with their variables.
 */
#ifndef MWBPF_CTHREAD_H
#define MWBPF_CTHREAD_H

#include "dwarf/centry.h"
#include "dwarf/clocals.h"

struct cthread_frame {
	struct cframe frame;
	const struct code_name *name;
	uint64_t size; /* bytes from where it begins down to where its callee's does; 0: not known */
	size_t first, n; /* of the thread's vars: variables and their members */
	uint32_t cut;	 /* variables left out */
	struct centry entry;
	bool asked; /* values that it was called with are to be found */
};

struct cthread {
	pid_t tid;
	struct cthread_frame *frames; /* innermost first */
	size_t n;
	struct cvar *vars; /* strings interned */
	size_t n_vars;
	const char *why; /* it has no frames, or more than these; NULL: these are all */
	unsigned torn;	 /* readings thrown away: it went on meanwhile */
};

#define CTHREAD_TRIES 5
#define CTHREAD_VARS  100000 /* of one thread */

/*
 * Read the frames of a thread: of one that is held with these registers; of one that is not
 * (NULL) with those it waits with. 0, and the caller clears *thread; -ENOMEM.
 */
int cthread_read(struct native *native, struct space *space, pid_t tid, const struct cregs *held,
		 struct registers *registers, struct cthread *thread);
void cthread_clear(struct cthread *thread);

#endif
