// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* roots.c - where a program keeps what it has not lost. */
#include "scan/roots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clean.h"
#include "base/page.h"
#include "glibc/glibcarena.h"

#define RED_ZONE 128 /* bytes below the stack pointer that a function may use: psABI 3.2.2 */

/*
 * What is kept of the stack of a thread that has ended: at its top glibc has what belongs to
 * the thread itself (struct pthread, static TLS), which stays for the next thread.
 */
#define TOP (2 * PAGE)

/* struct pthread of glibc 2.43 behind fs, and what may be in front of it. */
#define BEHIND_FS 2560
#define BEFORE_FS (4 * PAGE)

#define DATA_MOST (4 << 20) /* bytes of data that are searched for glibc's lists */

static void add(struct roots *roots, const struct sweep_range *range)
{
	struct sweep_range *more;

	if (range->start >= range->end)
		return;
	if (roots->n == roots->cap) {
		size_t cap = roots->cap ? roots->cap * 2 : 256;

		more = reallocarray(roots->at, cap, sizeof(*more));
		if (!more) {
			roots->error = -ENOMEM;
			return;
		}
		roots->at = more;
		roots->cap = cap;
	}
	roots->at[roots->n++] = *range;
}

/* The lowest stack pointer in a segment; 0: none is there. */
static uint64_t lowest_sp(const struct segment *segment, const struct frozen *frozen)
{
	uint64_t lowest = 0;

	for (size_t i = 0; i < frozen->n; i++) {
		uint64_t sp = frozen->threads[i].sp;

		if (sp >= segment->start && sp < segment->end && (!lowest || sp < lowest))
			lowest = sp;
	}
	if (!lowest && frozen->last_sp >= segment->start && frozen->last_sp < segment->end)
		lowest = frozen->last_sp;
	return lowest;
}

/* A thread may be elsewhere for a while: in a signal's handler with a stack of its own. */
static bool owner_lives(const struct segment *segment, const struct frozen *frozen)
{
	for (size_t i = 0; i < frozen->n; i++)
		if ((uint32_t)frozen->threads[i].tid == segment->tid || !frozen->threads[i].sp)
			return true;
	return false;
}

static void add_stack(struct roots *roots, const struct segment *segment,
		      const struct frozen *frozen)
{
	struct sweep_range range = { .start = segment->start, .end = segment->end };
	uint64_t sp = lowest_sp(segment, frozen);

	if (sp)
		range.start = sp - segment->start > RED_ZONE ? sp - RED_ZONE : segment->start;
	else if (!owner_lives(segment, frozen) && range.end - range.start > TOP)
		range.start = range.end - TOP;
	add(roots, &range);
}

/* A static program has the first thread's local storage where the heap begins. */
static void add_local(struct roots *roots, const struct segment *segment,
		      const struct frozen *frozen)
{
	for (size_t i = 0; i < frozen->n; i++) {
		uint64_t fs = frozen->threads[i].regs.fs_base;
		struct sweep_range range = { .start = segment->start, .end = fs + BEHIND_FS };

		if (fs < segment->start || fs >= segment->end)
			continue;
		if (fs - segment->start > BEFORE_FS)
			range.start = fs - BEFORE_FS;
		if (range.end > segment->end)
			range.end = segment->end;
		add(roots, &range);
	}
}

/*
 * The allocator's data, without its lists of free chunks: those lead to headers of chunks, of
 * which the first word belongs to the block in front, and a lost one would seem pointed to.
 */
static void add_allocator(struct roots *roots, const struct segment *segment,
			  const struct sweep_source *source)
{
	struct sweep_range range = { .start = segment->start, .end = segment->end };
	size_t size = range.end - range.start;
	uint8_t *bytes __free = size <= DATA_MOST ? malloc(size) : NULL;
	size_t got = bytes ? source->read(source->context, range.start, bytes, size) : 0;
	struct arena_state arena;

	if (arena_find_main(bytes, got, range.start, 0, &arena) >= 0) {
		range.skip_start = arena.addr;
		range.skip_end = arena.addr + arena.size;
	}
	add(roots, &range);
}

/* To read a device may have effects, and hangs with some. */
static bool is_device(const struct segment *segment)
{
	return !strncmp(segment->name, "/dev/", 5) && strncmp(segment->name, "/dev/zero", 9) &&
	       strncmp(segment->name, "/dev/shm/", 9);
}

/*
 * What is not writable now may have been: the loader protects a file's data once it is
 * relocated, and a static program's C library keeps pointers to blocks there.
 */
static bool may_keep(const struct segment *segment)
{
	bool was_writable = segment->kind == SEGMENT_DATA || segment->kind == SEGMENT_BSS ||
			    segment->kind == SEGMENT_ANON;

	return segment->prot & PROT_READ && (segment->prot & PROT_WRITE || was_writable) &&
	       !is_device(segment);
}

/* Which file the allocator is; NULL. */
static const char *allocator_name(const struct space *space)
{
	size_t index;
	const struct segment *code =
		space->allocator.end
			? segments_from(&space->segments, space->allocator.start, &index)
			: NULL;

	return code ? code->name : NULL;
}

int roots_find(const struct space *space, const struct frozen *frozen,
	       const struct sweep_source *source, bool unknown, struct roots *roots)
{
	const char *allocator = allocator_name(space);

	*roots = (struct roots){ 0 };
	for (size_t i = 0; i < space->segments.n; i++) {
		const struct segment *segment = &space->segments.at[i];
		const struct sweep_range whole = { .start = segment->start, .end = segment->end };
		struct sweep_range store = whole;

		if (!may_keep(segment))
			continue;
		switch (segment->kind) {
		case SEGMENT_HEAP:
		case SEGMENT_ARENA:
		case SEGMENT_MMAP_CHUNK:
			store.root = GRAPH_UNKNOWN;
			if (unknown)
				add(roots, &store);
			add_local(roots, segment, frozen);
			break;
		case SEGMENT_STACK:
		case SEGMENT_THREAD_STACK:
			add_stack(roots, segment, frozen);
			break;
		case SEGMENT_DATA:
			if (allocator && !strcmp(segment->name, allocator)) {
				add_allocator(roots, segment, source);
				break;
			}
			add(roots, &whole);
			break;
		default:
			add(roots, &whole);
		}
	}
	return roots->error;
}

void roots_clear(struct roots *roots)
{
	free(roots->at);
	*roots = (struct roots){ 0 };
}

void roots_sweep_registers(struct sweep *sweep, const struct frozen *frozen)
{
	for (size_t i = 0; i < frozen->n; i++)
		sweep_words(sweep, (const uint64_t *)&frozen->threads[i].regs,
			   sizeof(frozen->threads[i].regs) / sizeof(uint64_t), GRAPH_ROOT);
}
