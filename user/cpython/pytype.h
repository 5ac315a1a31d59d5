/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pytype.h - objects and their types, read from outside: what it is, how many refer to it.
 */
#ifndef MWBPF_CPYTHON_PYTYPE_H
#define MWBPF_CPYTHON_PYTYPE_H

#include "cpython/cpython.h"

/* A type, read once. struct _typeobject: Include/cpython/object.h (3.6 to 3.15). */
struct pytype {
	uint64_t addr;
	const char *name;   /* tp_name: with its module for types written in C; interned */
	int64_t basicsize;  /* bytes */
	int64_t itemsize;
	uint64_t flags;	    /* tp_flags */
	int64_t dictoffset;
	uint64_t base;	    /* address of tp_base; 0 */
	uint64_t metatype;  /* address of its own type */
	uint64_t members;   /* address of tp_members; 0 */
	enum pytype_id id;  /* PYTYPES: none of those that are known */
};

/* Bits of tp_flags: Include/object.h, and Include/cpython/object.h. */
#define PYTYPE_INLINE_VALUES (1ull << 2) /* 3.13 */
#define PYTYPE_MANAGED_DICT  (1ull << 4) /* 3.11 */
#define PYTYPE_HEAPTYPE	     (1ull << 9)
#define PYTYPE_READY	     (1ull << 12)
#define PYTYPE_HAVE_GC	     (1ull << 14)
#define PYTYPE_LONG_SUBCLASS (1ull << 24)
#define PYTYPE_DICT_SUBCLASS (1ull << 29)
#define PYTYPE_TYPE_SUBCLASS (1ull << 31)

struct pyobj {
	uint64_t addr;
	const struct pytype *type;
	uint64_t refcount; /* as sys.getrefcount() says it, of one that is not immortal */
	bool immortal;	   /* 3.12: it is never counted */
};

/* The type at an address; NULL: there is none. Stays until cpython_clear. */
const struct pytype *pytype_get(struct cpython *cpython, uint64_t addr);

/* Whether head, the first cpython->head bytes at addr, can begin an object; fills *obj. */
bool pyobj_from(struct cpython *cpython, uint64_t addr, const uint64_t *head, struct pyobj *obj);

/* Read what is at an address as an object. 0; -EBADMSG: it is none; as mem_read. */
int pyobj_read(struct cpython *cpython, uint64_t addr, struct pyobj *obj);

void pytypes_clear(struct hash *known);

#endif
