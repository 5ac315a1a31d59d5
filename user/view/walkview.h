/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * walkview.h - where what a walk finds in a process goes, part by part.
 */
#ifndef MWBPF_VIEW_WALKVIEW_H
#define MWBPF_VIEW_WALKVIEW_H

#include "base/out.h"
#include "cpython/census.h"
#include "cpython/mimalloc.h"
#include "cpython/pyframes.h"
#include "cpython/pymalloc.h"
#include "cpython/pystatic.h"
#include "cpython/pysuspended.h"
#include "cpython/pyvars.h"
#include "cpython/smallints.h"
#include "place/segment.h"
#include "survey/residency.h"

/* What is walked. Strings may be NULL where nothing is known. */
struct walk_head {
	pid_t pid;
	const char *exe;
	char *const *argv;
	char state;	    /* as proc(5) */
	bool frozen;	    /* the process stands still for the walk */
	const char *version; /* of mwbpf */
	const char *kernel;
	const char *python;  /* "3.11.2 (Py_Version)"; NULL: its objects are not walked */
	const char *python_file;
	const char *python_why; /* why not, or where the layouts come from */
	uint64_t start_ns, realtime_ns;
};

struct walk_segment {
	struct segment segment;
	struct residency bytes;
	bool known; /* bytes are more than the size */
};

/* An address and the segment it lies in; in a hole the segment's id is 0. */
struct walk_place {
	uint64_t addr;
	struct segment segment;
};

/* Who manages memory, and how much of it. */
struct walk_layer {
	const char *name; /* segments.def; "unexplained": anonymous, and nobody claims it */
	struct residency bytes;
};

struct walk_arena {
	const struct pymalloc_arena *arena;
	struct walk_place place;
	struct residency bytes;
};

struct walk_statics {
	const struct pystatic *statics;
	struct walk_place singletons[PYSTATIC_SINGLETONS];
};

struct walk_small_ints {
	const struct smallints *ints;
	struct walk_place place; /* of the lowest */
};

struct walk_thread {
	pid_t tid;	 /* 0: not known */
	uint64_t tstate; /* address of its PyThreadState */
	size_t frames;
	bool cut;
	bool changing;	 /* inner frames came and went */
	const char *why; /* why there are no frames; NULL: there are all */
};

/* Suspended generators and coroutines of one interpreter, before their frames. */
struct walk_suspended {
	uint64_t interp; /* its address; 0: not known */
	bool several;	 /* there are others */
	uint64_t coroutines, generators, async_generators;
	uint64_t tasks;	 /* of the coroutines, those that asyncio runs as one */
	uint64_t shown;	 /* of all */
};

/* A line at which some of them stand. */
struct walk_stand {
	const char *function, *file; /* NULL: not known */
	int64_t line;		     /* 0: none */
	const char *class;	     /* of these */
	uint64_t n;
};

/* An object that a generator waits for. */
struct walk_awaited {
	struct walk_place place; /* addr 0: none */
	struct pyobj object;
	char value[PYVALUE_TEXT]; /* of a task, what it runs */
};

struct walk_generator {
	const struct pysuspended *suspended;
	struct walk_place place;
	struct walk_place task; /* that runs it; addr 0: none does */
	struct walk_awaited awaits;
	struct walk_awaited behind; /* what that stands for; none: for itself */
};

struct walk_frame {
	uint32_t id;	/* of this walk, from 1 */
	pid_t tid;
	size_t depth;	/* 0: the innermost of its thread, or of those that await each other */
	const struct walk_generator *generator; /* that it is suspended in; NULL: a thread has it */
	const char *function, *file; /* NULL: the code object could not be read */
	int64_t line;	/* 0: none */
	const struct pyframe_at *frame;
	struct walk_place place;
	struct walk_place object; /* of the frame object; addr 0: there is none */
	size_t globals;	/* names of a module that are not shown */
	bool gone;	/* it ended before its variables could be read */
	size_t torn;	/* variables left out */
};

struct walk_var {
	uint32_t id;	/* of this walk, from 1 */
	uint32_t frame; /* id of the frame it was found in */
	const struct pyvar *var;
	struct walk_place place; /* of the object */
	struct walk_place body;	 /* of its items or bytes; addr 0: they are not by themselves */
	uint32_t same_as;	 /* id of the first variable of that object; 0: this one */
	const char *same_name;	 /* what that one is called, and where if elsewhere */
};

struct walk_end {
	const char *reason;  /* "complete", or why it is not */
	uint64_t ts_ns;
	uint64_t segments, threads, frames, variables;
	uint64_t retried, torn;
	struct residency all;
	uint64_t output_lost; /* lines */
};

struct view;
struct walk_heap; /* cview.h */
struct walk_cthread;
struct walk_cframe;
struct walk_cvar;

struct view_ops {
	void (*begin)(struct view *view, const struct walk_head *head);
	/* In address order. */
	void (*segments)(struct view *view, const struct walk_segment *at, size_t n);
	/*
	 * Of all memory; last what is not explained. They add up to all: what came or went
	 * between two looks is in the last.
	 */
	void (*layers)(struct view *view, const struct walk_layer *at, size_t n,
		       const struct residency *all);
	void (*statics)(struct view *view, const struct walk_statics *statics);
	void (*small_ints)(struct view *view, const struct walk_small_ints *ints);
	void (*pymalloc)(struct view *view, const struct pymalloc *pymalloc,
			 const struct walk_arena *arenas);
	void (*mimalloc)(struct view *view, const struct mimalloc *mimalloc);
	/* The first top rows; 0: all. */
	void (*census)(struct view *view, const struct census *census, size_t top);
	void (*thread)(struct view *view, const struct walk_thread *thread);
	void (*frame)(struct view *view, const struct walk_frame *frame);
	void (*variable)(struct view *view, const struct walk_var *var);
	void (*suspended)(struct view *view, const struct walk_suspended *show);
	void (*stand)(struct view *view, const struct walk_stand *show);
	/* Of glibc's malloc; of C functions, and their variables; globals come in frame 0. */
	void (*heap)(struct view *view, const struct walk_heap *heap);
	void (*cthread)(struct view *view, const struct walk_cthread *thread);
	void (*cframe)(struct view *view, const struct walk_cframe *frame);
	/* Before the globals of a file, or in place of them. */
	void (*cglobals)(struct view *view, const char *file, bool shown);
	void (*cvar)(struct view *view, const struct walk_cvar *var);
	/* One sentence that a reader should know. */
	void (*note)(struct view *view, const char *text);
	void (*end)(struct view *view, const struct walk_end *end);
};

struct view {
	const struct view_ops *ops;
	struct out *out;
	pid_t pid;
	uint64_t start_ns;
	bool all; /* nothing is folded */
};

extern const struct view_ops view_text, view_json;

#endif
