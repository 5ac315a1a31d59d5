/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * walking.h - internal to the walk: what its steps hand to each other.
 */
#ifndef MWBPF_VERB_WALKING_H
#define MWBPF_VERB_WALKING_H


#include "cpython/cpython.h"
#include "cpython/mimalloc.h"
#include "cpython/pymalloc.h"
#include "glibc/glibcheap.h"
#include "options.h"
#include "place/pystack.h"
#include "survey/freeze.h"
#include "survey/registers.h"
#include "survey/residency.h"
#include "targets.h"
#include "view/drawing.h"
#include "view/walkview.h"

#define WALK_VARIABLES_MAX 200000 /* a target may make up as many as it likes */

struct walk {
	const struct options *options;
	struct targets targets;
	struct target *target;
	struct place place;
	struct space *space;
	struct residents residents;
	struct cpython cpython;
	bool python; /* its objects can be read */
	struct pythread *threads; /* main thread first */
	size_t n_threads;
	struct pymalloc pymalloc;
	bool has_pymalloc;
	struct mimalloc mimalloc; /* of a free-threaded build */
	struct freeze *freeze; /* NULL: it is not held */
	struct frozen frozen;
	struct registers registers; /* of threads that are not held */
	char hold_why[128]; /* it is not held although it should be; "" */
	bool informed; /* debug information of the program's own file is there */
	bool stuck; /* frames of C functions were not found up to the outermost */
	struct hash seen; /* address of an object -> the first variable that it was */
	struct out out;
	int fd, spool; /* where the output goes in the end, and until then; -1 */
	int census; /* a file without a name that has the census; -1 */
	struct view view;
	struct drawing drawing; /* filled only if it is asked for */
	struct walk_head head;
	struct walk_end end;
};

/*
 * Open the output and begin the view; end it, when what was written must be there. They say
 * what is wrong; 0 or -errno.
 */
int walk_open_output(struct walk *walk);
int walk_close_output(struct walk *walk);

/*
 * Write all that is in a file to another, which is there as a whole or not at all. Not while
 * the process is held: it may be one to wait for, as a FIFO is. Says what is wrong; 0 or -errno.
 */
int walk_save(int from, const char *path);

/* The segment that holds an address. */
struct walk_place walk_place(struct walk *walk, uint64_t addr);

/* Find Python's threads. 0, -ESRCH, -ENOMEM. */
int walk_find_threads(struct walk *walk);

/* Make segments of what Python manages. Likewise. */
int walk_claim(struct walk *walk);

/* Who manages how much of the segments, and in how much of Python's is what. Likewise. */
void walk_layers(struct walk *walk, const struct walk_segment *at, size_t n);
int walk_python_memory(struct walk *walk);

/*
 * Objects by type: shown, and all of them kept for walk_save_census, which says what could not
 * be written. Likewise.
 */
int walk_census(struct walk *walk);
int walk_save_census(const struct walk *walk);

/* Python's threads, their frames and variables. 0, -ESRCH, -ENOMEM. */
int walk_threads(struct walk *walk);

/* What stands still between its frames. Likewise. */
int walk_suspended(struct walk *walk);

/* At which lines most of these stand. Likewise. */
int walk_stands(struct walk *walk, const struct pysuspended *at, size_t n);

/* Fill in function, file and line of show by its frame. */
void walk_name_frame(struct walk *walk, struct walk_frame *show);

/* What is asked for of a frame; vars is ended by pyvars_clear. As pyvars_frame. */
int walk_read_variables(struct walk *walk, const struct pyframe_at *frame, struct pyvars *vars);

/*
 * Show a frame and its variables; NULL: it ended before they were read. Of show, tid, depth,
 * frame and generator are filled in.
 */
void walk_show_frame(struct walk *walk, struct walk_frame *show, const struct pyvars *vars);

/*
 * Read the debug information that will be needed, while the process still runs: that takes
 * most of the time of a walk through C functions.
 */
void walk_warm_up(struct walk *walk);

/* Hold the process; what is in the way of that is in hold_why. And let it go. */
void walk_hold(struct walk *walk);
void walk_let_go(struct walk *walk);

/* Make segments of the stacks of threads that run, and of those that are held. */
void walk_name_stacks(struct walk *walk);

/* Where a thread's own memory is found: its control block, with its TLS below. 0: not known. */
uint64_t walk_fs_base(struct walk *walk, pid_t tid);

/*
 * Make segments of what the dynamic loader has taken for itself and for the first thread: of
 * what is nobody's once Python's is claimed, since the kernel may make one area of them.
 */
void walk_name_loader(struct walk *walk);

/* malloc's memory. 0, -ESRCH, -ENOMEM. */
int walk_heap(struct walk *walk);

/* Threads with the frames of C functions and their variables; globals. Likewise. */
int walk_native(struct walk *walk);

/* Save the picture, if it is asked for. Says what is wrong; 0 or -errno. */
int walk_save_drawing(struct walk *walk);

/* One sentence, to the view. */
void walk_note(struct walk *walk, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
