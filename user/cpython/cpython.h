/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * cpython.h - a CPython that is looked at while it runs: where it is, how its structs are
 * laid out, and how often what was read turned out to have changed meanwhile.
 */
#ifndef MWBPF_CPYTHON_CPYTHON_H
#define MWBPF_CPYTHON_CPYTHON_H

#include "base/intern.h"
#include "place/pyint.h"
#include "place/pylayout.h"
#include "place/space.h"

/* PyObject in words: 2; free-threaded 4 (Include/object.h, 3.13 to 3.15). */
#define PYHEAD_WORDS 2
#define PYHEAD_MOST  4

enum pytype_id {
#define PYTYPE(id, symbol, value) PYTYPE_##id,
#include "cpython/pytypes.def"
#undef PYTYPE
	PYTYPES,
};

/* What is read of frames and objects besides what mw_pylayout and pyobjects say. */
struct pyfields {
	uint16_t frame_globals; /* f_globals and f_locals: object pointers */
	uint16_t frame_locals;
	uint16_t frame_object;	/* the PyFrameObject; 0: the frame is one (up to 3.10) */
	uint16_t frame_slots;	/* f_localsplus: a word for each variable */
	uint8_t slot_tag;	/* low bits of such a word that are not address (3.14: 3) */

	uint16_t code_flags;	/* u32 co_flags */
	uint16_t code_varnames; /* tuples of names, up to 3.10 */
	uint16_t code_cellvars;
	uint16_t code_freevars;
	uint16_t code_slot_names; /* co_localsplusnames and co_localspluskinds, from 3.11 */
	uint16_t code_slot_kinds;

	uint16_t frame_stack; /* where its stack ends: an address, or a count of slots (i32) */
	uint16_t frame_state; /* i8, of a frame whose generator has none (3.10) */
	uint16_t code_bytes;  /* the bytes object that is executed, up to 3.10 */
	uint16_t generator_frame; /* it begins there; up to 3.10 its address */
	uint16_t generator_state; /* i8: PyFrameState; up to 3.9 whether it runs */

	uint16_t function_name; /* __qualname__ of functions, generators; a module's name */
	uint16_t generator_name;
	uint16_t module_name;
	uint16_t values;      /* the first value in a PyDictValues (3.11) */
	uint16_t cached_keys; /* ht_cached_keys of a heap type (3.11) */
	uint16_t data_stack;  /* of a thread state: its newest chunk; 0: there are none */
};

struct cpython {
	pid_t pid;
	const struct image *image; /* the file that has its code */
	uint64_t bias;		   /* where vaddr 0 of it lies */
	unsigned minor;		   /* 11 for 3.11 */
	unsigned head;		   /* bytes of PyObject */
	bool idle;		   /* no thread of it runs Python code */
	struct mw_pylayout layout;
	struct pyobjects objects;
	struct pylayout_evidence evidence;
	struct pyfields fields;
	struct pyints ints;
	uint64_t types[PYTYPES];   /* their addresses; 0: not found */
	uint64_t type_size;	   /* bytes of a type of the interpreter's own */
	struct hash known_types;   /* address -> struct pytype, or a mark that there is none */
	struct intern *names;

	bool held;	  /* the process stands still: what does not hold together never will */
	uint64_t retried; /* reads done again because what was read had changed */
	uint64_t torn;	  /* things left out because it went on changing */
};

/*
 * Find the CPython in a process, whose space must have its segments. *why is one clause, a
 * literal or in cpython, that goes with an error: -ENOENT: none is mapped; else as
 * pylayout_find. names must stay.
 */
int cpython_find(struct cpython *cpython, struct space *space, struct intern *names,
		 const char **why);
void cpython_clear(struct cpython *cpython);

/* Address of a symbol of its file; 0: it has none of this name. */
uint64_t cpython_symbol(const struct cpython *cpython, const char *name);

/* As mem_read. */
int cpython_read(const struct cpython *cpython, uint64_t addr, void *buf, size_t len);

/* The word at an address; 0 too when it cannot be read. */
uint64_t cpython_word(const struct cpython *cpython, uint64_t addr);

/* Fill the fields, by what is published, else by version. 0 or -ENOTSUP. */
int pyfields_find(struct cpython *cpython);

#endif
