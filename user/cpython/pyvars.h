/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyvars.h - names and the objects they stand for: of a frame, a module, an instance.
 */
#ifndef MWBPF_CPYTHON_PYVARS_H
#define MWBPF_CPYTHON_PYVARS_H

#include "cpython/pydict.h"
#include "cpython/pyframes.h"
#include "cpython/pyvalue.h"

#define PYVARS_MAX  4096 /* variables of one frame; a code object with more is damaged */
#define PYVARS_NAME 256	 /* bytes of a name with its NUL */

/* What kind of name it is. */
enum pyscope {
	PYSCOPE_LOCAL,
	PYSCOPE_CELL,	   /* a local that functions inside refer to, in a cell */
	PYSCOPE_FREE,	   /* one of a function around it, in that cell */
	PYSCOPE_CLASS,	   /* of the body of a class, or of code run with a dict of its own */
	PYSCOPE_GLOBAL,
	PYSCOPE_ATTRIBUTE, /* of self */
	PYSCOPES,
};

struct pyvar {
	enum pyscope scope;
	char name[PYVARS_NAME];
	uint64_t slot; /* where the object's address is: in the frame, a cell, a dict... */
	uint64_t frame_slot; /* the frame's own slot that leads there; 0: none does */
	uint64_t frame_word; /* what that held */
	struct pyobj object;
	uint64_t body; /* address of its items or bytes, where they are by themselves; 0 */
	char value[PYVALUE_TEXT]; /* "": none can be said */
};

struct pyvars {
	struct pyvar *at;
	size_t n, cap;
	size_t torn; /* variables left out: they went on changing, or were no objects */
	bool cut;    /* there are more */
};

const char *pyscope_name(enum pyscope scope);

/*
 * Add the variables of a frame that are bound, in the order of its code, to *vars, which is
 * the caller's, ended by pyvars_clear. They count only if the frame is then still there, and
 * after pyvars_settle. 0, -ENOMEM, -ESRCH.
 */
int pyvars_frame(struct cpython *cpython, const struct pyframe_at *frame, struct pyvars *vars);

/* Whether the frame's names are its module's globals. */
bool pyvars_is_module(const struct pyframe_at *frame);

/*
 * Add the names in a dict, each as one of this scope,. As pyvars_frame.
 */
int pyvars_dict(struct cpython *cpython, uint64_t dict, enum pyscope scope, struct pyvars *vars);

/* Add the attributes of the instance that is the first of these variables. Likewise. */
int pyvars_self(struct cpython *cpython, struct pyvars *vars);

/* Leave out the variables of a frame whose slot has changed since they were read. */
void pyvars_settle(struct cpython *cpython, struct pyvars *vars);

void pyvars_clear(struct pyvars *vars);

#endif
