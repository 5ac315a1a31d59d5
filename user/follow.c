// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* follow.c - a target's code, from the first search to what it maps and executes later. */
#include "follow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/log.h"
#include "target/mem.h"

static void know_code(struct target *target)
{
	const struct image *allocator = target->findings.allocator;
	const struct image *python = target->findings.python;

	if (target->space)
		space_know(target->space, allocator ? allocator->path : NULL,
			   python ? python->path : NULL);
}

/* A launched program may still load its allocator; a running one has it or is of no use. */
static int judge_target(const struct follow *follow, const struct target *target)
{
	int pid = target->proc.pid;

	if (proc_stopped(&target->proc) && !target->launched)
		stream_warn(follow->stream,
			    "process %d is stopped: no events until it is continued (SIGCONT)", pid);
	if (!(follow->targets->families & 1u << MW_FAMILY_ALLOC) || target->findings.allocator)
		return 0;
	if (target->launched) {
		stream_warn(follow->stream,
			    "%s has no allocator with symbols (static and stripped?): no blocks "
			    "will be seen",
			    target->proc.exe);
		return 0;
	}
	log_error("process %d has no allocator with symbols (%s: static and stripped?): nothing to "
		  "probe; try --events map",
		  pid, target->proc.exe);
	return -ENOENT;
}

/* The instructions that make ints and cannot be probed: how many more like the first. */
static size_t more_refused(struct refusals *refusals, const struct refusal *first)
{
	size_t n = 0;

	for (struct refusal *each = refusals->at; each < refusals->at + refusals->n; each++) {
		if (each->said || !each->site || each->pid != first->pid ||
		    each->image != first->image)
			continue;
		each->said = true;
		n++;
	}
	return n;
}

/* Name every probe that could not be put. */
static void warn_refused(const struct follow *follow)
{
	struct refusals *refusals = &follow->attach->refusals;

	for (size_t i = 0; i < refusals->n; i++) {
		struct refusal *each = &refusals->at[i];

		if (each->said)
			continue;
		each->said = true;
		if (each->site)
			stream_warn(follow->stream,
				    "some ints of process %d are not seen: the instruction in %s of %s "
				    "cannot be probed, nor %zu others: %s",
				    (int)each->pid, follow->stream->place.makers[each->number],
				    each->image->path, more_refused(refusals, each),
				    refusal_why(each->error));
		else
			stream_warn(follow->stream, "calls of %s in %s are not seen in process %d: %s",
				    probe_rows[each->number].symbol, each->image->path,
				    (int)each->pid, refusal_why(each->error));
	}
}

int follow_begin(const struct follow *follow, struct target *target)
{
	bool fresh[MW_PROBE_MAX];
	int err = targets_probe(follow->targets, target, follow->attach, fresh);

	if (!err)
		err = place_add(&follow->stream->place, target->proc.pid, &target->space);
	if (err == -ESRCH)
		log_error("process %d ended while it was being attached to",
			  (int)target->proc.pid);
	else if (err == -ENOMEM)
		log_error("out of memory while process %d was being attached to",
			  (int)target->proc.pid);
	if (err)
		return err;
	target->first_program = target->space->number;
	know_code(target);
	targets_log(target);
	ints_probe(follow->ints, target);
	warn_refused(follow);
	follow_python(follow, target);
	return judge_target(follow, target);
}

/* The file of a fresh probe was mapped a moment ago: what it did till now is not known. */
static void warn_late(const struct follow *follow, const struct target *target, const bool *fresh)
{
	const struct image *said = NULL;

	for (size_t i = 0; i < target->findings.n; i++) {
		const struct image *image = target->findings.at[i].image;

		if (!fresh[i] || image == said)
			continue;
		said = image;
		stream_warn(follow->stream,
			    "process %d mapped %s while it was traced: calls into it are seen only "
			    "from now on",
			    (int)target->proc.pid, image->path);
	}
}

void follow_new_code(const struct follow *follow, struct target *target)
{
	bool fresh[MW_PROBE_MAX];
	struct sink_probe words;

	int err;

	if (target->ended)
		return;
	err = targets_probe(follow->targets, target, follow->attach, fresh);
	if (err == -ESRCH && target->unsearched) {
		target->unsearched = false;
		stream_warn(follow->stream,
			    "process %d ended before the program that it executed could be searched "
			    "for functions to probe: what it called is not seen, or in part",
			    (int)target->proc.pid);
	}
	if (err) {
		log_debug("process %d cannot be searched now: %s", (int)target->proc.pid,
			  strerror(-err));
		return;
	}
	log_debug("process %d: %zu functions found in %zu objects, allocator %s, %s",
		  (int)target->proc.pid, target->findings.n, target->findings.objects,
		  target->findings.allocator ? target->findings.allocator->path : "not found",
		  target->findings.settled ? "settled" : "the loader is at work");
	target->unsearched = target->unsearched && !target->findings.settled;
	ints_probe(follow->ints, target);
	warn_refused(follow);
	proc_refresh(&target->proc);
	know_code(target);
	warn_late(follow, target, fresh);
	for (size_t i = 0; i < target->findings.n; i++) {
		if (!fresh[i] ||
		    attach_refused(follow->attach, target->proc.pid, &target->findings.at[i]))
			continue;
		targets_describe_probe(target, &target->findings.at[i], &words);
		stream_probe(follow->stream, &words);
	}
}

#define LAYOUT_TRIES 2000
#define LAYOUT_EVERY_NS 2000000ULL

/* struct _typeobject, Include/cpython/object.h of 3.6 to 3.15 */
#define TP_DEALLOC 40 /* beyond ob_type, whose place is known */

/*
 * See code objects die, so that BPF need not look at each of them in each stack. The
 * interpreter keeps the function that frees them in their type.
 */
static int watch_deaths(const struct follow *follow, const struct target *target,
			const struct python *python)
{
	const struct findings *findings = &target->findings;
	const struct image *image = findings->python;
	uint64_t field = python->objects.code_type + python->layout.type_of + TP_DEALLOC;
	uint64_t function;
	int64_t offset;
	int err = mem_read(target->proc.pid, field, &function, sizeof(function));

	if (err)
		return err;
	offset = elf_offset(image->elf, function - findings->python_bias);
	if (offset < 0)
		return offset;
	return attach_place(follow->attach, target->proc.pid, image, follow->attach->code_dies,
			    offset, function);
}

/* Have each code object looked at in every stack no more. 0 or -errno: they go on to be. */
static int see_deaths(const struct follow *follow, const struct target *target,
		      struct python *python)
{
	struct mw_pylayout layout = python->layout;
	int err;

	python->deaths = programs_deaths(follow->programs);
	err = python->deaths ? watch_deaths(follow, target, python) : -ENOTSUP;
	layout.has &= ~MW_PY_GUARD_ALL;
	if (!err)
		err = programs_set_pylayout(follow->programs, target->proc.pid, &layout);
	if (!err)
		python->layout = layout;
	return err;
}

static const char *why_not(const struct mw_pylayout *layout)
{
	/* co_tlbc, Include/cpython/code.h */
	if (layout->has & MW_PY_FREE_THREADED)
		return "free-threaded from 3.14 on, where each thread has a copy of the code";
	return "this version is not known";
}

/* What is less of some builds. */
static void warn_build(const struct follow *follow, int pid, const struct mw_pylayout *layout)
{
	if (layout->has & MW_PY_FREE_THREADED)
		stream_warn(follow->stream,
			    "process %d runs a free-threaded CPython: its objects come from an "
			    "allocator of its own (mimalloc), whose blocks are not seen; ints, maps "
			    "and calls of malloc by C are",
			    pid);
}

bool follow_awaits_python(const struct follow *follow, const struct target *target)
{
	return follow->python && target->space && !target->space->cpython.found && !target->ended &&
	       target->findings.python && target->layouts < LAYOUT_TRIES;
}

void follow_python(const struct follow *follow, struct target *target)
{
	struct pylayout_evidence evidence = { 0 };
	struct python *python = target->space ? &target->space->cpython : NULL;
	int err, unseen, pid = target->proc.pid;

	if (!follow_awaits_python(follow, target) ||
	    now_ns() - target->layout_ns < LAYOUT_EVERY_NS)
		return;
	target->layouts++;
	target->layout_ns = now_ns();
	err = pylayout_find(pid, target->findings.python, target->findings.python_bias,
			    &python->layout, &python->objects, &evidence);
	/* the BPF programs do not know which copy of the code a thread runs */
	if (!err && python->layout.code_copies)
		err = -ENOTSUP;
	if (!err && !(python->layout.has & (MW_PY_GIL_HOLDER | MW_PY_TSS | MW_PY_TLS)))
		err = -EAGAIN;
	/* stacks from now on: the probe takes ten milliseconds, half of a small program's life */
	python->layout.has |= MW_PY_GUARD_ALL;
	if (!err)
		err = programs_set_pylayout(follow->programs, pid, &python->layout);
	python->found = !err;
	if (!err) {
		unseen = see_deaths(follow, target, python);
		log_detail("Python %s in process %d: threads by %s; offsets by %s",
			   evidence.version, pid, evidence.threads, evidence.offsets);
		if (unseen)
			log_detail("code objects of process %d are looked at in every stack: "
				   "their ends cannot be probed (%s)", pid, strerror(-unseen));
		warn_build(follow, pid, &python->layout);
		return;
	}
	/* what does not hold yet may be an interpreter that is being set up */
	if (err == -ENOTSUP || target->layouts == LAYOUT_TRIES) {
		target->layouts = LAYOUT_TRIES;
		warn_build(follow, pid, &python->layout);
		stream_warn(follow->stream, "no Python stacks of process %d: %s (%s)", pid,
			    err == -ENOTSUP ? why_not(&python->layout) : strerror(-err),
			    evidence.version);
	}
}

bool follow_notice(const struct follow *follow, const struct mw_event *event)
{
	struct target *target = targets_find(follow->targets, event->pid);

	if (!target)
		return false;
	switch (event->kind) {
	case MW_EXIT:
		target->status = event->aux;
		return false;
	case MW_EXEC:
		target->findings.n = 0; /* of the program before */
		target->unsearched = true;
		target->findings.settled = false;
		target->tries = 0;
		target->layouts = 0;
		target->ints_of = NULL;
		target->book = NULL;
		target->no_book = NULL;
		target->doubted = false;
		programs_forget_pylayout(follow->programs, event->pid);
		programs_set_target(follow->programs, event->pid, 0);
		target->findings.allocator = target->findings.python = NULL;
		target->rescan = true;
		return true;
	case MW_MMAP:
		if (!(event->flags & MW_F_FILE) || event->flags & MW_F_FAILED ||
		    !(((const struct mw_event_map *)event)->prot & PROT_EXEC))
			return false;
		/* a file may have been found to be the allocator before this event came */
		know_code(target);
		if (!targets_incomplete(follow->targets, target))
			return false;
		target->rescan = true;
		return true;
	default:
		return false;
	}
}
