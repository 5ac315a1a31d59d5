/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyframes.h - the Python frames of a thread and where each of them lies.
 *
 * The thread may run meanwhile. A chain of frames counts when it was read twice and was
 * the same; of one that goes on changing, what did not change from the outermost frame on.
 */
#ifndef MWBPF_CPYTHON_PYFRAMES_H
#define MWBPF_CPYTHON_PYFRAMES_H

#include "cpython/cpython.h"
#include "place/pyobject.h"

#define PYFRAMES_MAX 65536 /* of one thread; more are left out, the outermost ones */

/* Whose memory a frame lies in: _PyInterpreterFrame.owner (3.11 to 3.15). */
enum pyframe_owner {
	PYFRAME_THREAD,	   /* the thread's data stack */
	PYFRAME_GENERATOR, /* the generator's or coroutine's own */
	PYFRAME_OBJECT,	   /* the frame object's, as always up to 3.10 */
};

struct pyframe_at {
	uint64_t addr;	 /* of the interpreter's frame */
	uint64_t back;	 /* of the one that called it, shims included; 0 */
	uint64_t object; /* of the frame object that sys._getframe() gives; 0: none was made */
	uint64_t code;
	uint64_t instr;	 /* for pycode_lasti */
	uint64_t globals; /* dicts; locals may be 0 */
	uint64_t locals;
	enum pyframe_owner owner;
};

struct pyframes {
	struct pyframe_at *at; /* innermost first, without shims */
	size_t n;
	size_t shims;	/* frames that only mark a call from C */
	bool cut;	/* there are more */
	bool changing;	/* inner frames were left out: they came and went */
};

/*
 * The frame at an address, whose owner is above PYFRAME_OBJECT if it only marks a call from
 * C. 0; -EBADMSG: there is none; as mem_read.
 */
int pyframe_read(struct cpython *cpython, uint64_t addr, struct pyframe_at *frame);

/*
 * The frames of a thread state; *frames is the caller's, ended by pyframes_clear, also after
 * an error. 0; -EBADMSG: no two looks agreed on anything; -ENOMEM; as mem_read.
 */
int pyframes_read(struct cpython *cpython, uint64_t tstate, struct pyframes *frames);
void pyframes_clear(struct pyframes *frames);

/*
 * How many of the frames, from the outermost on, are still in the thread's chain. Memory of a
 * frame that has ended may well be as it was.
 */
size_t pyframes_still(struct cpython *cpython, uint64_t tstate, const struct pyframes *frames);

#endif
