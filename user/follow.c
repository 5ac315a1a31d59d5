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

/* 0x030b from the file's Py_Version; older ones have none and need none here. */
static unsigned version_of(const struct image *image)
{
	static const char *const names[] = { "Py_Version" };
	struct elf_symbol symbol;
	uint32_t version;

	if (!elf_find(image->elf, names, 1, &symbol) ||
	    elf_read(image->elf, symbol.offset, &version, sizeof(version)) != sizeof(version))
		return 0x0300;
	return version >> 16;
}

/* Number the sites of a file: to BPF by register, to place by name. 0 or -errno. */
static int number_sites(const struct follow *follow, const struct site_book *book)
{
	const char *base = strrchr(book->image->path, '/');
	char name[256];
	int err = 0;

	for (size_t i = 0; i < book->sites.n && !err; i++) {
		const struct intsite *site = &book->sites.list[i];

		snprintf(name, sizeof(name), "%s+0x%llx",
			 site->function ? site->function : base ? base + 1 : book->image->path,
			 (unsigned long long)site->offset);
		if (site->function)
			snprintf(name, sizeof(name), "%s", site->function);
		err = place_add_maker(&follow->stream->place, name);
		if (!err)
			err = programs_set_intsite(follow->programs, book->first + i, site->reg);
	}
	return err;
}

/* The sites of a file, found at the first process that maps it. NULL: there are none. */
static const struct site_book *find_book(const struct follow *follow, const struct image *image)
{
	struct targets *targets = follow->targets;
	struct site_book *more, *book;

	for (size_t i = 0; i < targets->n_books; i++)
		if (targets->books[i].image == image)
			return targets->books[i].sites.n ? &targets->books[i] : NULL;
	more = reallocarray(targets->books, targets->n_books + 1, sizeof(*more));
	if (!more)
		return NULL;
	targets->books = more;
	book = &more[targets->n_books++];
	*book = (struct site_book){ .image = image, .first = follow->stream->place.n_makers };
	if (intsites_find(image->elf, version_of(image), &book->sites) ||
	    book->first + book->sites.n > MW_INTSITES || number_sites(follow, book))
		book->sites.n = 0;
	if (!book->sites.n) {
		stream_warn(follow->stream,
			    "no instruction that makes ints was found in %s (a debug build?): only "
			    "ints of the constructors it exports are seen",
			    image->path);
		return NULL;
	}
	log_detail("%zu instructions make ints in %s (%zu uses of the type not understood)",
		   book->sites.n, image->path, book->sites.unsure + book->sites.pops_unsure);
	return book;
}

/* Probe where the target's CPython makes its ints, inlined or not. */
static void probe_intsites(const struct follow *follow, struct target *target)
{
	const struct image *image = target->findings.python;
	const struct site_book *book;
	int err = 0, pid = target->proc.pid;

	if (!image || !programs_has_intsites(follow->programs))
		return;
	book = find_book(follow, image);
	if (!book)
		return;
	if (target->sites_of != image)
		err = attach_intsites(follow->attach, pid, image, &book->sites, book->first);
	if (!err)
		err = programs_set_target(follow->programs, pid, MW_TARGET_SITES);
	if (err) {
		stream_warn(follow->stream,
			    "only exported constructors of ints are seen in process %d: %s", pid,
			    strerror(-err));
		return;
	}
	target->sites_of = image;
	target->n_sites = book->sites.n;
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
	know_code(target);
	targets_log(target);
	probe_intsites(follow, target);
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
	if (err) {
		log_debug("process %d cannot be searched now: %s", (int)target->proc.pid,
			  strerror(-err));
		return;
	}
	log_debug("process %d: %zu functions found in %zu objects, allocator %s, %s",
		  (int)target->proc.pid, target->findings.n, target->findings.objects,
		  target->findings.allocator ? target->findings.allocator->path : "not found",
		  target->findings.settled ? "settled" : "the loader is at work");
	probe_intsites(follow, target);
	proc_refresh(&target->proc);
	know_code(target);
	warn_late(follow, target, fresh);
	for (size_t i = 0; i < target->findings.n; i++) {
		if (!fresh[i])
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
			    offset);
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

void follow_python(const struct follow *follow, struct target *target)
{
	struct pylayout_evidence evidence = { 0 };
	struct python *python = target->space ? &target->space->cpython : NULL;
	int err, pid = target->proc.pid;

	if (!follow->python || !python || python->found || target->ended ||
	    !target->findings.python || target->layouts >= LAYOUT_TRIES ||
	    now_ns() - target->layout_ns < LAYOUT_EVERY_NS)
		return;
	target->layouts++;
	target->layout_ns = now_ns();
	err = pylayout_find(pid, target->findings.python, target->findings.python_bias,
			    &python->layout, &python->objects, &evidence);
	if (!err && !(python->layout.has & (MW_PY_GIL_HOLDER | MW_PY_TSS | MW_PY_TLS)))
		err = -EAGAIN;
	python->deaths = programs_deaths(follow->programs);
	if (!err && (!python->deaths || watch_deaths(follow, target, python)))
		python->layout.has |= MW_PY_GUARD_ALL;
	if (!err)
		err = programs_set_pylayout(follow->programs, pid, &python->layout);
	python->found = !err;
	if (!err) {
		log_detail("Python %s in process %d: threads by %s; offsets by %s",
			   evidence.version, pid, evidence.threads, evidence.offsets);
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
		target->findings.settled = false;
		target->tries = 0;
		target->layouts = 0;
		programs_forget_pylayout(follow->programs, event->pid);
		programs_set_target(follow->programs, event->pid, 0);
		target->findings.allocator = target->findings.python = NULL;
		target->rescan = true;
		return true;
	case MW_MMAP:
		if (!(event->flags & MW_F_FILE) || event->flags & MW_F_FAILED ||
		    !(((const struct mw_event_map *)event)->prot & PROT_EXEC) ||
		    !targets_incomplete(follow->targets, target))
			return false;
		target->rescan = true;
		return true;
	default:
		return false;
	}
}
