// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * walkstacks.c - memory that comes with threads and with being loaded.
 *
 * Before there is a malloc, glibc's loader maps pages for its records of objects and for the
 * first thread's TLS and control block (elf/dl-minimal-malloc.c, 2.36). Other threads have
 * theirs at the top of their stacks, and a guard below them (nptl/allocatestack.c).
 */
#include <sys/mman.h>

#include "base/clean.h"
#include "target/linkmap.h"
#include "target/proc.h"
#include "verb/walking.h"

/* The stack pointers of threads that are held, and of those that run, which /proc has not. */
void walk_name_stacks(struct walk *walk)
{
	const pid_t pid = walk->target->proc.pid;
	pid_t *tids __free = NULL;
	const ssize_t n = walk->freeze ? 0 : proc_threads(pid, &tids);

	for (size_t i = 0; i < walk->frozen.n; i++) {
		const struct frozen_thread *thread = &walk->frozen.threads[i];

		if (thread->sp)
			space_name_stack(walk->space, (uint32_t)thread->tid, thread->sp);
	}
	for (ssize_t i = 0; i < n; i++) {
		struct registers_thread thread;
		uint64_t sp, pc;

		if (tids[i] != pid && !proc_thread_waits(pid, tids[i], &sp, &pc) &&
		    !registers_read(&walk->registers, pid, tids[i], &thread) && thread.regs.rsp)
			space_name_stack(walk->space, (uint32_t)tids[i], thread.regs.rsp);
	}
	segments_settle(&walk->space->segments);
}

uint64_t walk_fs_base(struct walk *walk, pid_t tid)
{
	struct registers_thread thread;

	for (size_t i = 0; i < walk->frozen.n; i++)
		if (walk->frozen.threads[i].tid == tid && walk->frozen.threads[i].stopped)
			return walk->frozen.threads[i].regs.fs_base;
	if (registers_read(&walk->registers, walk->target->proc.pid, tid, &thread))
		return 0;
	return thread.regs.fs_base;
}

/*
 * The kernel makes one area of neighbours, and beside the loader's pages may lie memory of
 * anybody: what is larger than the loader's ever are is left as it is.
 */
#define LOADER_MOST (64 << 10)

static void name_anon(struct walk *walk, uint64_t addr, enum segment_kind kind, uint32_t tid)
{
	struct segments *segments = &walk->space->segments;
	const struct segment *segment = segments_find(segments, addr);
	const struct segment_edit edit = { .prot = -1, .kind = kind, .tid = tid };

	if (segment && segment->kind == SEGMENT_ANON && segment->prot & PROT_WRITE &&
	    segment->end - segment->start <= LOADER_MOST)
		segments_edit(segments, segment->start, segment->end, &edit);
}

static void name_guards(struct segments *segments)
{
	for (size_t i = 0; i + 1 < segments->n; i++) {
		const struct segment *guard = &segments->at[i], *stack = &segments->at[i + 1];
		const struct segment_edit edit = { .prot = -1,
						   .kind = SEGMENT_GUARD,
						   .tid = stack->tid };

		if (guard->kind == SEGMENT_ANON && !guard->prot &&
		    stack->kind == SEGMENT_THREAD_STACK && guard->end == stack->start)
			segments_edit(segments, guard->start, guard->end, &edit);
	}
}

void walk_name_loader(struct walk *walk)
{
	const pid_t pid = walk->target->proc.pid;
	uint64_t *nodes __free = NULL;
	const ssize_t n = walk->target->proc.bits32 ? 0 : linkmap_nodes(pid, &nodes);

	name_anon(walk, walk_fs_base(walk, pid), SEGMENT_TLS, (uint32_t)pid);
	for (ssize_t i = 0; i < n; i++)
		name_anon(walk, nodes[i], SEGMENT_LOADER, 0);
	name_guards(&walk->space->segments);
	segments_settle(&walk->space->segments);
}
