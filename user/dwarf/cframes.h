/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * cframes.h - the frames of C functions on a thread's stack, innermost first.
 *
 * By the unwind tables of the mapped files (.eh_frame, .debug_frame). Where of a thread only
 * its place and its stack pointer are known, they lead as far as functions keep what others
 * need on the stack.
 */
#ifndef MWBPF_CFRAMES_H
#define MWBPF_CFRAMES_H

#include <sys/user.h>

#include "dwarf/dwarfeval.h"
#include "place/native.h"
#include "survey/registers.h"

#define CFRAMES_MOST 4096

struct cframe {
	struct cregs regs; /* in that function */
	uint64_t pc;	   /* where it returns to; of the innermost: where it is */
	bool exact;	   /* it was not left by a call: the innermost, or what a signal interrupted */
	bool has_recipe;   /* debug information or unwind tables of it can be read */
	bool has_cfa;
	uint64_t cfa;  /* where the frame begins: the stack pointer before it was called */
	uint64_t bias; /* of its file */
	unsigned depth; /* 0: the innermost */
};

/* Frames of one thread, one after the other. */
struct cframes {
	struct native *native;
	struct space *space;
	struct recipe_frame *recipe; /* of the frame at hand; the caller's */
	const struct centry_values *entry; /* what it was called with; NULL: not known */
	struct ctls tls;	 /* of the thread in the file that lies at tls_bias */
	uint64_t tls_bias;	 /* of no file: not looked for yet */
	struct cframe frame;
	bool started;
	const char *why; /* they ended before the outermost; NULL: they did not */
};

/*
 * Registers of a thread that is held, or waits; those of the second kind may be NULL. What a
 * system call has changed of them is not known.
 */
struct cregs cregs_of(const struct user_regs_struct *regs,
		      const struct user_fpregs_struct *vectors);
struct cregs cregs_waiting(const struct registers_thread *thread);

void cframes_begin(struct cframes *frames, struct native *native, struct space *space,
		   const struct cregs *regs, struct recipe_frame *recipe);

/* The next one is in frames->frame, its recipe at hand; false after the last. */
bool cframes_next(struct cframes *frames);

/* Go back to one that was found before; what follows is not found by cframes_next. */
void cframes_again(struct cframes *frames, const struct cframe *frame);

/*
 * What expressions of the frame at hand are worked out with; the second also of those that
 * are about variables of which each thread has its own.
 */
struct dwarfeval cframes_eval(const struct cframes *frames);
struct dwarfeval cframes_eval_variables(struct cframes *frames);

#endif
