// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* stack.c - which segment is which thread's stack, and how much of it is in use. */
#include "place/space.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/page.h"
#include "target/proc.h"

/* The main stack may grow by this much unseen: no limit that people set is larger. */
#define STACK_REACH (1ULL << 30)

static bool can_be_stack(const struct segment *segment)
{
	return (segment->kind == SEGMENT_ANON || segment->kind == SEGMENT_THREAD_STACK) &&
	       segment->prot & PROT_WRITE;
}

void space_name_stack(struct space *space, uint32_t tid, uint64_t sp)
{
	struct thread *thread = space_thread(space, tid);
	const struct segment *segment = segments_find(&space->segments, sp);
	struct segment_edit edit = { .prot = -1, .kind = SEGMENT_THREAD_STACK, .tid = tid };

	if (thread)
		thread->has_stack = true;
	if (tid != (uint32_t)space->pid && segment && can_be_stack(segment))
		segments_edit(&space->segments, segment->start, segment->end, &edit);
}

void space_name_stacks(struct space *space)
{
	pid_t *tids;
	ssize_t n = proc_threads(space->pid, &tids);

	for (ssize_t i = 0; i < n; i++) {
		uint64_t sp, pc;

		if (proc_thread_waits(space->pid, tids[i], &sp, &pc))
			space_name_stack(space, tids[i], sp);
	}
	if (n >= 0)
		free(tids);
}

/* The kernel lets the main stack grow without a system call: below it nothing is mapped. */
static const struct segment *grow_main_stack(struct space *space, uint64_t sp)
{
	size_t index;
	const struct segment *above = segments_from(&space->segments, sp, &index);

	if (!above || above->kind != SEGMENT_STACK || above->start - sp > STACK_REACH)
		return NULL;
	segments_resize(&space->segments, above, PAGE_DOWN(sp), above->end);
	return segments_find(&space->segments, sp);
}

static bool is_stack_of(const struct segment *segment, uint32_t tid)
{
	return segment->kind == SEGMENT_STACK ||
	       (segment->kind == SEGMENT_THREAD_STACK && segment->tid == tid);
}

int64_t space_stack_used(struct space *space, uint32_t tid, uint64_t sp)
{
	struct thread *thread = space_thread(space, tid);
	const struct segment *segment;

	if (!thread || !sp)
		return -1;
	if (thread->generation == space->segments.generation && sp >= thread->stack_lo &&
	    sp < thread->stack_hi)
		return thread->stack_hi - sp;
	if (!thread->has_stack)
		space_name_stack(space, tid, sp);
	segment = segments_find(&space->segments, sp);
	if (!segment)
		segment = grow_main_stack(space, sp);
	if (!segment || !is_stack_of(segment, tid))
		return -1;
	thread->stack_lo = segment->start;
	thread->stack_hi = segment->end;
	thread->generation = space->segments.generation;
	return segment->end - sp;
}
