/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * site.h - interned stacks: the lines that made an allocation.
 */
#ifndef MWBPF_SITE_H
#define MWBPF_SITE_H

#include <mwbpf/event.h>

#include "base/intern.h"
#include "place/pylayout.h"

enum frame_language { FRAME_PYTHON, FRAME_NATIVE };

struct frame {
	enum frame_language language;
	const char *function; /* Python's qualified name where the version has one; NULL */
	const char *file;     /* of the source; NULL when it is not known */
	int64_t line;	      /* 0: none */
	uint64_t addr;	      /* of the code object, or the return address */
	const char *reason;   /* why function and line are missing; NULL */

	/* of native ones */
	const char *object; /* path or [name] of what it lies in; NULL */
	uint64_t offset;    /* from the start of the function, or else of the object */
	bool inlined;	    /* its code is part of the next frame's: it has no address */
	bool gap;	    /* frames between the one before and this are not known */
};

struct site {
	uint32_t id;	    /* of this run, from 1 */
	const char *at;	    /* the innermost frame in words; NULL */
	const char *reason; /* why the Python part is not whole; NULL when it is */
	const char *native_reason; /* likewise the native part */
	bool truncated;
	size_t n;
	struct frame *frames;
};

/* Whether Python code was running, named or not. */
static inline bool site_has_python(const struct site *site)
{
	return site->n && site->frames[0].language == FRAME_PYTHON;
}

/* How one process's CPython is to be read; found says whether it can be. */
struct python {
	bool found;
	struct mw_pylayout layout;
	struct pyobjects objects;
	const struct mw_deaths *deaths; /* kept by the BPF programs; NULL: not seen */
};

struct native;
struct space;

struct sites {
	struct hash by_stack; /* hash of a stack, which its process is part of */
	struct hash codes;    /* code objects that were read */
	uint32_t next_id;
	uint64_t unresolved;  /* frames whose code object was gone or could not be read */
};

void sites_clear(struct sites *sites);

/* The site of a stack that was sent before; NULL. */
const struct site *sites_find(const struct sites *sites, uint64_t stack);

/* Take in what names a code object of stacks to come. */
void sites_learn(struct sites *sites, const struct mw_event_code *copy,
		 const struct python *python, struct intern *names);

/*
 * Take in a stack, reading the code objects of its frames that are not known from the process
 * and naming its return addresses. *fresh says whether it is new. NULL without memory.
 */
const struct site *sites_add(struct sites *sites, const struct mw_event_stack *stack,
			     struct space *space, struct native *native, bool *fresh);

#endif
