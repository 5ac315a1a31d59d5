/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pystack.h - the threads of a CPython and their frames, read from outside.
 *
 * The process runs meanwhile: what is read may be torn between two calls.
 */
#ifndef MWBPF_PYSTACK_H
#define MWBPF_PYSTACK_H

#include "place/pylayout.h"

#define PYSTACK_THREADS_MAX 4096 /* thread states; more are taken for damage */

struct pythread {
	uint64_t tstate;
	uint64_t interp;
	uint64_t thread; /* its thread pointer: pthread_t */
	pid_t tid;	 /* as mwbpf sees it; 0: none of this process's threads */
};

struct pyframe {
	uint64_t code;
	uint64_t instr; /* for pycode_lasti */
};

/*
 * The thread states of all interpreters; *threads is the caller's. Count, 0 before there
 * is an interpreter; -EBADMSG when a list does not end or does not hold together; -ENOMEM,
 * -ESRCH.
 */
ssize_t pystack_threads(pid_t pid, const struct mw_pylayout *layout,
			const struct pyobjects *objects, struct pythread **threads);

/*
 * Where a frame is, as pycode_lasti takes it, by the word at frame_instr: that may point into
 * a copy of the code.
 */
uint64_t pystack_instr(pid_t pid, const struct mw_pylayout *layout, uint64_t frame, uint64_t code,
		       uint64_t instr);

/*
 * Up to cap frames of a thread state, innermost first, without shims. Count, or -EBADMSG
 * when a frame cannot be read.
 */
ssize_t pystack_frames(pid_t pid, const struct mw_pylayout *layout, uint64_t tstate,
		       struct pyframe *frames, size_t cap);

#endif
