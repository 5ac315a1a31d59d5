// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walk.c - the verb walk, through a running process: where everything lives in it, just now. */
#include "verb/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/clock.h"
#include "base/log.h"
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

static int open_output(struct walk *walk)
{
	const char *path = walk->options->output;
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : STDOUT_FILENO;
	int err = fd < 0 ? -errno : out_init(&walk->out, fd);

	if (err)
		log_error("cannot write %s: %s", path ? path : "standard output", strerror(-err));
	walk->view = (struct view){ .ops = walk->options->json ? &view_json : &view_text,
				    .out = &walk->out,
				    .pid = walk->options->pids[0],
				    .start_ns = now_ns(),
				    .all = walk->options->walk.all };
	return err;
}

/* The segments, and how much of them is resident. Says what is wrong. */
static int read_space(struct walk *walk)
{
	const pid_t pid = walk->options->pids[0];
	int err = place_add(&walk->place, pid, &walk->space);

	if (!err && walk->options->walk.freeze) {
		walk_warm_up(walk);
		walk_hold(walk);
		err = space_sync(walk->space, 0);
		segments_settle(&walk->space->segments);
	}
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
	int err = cpython_find(cpython, walk->space, &walk->place.names, &why);

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

/* Find Python, and make segments of what is Python's. */
static int take_python(struct walk *walk)
{
	int err;

	find_python(walk);
	begin(walk);
	if (walk->hold_why)
		walk_note(walk, "process %d is not held: %s", (int)walk->target->proc.pid,
			  walk->hold_why);
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

	if (before)
		show = count_segments(walk, before, n_before);
	if (!show)
		return -ENOMEM;
	walk->view.ops->segments(&walk->view, show, segments->n);
	if (walk->options->walk.svg)
		drawing_segments(&walk->drawing, show, segments->n);
	walk_layers(walk, show, segments->n);
	walk->end.segments = segments->n;
	walk->end.all = walk->residents.all;
	return err;
}

static void end(struct walk *walk, int err)
{
	walk->end.reason = err == -ESRCH || !proc_alive(&walk->target->proc) ?
				   "the process ended during the walk" :
			   err ? strerror(-err) : "complete";
	walk->end.ts_ns = now_ns();
	walk->end.retried += walk->cpython.retried;
	walk->end.torn += walk->cpython.torn;
	walk->view.ops->end(&walk->view, &walk->end);
}

static int look_around(struct walk *walk)
{
	int err = read_space(walk);

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
	if (!err)
		err = walk_heap(walk);
	if (!err && (!walk->python || walk->options->walk.native))
		err = walk_native(walk);
	walk_let_go(walk);
	end(walk, err);
	if (err && err != -ESRCH)
		return err;
	return walk_save_drawing(walk);
}

static void clear(struct walk *walk)
{
	void *seen;
	size_t at = 0;

	while ((seen = hash_next(&walk->seen, &at, NULL)))
		free(seen);
	hash_clear(&walk->seen);
	free(walk->threads);
	walk_let_go(walk);
	pymalloc_clear(&walk->pymalloc);
	mimalloc_clear(&walk->mimalloc);
	drawing_clear(&walk->drawing);
	cpython_clear(&walk->cpython);
	residents_clear(&walk->residents);
	place_clear(&walk->place);
	targets_clear(&walk->targets);
}

/* What was written must be there in the end. Says what is wrong; 0 or -errno. */
static int close_output(struct walk *walk)
{
	const int fd = walk->out.fd;
	int err = out_close(&walk->out);

	if (walk->options->output && close(fd) && !err)
		err = -errno;
	if (err && err != -EPIPE)
		log_error("cannot write %s: %s",
			  walk->options->output ? walk->options->output : "standard output",
			  strerror(-err));
	return err;
}

int verb_walk(const struct options *options)
{
	struct walk walk = { .options = options, .residents = { .pagemap = -1 } };
	int err;

	if (options->walk.diff)
		return walk_diff(options);
	err = targets_add(&walk.targets, options->pids[0], false);
	if (err)
		return 1;
	walk.target = walk.targets.at;
	place_init(&walk.place, &walk.targets.images);
	place_name_code(&walk.place, NULL);
	err = open_output(&walk);
	if (!err) {
		err = look_around(&walk);
		err = close_output(&walk) ? 1 : err;
	}
	clear(&walk);
	return err ? 1 : 0;
}
