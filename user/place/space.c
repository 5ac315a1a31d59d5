// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* space.c - one process's address space: its beginning, and what the kernel's map says. */
#include "place/space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/page.h"
#include "target/proc.h"

void space_init(struct space *space, pid_t pid, struct images *images, struct intern *names,
		uint32_t *next_segment_id)
{
	static uint32_t next_number;

	*space = (struct space){ .pid = pid, .number = next_number++ };
	space->classify = (struct classify){ .pid = pid, .images = images, .names = names };
	segments_init(&space->segments, next_segment_id);
}

static void forget_threads(struct space *space)
{
	struct thread *thread;
	size_t at = 0;

	while ((thread = hash_next(&space->threads, &at, NULL)))
		free(thread);
	hash_clear(&space->threads);
}

void space_forget_code(struct space *space)
{
	void *known;
	size_t at = 0;

	while ((known = hash_next(&space->callers, &at, NULL)))
		free(known);
	hash_clear(&space->callers);
	jitmap_clear(&space->jitmap);
}

void space_clear(struct space *space)
{
	forget_threads(space);
	space_forget_code(space);
	hash_clear(&space->small_ints);
	classify_clear(&space->classify);
	segments_clear(&space->segments);
}

static struct code find_code(const struct space *space, const char *path)
{
	struct code code = { 0 };

	for (size_t i = 0; path && i < space->segments.n; i++) {
		const struct segment *at = &space->segments.at[i];

		if (at->kind != SEGMENT_TEXT || strcmp(at->name, path))
			continue;
		if (!code.end)
			code.start = at->start;
		code.end = at->end;
	}
	return code;
}

void space_know(struct space *space, const char *allocator, const char *python)
{
	space->allocator = find_code(space, allocator);
	space->python = find_code(space, python);
}

static bool still_runs(const struct space *space, const struct mw_event_exec *event)
{
	struct proc_layout now;

	return !proc_layout(space->pid, &now) && now.start_code == event->start_code &&
	       now.end_code == event->end_code && now.start_stack == event->start_stack &&
	       now.start_brk == event->start_brk;
}

/* What is left to say of a program that is gone already. */
static void add_from_event(struct space *space, const struct mw_event_exec *event)
{
	const struct segment code = { .start = PAGE_DOWN(event->start_code),
				      .end = PAGE_UP(event->end_code),
				      .name = intern(space->classify.names, event->file),
				      .kind = SEGMENT_TEXT,
				      .prot = PROT_READ | PROT_EXEC };
	/* above the environment: the file's name and 8 bytes of zero (fs/exec.c) */
	const struct segment stack = { .start = PAGE_DOWN(event->start_stack),
				       .end = PAGE_UP(event->env_end + strlen(event->file) + 9),
				       .name = "[stack]",
				       .kind = SEGMENT_STACK,
				       .prot = PROT_READ | PROT_WRITE };

	segments_cut(&space->segments, 0, UINT64_MAX, UINT64_MAX);
	if (code.start < code.end)
		segments_add(&space->segments, &code);
	if (stack.start < stack.end)
		segments_add(&space->segments, &stack);
}

void space_exec(struct space *space, const struct mw_event_exec *event)
{
	struct space fresh;

	forget_threads(space);
	space_forget_code(space);
	hash_clear(&space->small_ints);
	classify_clear(&space->classify);
	segments_cut(&space->segments, 0, UINT64_MAX, UINT64_MAX);
	space_init(&fresh, space->pid, space->classify.images, space->classify.names,
		   space->segments.next_id);
	fresh.segments = space->segments;
	*space = fresh;
	if (still_runs(space, event) && !space_sync(space, event->head.ts_ns) &&
	    still_runs(space, event))
		return;
	add_from_event(space, event);
}

struct thread *space_thread(struct space *space, uint32_t tid)
{
	struct thread *thread = hash_get(&space->threads, tid);

	if (thread)
		return thread;
	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return NULL;
	thread->tid = tid;
	if (!hash_set(&space->threads, tid, thread))
		return thread;
	free(thread);
	return NULL;
}

void space_thread_gone(struct space *space, uint32_t tid)
{
	free(hash_remove(&space->threads, tid));
}
