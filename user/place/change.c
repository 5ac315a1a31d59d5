// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* change.c - what a system call did to an address space. */
#include "place/space.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include "base/page.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

/* Time of the call's entry: what it unmapped was born before. */
static uint64_t entry_ns(const struct mw_event *event)
{
	return event->ts_ns - event->took_ns;
}

/* CPython takes its arenas with mmap: 256 KiB up to 3.9, 1 MiB from 3.10 (obmalloc.c). */
static bool is_pymalloc_arena(const struct space *space, const struct mw_event_map *event)
{
	return (event->head.size == 256 << 10 || event->head.size == 1 << 20) &&
	       event->prot == (PROT_READ | PROT_WRITE) &&
	       code_holds(&space->python, event->head.caller);
}

/*
 * Of mappings the allocator makes: one block's own is that block, its header and what its
 * alignment costs, in whole pages; anything larger is a store for many blocks.
 */
static bool is_own_mapping(const struct mw_event_map *event)
{
	uint64_t asked = event->head.aux, size = event->head.size;

	return event->prot && size >= asked && (size - asked <= 2 * PAGE || size / 2 < asked);
}

/* What an anonymous private mapping is for. */
static enum segment_kind anonymous_kind(const struct space *space, const struct mw_event_map *event)
{
	if (event->head.flags & MW_F_IN_ALLOC)
		return is_own_mapping(event) ? SEGMENT_MMAP_CHUNK : SEGMENT_ARENA;
	if (event->map_flags & MAP_STACK)
		return SEGMENT_THREAD_STACK;
	/* a thread whose first call is free: glibc gives it an arena there and then */
	if (!event->prot && code_holds(&space->allocator, event->head.caller))
		return SEGMENT_ARENA;
	return is_pymalloc_arena(space, event) ? SEGMENT_PYMALLOC : SEGMENT_ANON;
}

/*
 * The event has the call's arguments; which file it was, only the kernel's map says. It
 * is read later than the call, so what it shows there must be that part of that file, by
 * its inode number where the event has one: another library may lie there by now.
 */
static void name_file(struct space *space, struct mapping *m, struct maps *maps, uint64_t inode)
{
	const struct mapping *now;

	m->name = "";
	if (maps_read(space->pid, maps))
		return;
	now = maps_find(maps, m->start);
	if (!now || !now->inode || (inode && now->inode != inode) ||
	    now->file_off + (m->start - now->start) != m->file_off)
		return;
	m->name = now->name;
	m->inode = now->inode;
	m->dev = now->dev;
}

static void apply_mmap(struct space *space, const struct mw_event_map *event)
{
	struct mapping m = { .start = event->head.addr,
			     .end = event->head.addr + PAGE_UP(event->head.size),
			     .file_off = event->file_off,
			     .prot = event->prot & (PROT_READ | PROT_WRITE | PROT_EXEC),
			     .shared = (event->map_flags & MAP_TYPE) != MAP_PRIVATE,
			     .name = "" };
	struct segment parts[CLASSIFY_MAX];
	struct maps maps = { 0 };
	size_t n;

	if (event->head.flags & MW_F_FILE)
		name_file(space, &m, &maps, event->old_size);
	n = classify(&space->classify, &m, parts);
	if (parts[0].kind == SEGMENT_ANON && event->head.flags & MW_F_FILE)
		parts[0].kind = SEGMENT_FILE; /* of a name that is not known any more */
	else if (parts[0].kind == SEGMENT_ANON)
		parts[0].kind = anonymous_kind(space, event);
	for (size_t i = 0; i < n; i++) {
		parts[i].born_ns = event->head.ts_ns;
		segments_add(&space->segments, &parts[i]);
	}
	maps_clear(&maps);
}

static void apply_mprotect(struct space *space, const struct mw_event_map *event)
{
	const struct segment_edit edit = {
		.prot = event->prot & (PROT_READ | PROT_WRITE | PROT_EXEC),
		.kind = -1,
	};

	segments_edit(&space->segments, event->head.addr,
		      event->head.addr + PAGE_UP(event->head.size), &edit);
}

static void apply_munmap(struct space *space, const struct mw_event_map *event)
{
	segments_cut(&space->segments, PAGE_DOWN(event->head.addr),
		     PAGE_UP(event->head.addr + event->head.size), entry_ns(&event->head));
}

/* The heap is [where it begins, break), in whole pages. */
static void apply_brk(struct space *space, const struct mw_event_map *event)
{
	struct segment heap = { .start = PAGE_UP(event->old_size),
				.end = PAGE_UP((uint64_t)event->result),
				.born_ns = event->head.ts_ns,
				.name = "[heap]",
				.kind = SEGMENT_HEAP,
				.prot = PROT_READ | PROT_WRITE };
	const struct segment *old = segments_find(&space->segments, heap.start);

	if (heap.end < heap.start)
		return;
	if (!old || old->kind != SEGMENT_HEAP) {
		if (heap.end > heap.start)
			segments_add(&space->segments, &heap);
		return;
	}
	if (heap.end == heap.start) {
		segments_cut(&space->segments, heap.start, old->end, UINT64_MAX);
		return;
	}
	if (heap.end > old->end) {
		segments_cut(&space->segments, old->end, heap.end, UINT64_MAX);
		old = segments_find(&space->segments, heap.start);
	}
	segments_resize(&space->segments, old, heap.start, heap.end);
}

/* What lay in [from, from + size), several mappings at times (6.17), now lies at to. */
static void move_segments(struct space *space, const struct mw_event_map *event, uint64_t size)
{
	uint64_t from = event->head.aux, to = event->head.addr;
	struct segment moved[64];
	size_t n = 0, index;

	segments_from(&space->segments, from, &index);
	for (; index < space->segments.n && n < 64 && space->segments.at[index].start < from + size;
	     index++) {
		struct segment part = space->segments.at[index];

		if (part.start < from)
			part.start = from;
		if (part.end > from + size)
			part.end = from + size;
		part.start = part.start - from + to;
		part.end = part.end - from + to;
		part.bias += to - from;
		part.born_ns = event->head.ts_ns;
		moved[n++] = part;
	}
	/* it may have grown on the way */
	if (n && moved[n - 1].end == to + size)
		moved[n - 1].end = to + PAGE_UP(event->head.size);
	if (event->old_size && !(event->map_flags & MREMAP_DONTUNMAP))
		segments_cut(&space->segments, from, from + PAGE_UP(event->old_size),
			     entry_ns(&event->head));
	segments_cut(&space->segments, to, to + PAGE_UP(event->head.size), UINT64_MAX);
	for (size_t i = 0; i < n; i++)
		segments_add(&space->segments, &moved[i]);
}

static void apply_mremap(struct space *space, const struct mw_event_map *event)
{
	uint64_t from = event->head.aux, to = event->head.addr;
	uint64_t old_size = PAGE_UP(event->old_size), size = PAGE_UP(event->head.size);
	const struct segment *last;

	if (to != from) {
		/* an old size of 0 maps shared pages a second time */
		move_segments(space, event, !old_size || size < old_size ? size : old_size);
		return;
	}
	if (size <= old_size) {
		segments_cut(&space->segments, to + size, from + old_size, UINT64_MAX);
		return;
	}
	segments_cut(&space->segments, from + old_size, to + size, UINT64_MAX);
	last = segments_find(&space->segments, from + old_size - 1);
	if (last)
		segments_resize(&space->segments, last, last->start, to + size);
}

/* The size of a System V segment is not in the call: it is what is mapped there now. */
static void apply_shmat(struct space *space, const struct mw_event_map *event)
{
	struct segment segment = { .start = event->head.addr,
				   .end = event->head.addr,
				   .born_ns = event->head.ts_ns,
				   .kind = SEGMENT_SHARED,
				   .shared = true };
	const struct mapping *m;
	struct maps maps;

	if (maps_read(space->pid, &maps))
		return;
	segment.prot = PROT_READ | (event->map_flags & SHM_RDONLY ? 0 : PROT_WRITE) |
		       (event->map_flags & SHM_EXEC ? PROT_EXEC : 0);
	m = maps_find(&maps, segment.start);
	if (m && m->start == segment.start)
		segment.name = intern(space->classify.names, m->name);
	for (; segment.name && m < maps.at + maps.n && m->start == segment.end &&
	       !strcmp(m->name, segment.name) && m->shared;
	     m++)
		segment.end = m->end;
	if (segment.end > segment.start)
		segments_add(&space->segments, &segment);
	maps_clear(&maps);
}

static void apply_shmdt(struct space *space, const struct mw_event_map *event)
{
	const struct segment *at = segments_find(&space->segments, event->head.addr);

	if (at && at->kind == SEGMENT_SHARED && at->start == event->head.addr)
		segments_cut(&space->segments, at->start, at->end, entry_ns(&event->head));
}

void space_apply(struct space *space, const struct mw_event_map *event)
{
	static void (*const apply[MW_KIND_MAX])(struct space *, const struct mw_event_map *) = {
		[MW_MMAP] = apply_mmap,	    [MW_MUNMAP] = apply_munmap,
		[MW_MREMAP] = apply_mremap, [MW_BRK] = apply_brk,
		[MW_MPROTECT] = apply_mprotect, [MW_SHMAT] = apply_shmat,
		[MW_SHMDT] = apply_shmdt,
	};

	/* one that failed half-way has changed what came before the obstacle */
	if (event->head.flags & MW_F_FAILED && event->head.kind == MW_MPROTECT)
		space_sync_range(space, PAGE_DOWN(event->head.addr),
				 PAGE_UP(event->head.addr + event->head.size), event->head.ts_ns);
	else if (!(event->head.flags & MW_F_FAILED) && apply[event->head.kind])
		apply[event->head.kind](space, event);
}

void space_apply_name(struct space *space, const struct mw_event_name *event)
{
	char name[MW_NAME_MAX + 8] = "";
	struct segment_edit edit = { .prot = -1, .kind = -1 };

	if (event->name[0])
		snprintf(name, sizeof(name), "[anon:%s]", event->name);
	edit.name = intern(space->classify.names, name);
	segments_edit(&space->segments, event->head.addr,
		      event->head.addr + PAGE_UP(event->head.size), &edit);
}
