/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * cview.h - what a walk finds of C: malloc's memory, frames and variables, globals.
 */
#ifndef MWBPF_VIEW_CVIEW_H
#define MWBPF_VIEW_CVIEW_H

#include "dwarf/cthread.h"
#include "glibc/glibcheap.h"
#include "view/walkview.h"

struct walk_heap {
	const struct glibcheap *heap;
	const struct walk_place *places; /* of the arenas' records */
	bool chunks;			 /* each chunk is shown, too */
};

struct walk_cthread {
	const struct cthread *thread;
	bool held; /* else it waited */
};

struct walk_cframe {
	uint32_t id; /* of this walk, from 1 */
	pid_t tid;
	const struct cthread_frame *frame;
	struct walk_place place; /* where it begins: its CFA; addr 0: not known */
};

struct walk_cmember;

/* Where a pointer leads. */
struct walk_ctarget {
	struct walk_place place; /* addr 0: it is no pointer, or leads nowhere */
	const char *variable;	 /* of the same thread, that lies there; NULL: none */
	const char *function;	 /* whose it is, as its frame says */
	uint32_t frame;		 /* its id */
	uint64_t offset;	 /* in it */
};

struct walk_cvar {
	uint32_t id;	      /* of this walk, from 1 */
	uint32_t frame;	      /* 0: a global */
	const char *function; /* that it belongs to: inlined, or of a static one; NULL: the frame's */
	pid_t tid;	      /* of a global of which each thread has its own; 0 */
	const struct cvar *var;
	struct walk_place place; /* addr 0: it has none */
	struct walk_ctarget target;
	const struct walk_cmember *members;
	size_t n_members;
};

struct walk_cmember {
	const struct cvar *var;
	uint32_t more; /* members of it that are left out where others are shown */
	bool members;  /* its own follow */
	struct walk_place place; /* as above */
	struct walk_ctarget target;
};

/* As rows of view_ops. */
void json_heap(struct view *view, const struct walk_heap *heap);
void json_cthread(struct view *view, const struct walk_cthread *thread);
void json_cframe(struct view *view, const struct walk_cframe *frame);
void json_cglobals(struct view *view, const char *file, bool shown);
void json_cvar(struct view *view, const struct walk_cvar *var);
void text_heap(struct view *view, const struct walk_heap *heap);
void text_cthread(struct view *view, const struct walk_cthread *thread);
void text_cframe(struct view *view, const struct walk_cframe *frame);
void text_cglobals(struct view *view, const char *file, bool shown);
void text_cvar(struct view *view, const struct walk_cvar *var);

/* In the picture; what has no address is not in it. */
struct drawing;
void drawing_cframe(struct drawing *drawing, const struct walk_cframe *frame);
void drawing_cvar(struct drawing *drawing, const struct walk_cvar *var);

#endif
