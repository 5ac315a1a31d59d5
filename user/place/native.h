/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * native.h - what lies at an address of code: function, source line, and what it is part of.
 *
 * Each address of a file is looked up once. A file's symbols and debug information are
 * opened at its first address; a file that was mapped stays readable when it is unmapped,
 * deleted or in another root.
 */
#ifndef MWBPF_NATIVE_H
#define MWBPF_NATIVE_H

#include "place/module.h"
#include "place/recipes.h"
#include "place/space.h"

struct native {
	bool on; /* else no address has a name */
	struct naming naming;
	struct reader reader;
	struct hash modules;  /* struct image or struct elf_file -> struct module */
	struct hash by_place; /* number made of a place -> struct code_name */
	struct recipes recipes;
	struct elf_file *vdso;
	uint32_t epoch; /* grows when all names are forgotten: there were too many */
};

void native_init(struct native *native, struct intern *names);
void native_clear(struct native *native);

/*
 * The name of an address in a process as it is at this moment of the stream; exact: of the
 * instruction there, else of the call that returns there. Never NULL; valid until the
 * next call.
 */
const struct code_name *native_find(struct native *native, struct space *space, uint64_t addr,
				    bool exact);

/*
 * How to go on from a frame whose code is at an address, as above, and its variables; *bias
 * is where the file's vaddr 0 lies. False: nothing is known; *why says why, or is NULL.
 */
bool native_frame(struct native *native, struct space *space, uint64_t addr, bool exact,
		  struct recipe_frame *frame, uint64_t *bias, const char **why);

/* The global variables of the file that a segment shows, from number `from` on: likewise. */
bool native_globals(struct native *native, struct space *space, const struct segment *segment,
		    uint64_t from, struct recipe_frame *frame, const char **why);

#endif
