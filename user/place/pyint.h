/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyint.h - the value of a CPython int, from the words of its object.
 */
#ifndef MWBPF_PYINT_H
#define MWBPF_PYINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How the ints of a process are laid out. */
struct pyints {
	uint64_t type;	  /* address of PyLong_Type; 0: not known */
	uint16_t ob_type; /* offset in an object; the size word follows, then the digits */
	bool tagged;	  /* the size word is lv_tag (3.12), else ob_size */
	int small_most;	  /* the greatest that is there for good */
};

#define PYINT_TEXT 72	 /* room for a value in words */
#define PYINT_WHOLE 60	 /* decimal digits that are written out; of more, the first PYINT_FIRST */
#define PYINT_FIRST 20
#define PYINT_DIGITS 32 /* digits, of 30 bits each, of which a value is made */

enum pyint_state {
	PYINT_NONE,    /* nothing to be said: not an int */
	PYINT_KNOWN,   /* text */
	PYINT_LATER,   /* it is being written */
	PYINT_UNKNOWN, /* reason */
	PYINT_OLD,     /* a constructor gave out an int that was there before, but not for good */
};

struct pyint {
	enum pyint_state state;
	const char *reason;    /* a literal: why the value is not known */
	char text[PYINT_TEXT]; /* decimal; when shortened, the first digits and "..." */
	uint64_t decimals;     /* decimal digits of a shortened one; 0: text is whole */
};

/*
 * Words as an object has them. digits: the n most significant ones of it, which are all, or
 * PYINT_DIGITS at least, the least significant of these first.
 *
 * struct _longobject, Include/longintrepr.h (3.6 to 3.11), Include/cpython/longintrepr.h
 * (3.12 to 3.15).
 */
void pyint_decode(uint64_t size, bool tagged, const uint32_t *digits, size_t n, struct pyint *out);

/* The int at an address of a process: it must be one, and whole. */
void pyint_read(pid_t pid, const struct pyints *layout, uint64_t addr, struct pyint *out);

/* No value, and why: a literal. */
void pyint_unknown(struct pyint *out, const char *reason);

#endif
