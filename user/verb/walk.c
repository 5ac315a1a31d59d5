// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walk.c - the verb walk, through a running process: where everything lives in it, just now. */
#include "verb/walk.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/clock.h"
#include "base/log.h"
#include "target/mem.h"
#include "version.h"
#include "verb/walkdiff.h"
#include "verb/walking.h"

#define NOTE_TEXT 512

struct walk_place walk_place(struct walk *walk, uint64_t addr)
{
	const struct segment *segment = segments_find(&walk->space->segments, addr);
	struct walk_place place = { .addr = addr, .segment = { .name = "" } };

	if (segment)
		place.segment = *segment;
	return place;
}

void walk_note(struct walk *walk, const char *format, ...)
{
	char text[NOTE_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	walk->view.ops->note(&walk->view, text);
}

/* The segments, and how much of them is resident. Says what is wrong. */
static int read_space(struct walk *walk)
{
	const pid_t pid = walk->options->pids[0];
	int err = place_add(&walk->place, pid, &walk->space);

	if (!err && walk->options->walk.freeze) {
		if (!walk->target->proc.bits32)
			walk_warm_up(walk);
		walk_hold(walk);
		err = space_sync(walk->space, 0);
	}
	if (!err)
		walk_name_stacks(walk);
	if (!err)
		err = residents_read(pid, &walk->residents);
	if (err == -ESRCH)
		log_error("process %d has ended, or has no memory of its own", (int)pid);
	else if (err == -EACCES || err == -EPERM)
		log_error("may not look into process %d (%s): run as root, or with CAP_SYS_PTRACE",
			  (int)pid, strerror(-err));
	else if (err)
		log_error("cannot read the memory map of process %d: %s", (int)pid,
			  strerror(-err));
	return err;
}

static void find_python(struct walk *walk)
{
	struct cpython *cpython = &walk->cpython;
	const char *why = NULL;
	int err = -ENOEXEC;

	if (walk->target->proc.bits32)
		why = "it is a 32-bit program, of which only the segments are read";
	else
		err = cpython_find(cpython, walk->space, &walk->place.names, &why);

	walk->python = !err;
	cpython->held = walk->freeze != NULL;
	walk->head.python = cpython->evidence.version[0] ? cpython->evidence.version : NULL;
	walk->head.python_file = cpython->image ? cpython->image->path : NULL;
	walk->head.python_why = err ? why : cpython->evidence.offsets;
}

static void begin(struct walk *walk)
{
	const struct proc *proc = &walk->target->proc;
	struct walk_head *head = &walk->head;
	static struct utsname kernel;

	uname(&kernel);
	head->pid = proc->pid;
	head->exe = proc->exe;
	head->argv = proc->argv;
	head->state = proc->state;
	head->frozen = walk->freeze != NULL;
	head->version = MWBPF_VERSION;
	head->kernel = kernel.release;
	head->start_ns = walk->view.start_ns;
	head->realtime_ns = clock_ns(CLOCK_REALTIME);
	walk->view.ops->begin(&walk->view, head);
	if (walk->cpython.idle)
		walk_note(walk, "no thread of process %d runs Python code: there are no frames",
			  (int)proc->pid);
	if (!walk->python)
		walk_note(walk, "no Python objects of process %d: %s%s%s%s", (int)proc->pid,
			  head->python_why, head->python ? " (" : "",
			  head->python ? head->python : "", head->python ? ")" : "");
}

/*
 * What is resident of the segments as they are now. To look at memory brings pages of files
 * into it: what was counted before stands, and only what is another segment since is counted.
 * The caller's; NULL without memory.
 */
static struct walk_segment *count_segments(const struct walk *walk,
					   const struct walk_segment *before, size_t n_before)
{
	const struct segments *segments = &walk->space->segments;
	struct walk_segment *counted = calloc(segments->n + 1, sizeof(*counted));
	size_t old = 0;

	for (size_t i = 0; i < segments->n && counted; i++) {
		const struct segment *at = &segments->at[i];

		while (old < n_before && before[old].segment.start < at->start)
			old++;
		if (old < n_before && before[old].segment.start == at->start &&
		    before[old].segment.end == at->end)
			counted[i] = before[old];
		else
			counted[i].known = residents_of(&walk->residents, at->start, at->end,
							&counted[i].bytes);
		counted[i].segment = *at;
	}
	return counted;
}

/* A thread's stack is found by its stack pointer, which of a running one only BPF knows. */
static void note_stacks(struct walk *walk)
{
	const struct segments *segments = &walk->space->segments;
	pid_t *tids __free = NULL;
	const ssize_t n = proc_threads(walk->target->proc.pid, &tids);
	ssize_t known = 1; /* the first thread's, which the kernel names */

	for (size_t i = 0; i < segments->n; i++)
		known += segments->at[i].kind == SEGMENT_THREAD_STACK;
	if (n > known && !walk->options->walk.freeze)
		walk_note(walk, "of threads that run (%zd of %zd) the stacks are not told from other "
			  "memory: with --freeze they are", n - known, n);
}

/* Find Python, and make segments of what is Python's. */
static int take_python(struct walk *walk)
{
	int err;

	find_python(walk);
	begin(walk);
	if (walk->hold_why[0])
		walk_note(walk, "process %d is not held: %s", (int)walk->target->proc.pid,
			  walk->hold_why);
	note_stacks(walk);
	if (!walk->python)
		return 0;
	err = walk_find_threads(walk);
	return err ? err : walk_claim(walk);
}

static int show_segments(struct walk *walk)
{
	const struct segments *segments = &walk->space->segments;
	const size_t n_before = segments->n;
	struct walk_segment *before __free = count_segments(walk, NULL, 0);
	struct walk_segment *show __free = NULL;
	int err = take_python(walk);

	if (!err)
		walk_name_loader(walk);
	if (before)
		show = count_segments(walk, before, n_before);
	if (!show)
		return -ENOMEM;
	walk->view.ops->segments(&walk->view, show, segments->n);
	drawing_segments(&walk->drawing, show, segments->n);
	walk_layers(walk, show, segments->n);
	walk->end.segments = segments->n;
	walk->end.all = walk->residents.all;
	return err;
}

static void end(struct walk *walk, int err)
{
	walk->end.reason = !proc_alive(&walk->target->proc) ?
				   "the process ended during the walk" :
			   err == -ESRCH ? "the process became another program during the walk" :
			   err ? strerror(-err) : "complete";
	walk->end.ts_ns = now_ns();
	walk->end.retried += walk->cpython.retried;
	walk->end.torn += walk->cpython.torn;
	walk->view.ops->end(&walk->view, &walk->end);
}

/* malloc's memory, and C functions where they are wanted. */
static int walk_c(struct walk *walk)
{
	int err = walk_heap(walk);

	if (!err && (!walk->python || walk->options->walk.native))
		err = walk_native(walk);
	return err;
}

static int look_around(struct walk *walk)
{
	int err = read_space(walk), also;

	if (err)
		return err;
	err = show_segments(walk);
	if (!err && walk->python)
		err = walk_python_memory(walk);
	if (!err && walk->python && walk->options->walk.census)
		err = walk_census(walk);
	if (!err && walk->python)
		err = walk_threads(walk);
	if (!err && walk->python)
		err = walk_suspended(walk);
	if (!err && !walk->target->proc.bits32)
		err = walk_c(walk);
	walk_let_go(walk);
	end(walk, err);
	if (err && err != -ESRCH)
		return err;
	err = walk_save_census(walk);
	also = walk_save_drawing(walk);
	return err ? err : also;
}

static void clear(struct walk *walk)
{
	void *seen;
	size_t at = 0;

	while ((seen = hash_next(&walk->seen, &at, NULL)))
		free(seen);
	hash_clear(&walk->seen);
	free(walk->threads);
	if (walk->census >= 0)
		close(walk->census);
	walk_let_go(walk);
	registers_clear(&walk->registers);
	pymalloc_clear(&walk->pymalloc);
	mimalloc_clear(&walk->mimalloc);
	drawing_clear(&walk->drawing);
	cpython_clear(&walk->cpython);
	residents_clear(&walk->residents);
	place_clear(&walk->place);
	targets_clear(&walk->targets);
	mem_release();
}

int verb_walk(const struct options *options)
{
	struct walk walk = { .options = options, .residents = { .pagemap = -1 }, .fd = -1, .spool = -1,
			     .census = -1,
			     .drawing = { .wanted = options->walk.svg || options->walk.png } };
	int err;

	signal(SIGXFSZ, SIG_IGN); /* what is too long for a file is an error like others */
	if (options->walk.diff)
		return walk_diff(options);
	mem_hold(options->pids[0]); /* else it is read as any other process */
	walk.targets.any_bits = true;
	err = targets_add(&walk.targets, options->pids[0], false);
	if (err) {
		mem_release();
		return 1;
	}
	walk.target = walk.targets.at;
	place_init(&walk.place, &walk.targets.images);
	place_name_code(&walk.place, NULL);
	/* one more is in the values of what has members */
	walk.place.native.reader.depth = options->walk.members + 1;
	err = walk_open_output(&walk);
	if (!err) {
		err = look_around(&walk);
		err = walk_close_output(&walk) ? 1 : err;
	}
	clear(&walk);
	return err ? 1 : 0;
}
