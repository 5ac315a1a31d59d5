// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* place.c - an event, and where everything it names lies. */
#include "place/place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* /proc/PID/maps is read again for a hole or after a loss, but not more often than this. */
#define SYNC_EVERY_NS 100000000ULL

static bool may_sync(const struct space *space, uint64_t now_ns)
{
	return now_ns - space->synced_ns >= SYNC_EVERY_NS;
}

void place_init(struct place *place, struct images *images)
{
	*place = (struct place){ .images = images };
	native_init(&place->native, &place->names);
}

void place_name_code(struct place *place, const char *debug_dir)
{
	place->native.on = true;
	place->native.naming.debug_dir = debug_dir;
}

void place_clear(struct place *place)
{
	struct space *space;
	size_t at = 0;

	while ((space = hash_next(&place->spaces, &at, NULL))) {
		space_clear(space);
		free(space);
	}
	hash_clear(&place->spaces);
	free(place->makers);
	sites_clear(&place->sites);
	native_clear(&place->native);
	intern_clear(&place->names);
}

int place_add(struct place *place, pid_t pid, struct space **out)
{
	struct space *space = calloc(1, sizeof(*space));
	int err;

	*out = space;
	if (!space)
		return -ENOMEM;
	space_init(space, pid, place->images, &place->names, &place->next_segment_id);
	err = space_sync(space, 0);
	if (!err)
		err = hash_set(&place->spaces, pid, space);
	if (err) {
		space_clear(space);
		free(space);
		*out = NULL;
		return err;
	}
	space_name_stacks(space);
	return 0;
}

int place_add_maker(struct place *place, const char *name)
{
	const char **more = reallocarray(place->makers, place->n_makers + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	place->makers = more;
	place->makers[place->n_makers++] = intern(&place->names, name);
	return 0;
}

struct space *place_space(const struct place *place, pid_t pid)
{
	return hash_get(&place->spaces, pid);
}

static bool is_allocation(unsigned kind)
{
	return kind >= MW_MALLOC && kind <= MW_MEMALIGN;
}

/*
 * The segment of what an event is about. A block or an object must be somewhere: where
 * there is a hole, a change of the map was missed.
 */
static const struct segment *find_segment(struct space *space, const struct mw_event *event)
{
	const uint64_t addr = placed_addr(event);
	const struct segment *segment = segments_find(&space->segments, addr);
	bool must_be = is_allocation(event->kind) || event->kind == MW_FREE ||
		       event->kind == MW_PYLONG;

	if (segment || !addr || !must_be || !may_sync(space, event->ts_ns))
		return segment;
	return space_look(space, addr, event->ts_ns) ? NULL
						     : segments_find(&space->segments, addr);
}

/* What the event did to the space, by group. */
static void apply(struct space *space, const struct mw_event *event)
{
	if ((int32_t)(event->lost - space->lost) > 0) {
		space->stale = true;
		space->lost = event->lost;
	}
	switch (event->kind) {
	case MW_VMA_NAME:
		space_apply_name(space, (const struct mw_event_name *)event);
		break;
	case MW_THREAD:
		/* the first push goes below the pointer it starts with */
		if (event->sp)
			space_name_stack(space, event->tid, event->sp - 1);
		break;
	case MW_THREAD_EXIT:
		space_thread_gone(space, event->tid);
		break;
	case MW_EXEC:
		space_exec(space, (const struct mw_event_exec *)event);
		break;
	case MW_MMAP ... MW_SHMDT:
		space_apply(space, (const struct mw_event_map *)event);
		break;
	}
	if (space->stale && may_sync(space, event->ts_ns))
		space->stale = space_sync(space, event->ts_ns) != 0;
}

/* Whether an allocation is at the address that the same thread freed just before. */
static bool is_reuse(struct space *space, const struct mw_event *event)
{
	struct thread *thread = space_thread(space, event->tid);
	bool reused;

	if (!thread)
		return false;
	if (event->kind == MW_FREE) {
		thread->last_free = event->addr;
		return false;
	}
	if (!is_allocation(event->kind) || event->flags & MW_F_FAILED)
		return false;
	reused = event->addr && event->addr == thread->last_free;
	if (reused)
		thread->last_free = 0;
	return reused;
}

uint64_t placed_addr(const struct mw_event *event)
{
	const struct mw_event_map *map = (const struct mw_event_map *)event;

	/* the break is the first address behind the heap */
	if (event->kind == MW_BRK)
		return map->result > 0 ? map->result - 1 : 0;
	return event->addr;
}

static void look_up(const struct mw_event *event, struct placed *placed)
{
	const struct segment *segment = find_segment(placed->space, event);

	placed->segment = (struct segment){ .name = "" };
	if (segment)
		placed->segment = *segment;
}

/*
 * The innermost frame in words: Python's, else the caller. A CPython's callers are its own
 * functions, of no interest but where a stack shows that no Python ran. At a system call
 * the caller is the word on top of the stack, which need not be an address to return to.
 */
static const char *find_at(struct place *place, const struct placed *placed)
{
	const struct mw_event *event = placed->event;
	const struct code_name *name;

	/* a frame of Python's that has no name is not stood in for by the interpreter's caller */
	if (placed->site && (placed->site->at || site_has_python(placed->site)))
		return placed->site->at;
	if (!event->caller || (!placed->site && placed->space->python.end))
		return NULL;
	name = native_find(&place->native, placed->space, event->caller, false);
	return name->called || event->kind < MW_MMAP || event->kind == MW_PYLONG ? name->at : NULL;
}

#define SMALL_BIAS 16 /* makes a pointer of a small int, none of which is below -5 */

/* The interpreter's own ints never change: each is read once. */
static void read_cached(struct space *space, uint64_t addr, struct pyint *value)
{
	uintptr_t known = (uintptr_t)hash_get(&space->small_ints, addr);
	long small;

	if (known) {
		*value = (struct pyint){ .state = PYINT_KNOWN };
		snprintf(value->text, sizeof(value->text), "%ld", (long)known - SMALL_BIAS);
		return;
	}
	pyint_read(space->pid, &space->ints, addr, value);
	if (value->state != PYINT_KNOWN)
		return;
	small = value->decimals ? LONG_MAX : strtol(value->text, NULL, 10);
	if (small >= -5 && small <= space->ints.small_most)
		hash_set(&space->small_ints, addr, (void *)(uintptr_t)(small + SMALL_BIAS));
	else
		value->state = PYINT_OLD;
}

static void find_value(struct space *space, const struct mw_event *event, struct pyint *value)
{
	if (event->kind != MW_PYLONG || event->flags & MW_F_FAILED)
		return;
	if (event->flags & MW_F_CACHED) {
		read_cached(space, event->addr, value);
		return;
	}
	hash_remove(&space->small_ints, event->addr); /* an int is made there: none of these */
	if (event->flags & MW_F_VALUE)
		pyint_decode(event->size, space->ints.tagged, &event->took_ns, 1, value);
	else if (event->flags & MW_F_LATER)
		value->state = PYINT_LATER;
	else
		pyint_unknown(value, "only its constructor's return is seen");
}

int place_event(struct place *place, const struct mw_event *event, struct placed *placed)
{
	struct space *space = place_space(place, event->pid);
	bool unmaps = event->kind == MW_MUNMAP || event->kind == MW_SHMDT;

	*placed = (struct placed){ .event = event, .space = space, .stack_used = -1 };
	if (!space)
		return -ESRCH;
	placed->program = space->number;
	if (event->kind == MW_STACK) {
		placed->site = sites_add(&place->sites, (const struct mw_event_stack *)event,
					 space, &place->native, &placed->new_site);
		return 0;
	}
	if (event->kind == MW_CODE) {
		sites_learn(&place->sites, (const struct mw_event_code *)event, &space->cpython,
			    &place->names);
		return 0;
	}
	if (event->flags & MW_F_SITE && event->aux < place->n_makers)
		placed->maker = place->makers[event->aux];
	placed->site = sites_find(&place->sites, event->stack);
	if (unmaps) /* what it was, not the hole that it leaves */
		look_up(event, placed);
	apply(space, event);
	if (!unmaps)
		look_up(event, placed);
	if (event->sp && event->kind != MW_FORK)
		placed->stack_used = space_stack_used(space, event->tid, event->sp);
	placed->reused = is_reuse(space, event);
	find_value(space, event, &placed->value);
	placed->at = find_at(place, placed);
	placed->by_allocator = code_holds(&space->allocator, event->caller);
	return 0;
}
