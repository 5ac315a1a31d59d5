/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * module.h - a mapped ELF file as a source of names: its symbols, and what its debug
 * information says, which may be in a file of its own.
 */
#ifndef MWBPF_MODULE_H
#define MWBPF_MODULE_H

#include "base/intern.h"
#include "place/site.h"
#include "target/reader.h"

/* What is known of an address of code. The frames have no addr: one name serves all processes. */
struct code_name {
	const void *owner; /* where it was looked up: a module, or NULL */
	uint64_t where;	   /* address in that */
	uint32_t segment;  /* without an owner: id of the segment */
	bool exact;	   /* of the instruction there, else of the call that returns there */

	const char *at;	      /* the innermost frame in words; NULL: it is no address of code */
	bool called;	      /* a call ends there, so it can be returned to */
	bool makes_frame;     /* the function is known to begin with making a frame */
	enum frame_rule rule; /* of that function, there */
	size_t n;
	struct frame frames[]; /* innermost first; more than one when calls were inlined */
};

struct module;

/* What names are made with. */
struct naming {
	struct intern *names;
	struct reader *reader;
	const char *debug_dir; /* of --debug-dir; NULL: none */
};

/*
 * elf and path (as the target sees it) stay the caller's, and must stay. Nothing is read
 * before the first name. NULL without memory.
 */
struct module *module_new(const struct elf_file *elf, int fd, const char *path);
void module_free(struct module *module);

/*
 * The name of an address of the file, read as the process pid sees its files; a new one,
 * the caller's to free. NULL without memory.
 */
struct code_name *module_name(struct module *module, const struct naming *naming, pid_t pid,
			      uint64_t vaddr, bool exact);

/*
 * How to go on from a frame whose code is at an address of the file, and its variables
 * (debugframe.h). False when nothing is known of it; *why is then why not, or NULL.
 */
bool module_frame(struct module *module, const struct naming *naming, pid_t pid, uint64_t pc,
		  struct recipe_frame *frame, const char **why);

/* Global variables, from number `from` on: likewise. */
bool module_globals(struct module *module, const struct naming *naming, pid_t pid, uint64_t from,
		    struct recipe_frame *frame, const char **why);

/*
 * A name of n frames, all zero but for the object; the caller's. NULL without memory.
 */
struct code_name *code_name_new(const char *object, size_t n);

/* Put what is known of the innermost frame into words: at. */
void code_name_describe(struct code_name *name, struct intern *names);

#endif
