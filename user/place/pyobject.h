/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyobject.h - objects of a CPython, read from its process while it runs.
 *
 * What is read may be freed and used again at any time: every read is checked against
 * the object's type, and nothing is larger than a fixed bound.
 */
#ifndef MWBPF_PYOBJECT_H
#define MWBPF_PYOBJECT_H

#include <mwbpf/event.h>
#include <stdbool.h>

#include "place/pylayout.h"

/* A code object, read once. */
struct pycode {
	uint64_t addr;
	char name[512]; /* the qualified one, from 3.11 on */
	char filename[4096];
	int first_line;
	uint16_t version;
	uint64_t bytecode; /* address of the first code unit (3.11) */
	uint8_t *linetable;
	size_t linetable_len;
};

/*
 * A str object in UTF-8, terminated; what does not fit in cap bytes ends in "...", after
 * a whole character. Surrogate escapes become the bytes they stand for, other surrogates
 * and NUL become U+FFFD. Length, or -EBADMSG (not a str), -EFAULT, -ESRCH, -EPERM.
 */
int pyobject_str(pid_t pid, const struct pyobjects *objects, uint64_t object, char *buf,
		 size_t cap);

/*
 * Read the code object at an address; code is the caller's, ended by pycode_clear, also
 * after an error. 0, -EBADMSG (it is not one), -ENOMEM, or as mem_read.
 */
int pycode_read(pid_t pid, const struct mw_pylayout *layout, const struct pyobjects *objects,
		uint64_t addr, struct pycode *code);

/*
 * The same of a copy, for which the process need not live any more. *looked: the copy is not
 * whole, and the process had to be looked at, where another object may be by now.
 */
int pycode_take(const struct mw_event_code *copy, const struct mw_pylayout *layout,
		const struct pyobjects *objects, struct pycode *code, bool *looked);
void pycode_clear(struct pycode *code);

/* Byte offset in the code of what a frame's instr field holds; below 0: not started. */
int64_t pycode_lasti(const struct mw_pylayout *layout, const struct pycode *code, uint64_t instr);

/* The line of the instruction at a byte offset; as pyline(). */
int64_t pycode_line(const struct pycode *code, int64_t lasti);

#endif
