/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * space.h - one process's address space as it was at each event.
 *
 * It begins as what /proc/PID/maps says and is then changed by the events of the same
 * stream whose addresses it places. Events from before the snapshot are applied to it
 * again: each leaves the state it left then, so the space is right from the last such
 * event on. Where events were lost, it is compared with /proc/PID/maps once more.
 */
#ifndef MWBPF_SPACE_H
#define MWBPF_SPACE_H

#include <mwbpf/event.h>

#include "place/classify.h"
#include "place/jitmap.h"
#include "place/pyint.h"
#include "place/segment.h"
#include "place/site.h"

/* A thread of the process, as far as placing needs it. */
struct thread {
	uint32_t tid;
	bool has_stack;		     /* its stack's segment has been named */
	uint64_t last_free;	     /* the address it freed last; 0 */
	uint64_t stack_lo, stack_hi; /* where its stack pointer was last found ... */
	uint64_t generation;	     /* ... in this state of the segments */
};

/* The text of one image, from its first to its last byte in the process. */
struct code {
	uint64_t start, end; /* 0, 0: not there */
};

struct space {
	pid_t pid;
	uint32_t number;	 /* of the program in it: a new one at each exec */
	struct segments segments;
	struct classify classify;
	struct hash threads;	 /* tid -> struct thread */
	struct hash callers;	 /* code address -> what native.c knows of it */
	struct jitmap jitmap;
	struct code allocator;	 /* whose mappings are the heap's, whose frees its own */
	struct code python;
	struct python cpython;	 /* how its frames are read */
	struct pyints ints;	 /* how its ints are read */
	struct hash small_ints;	 /* address of one of the interpreter's cache -> its value */
	uint64_t synced_ns;	 /* time of the event at the last comparison */
	uint32_t lost;		 /* events lost up to the last one applied */
	bool stale;		 /* a change of the map may have been among them */
};

void space_init(struct space *space, pid_t pid, struct images *images, struct intern *names,
		uint32_t *next_segment_id);
void space_clear(struct space *space);

/*
 * Compare with /proc/PID/maps: drop what is gone, add what is missing, correct
 * permissions. What is known of the rest is kept. 0, or -errno (-ESRCH: it has ended).
 */
int space_sync(struct space *space, uint64_t now_ns);

/* The same for a part of it. */
int space_sync_range(struct space *space, uint64_t start, uint64_t end, uint64_t now_ns);

/* Fill the hole at addr with the mapping that is there by now, if any. As space_sync. */
int space_look(struct space *space, uint64_t addr, uint64_t now_ns);

/*
 * The process runs another program: everything known is void. What /proc/PID/maps shows
 * counts only if it still runs that program; else the event itself says where the code,
 * the heap and the stack are.
 */
void space_exec(struct space *space, const struct mw_event_exec *event);

/*
 * Say which files are the allocator and CPython, by their paths; NULL: there is none. To
 * be said again when code was mapped.
 */
void space_know(struct space *space, const char *allocator, const char *python);

/* Forget what was known of its addresses of code. */
void space_forget_code(struct space *space);

static inline bool code_holds(const struct code *code, uint64_t addr)
{
	return addr >= code->start && addr < code->end;
}

/* Apply an event of group "map". */
void space_apply(struct space *space, const struct mw_event_map *event);
void space_apply_name(struct space *space, const struct mw_event_name *event);

/* The thread, made at its first mention; NULL without memory. */
struct thread *space_thread(struct space *space, uint32_t tid);
void space_thread_gone(struct space *space, uint32_t tid);

/* Name the stack of a thread whose stack pointer is known. */
void space_name_stack(struct space *space, uint32_t tid, uint64_t sp);

/* As space_name_stack, for all threads that are there and blocked just now. */
void space_name_stacks(struct space *space);

/*
 * Bytes of its stack a thread has in use when its stack pointer is sp; -1 when sp is
 * not in a stack known to be its own. Follows the growth of the main stack.
 */
int64_t space_stack_used(struct space *space, uint32_t tid, uint64_t sp);

#endif
