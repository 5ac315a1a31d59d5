// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* glibcfind.c - the arenas of a process, found in the data of its files. */
#include "glibc/glibcfind.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clean.h"
#include "base/page.h"
#include "glibc/glibcpieces.h"
#include "target/mem.h"

#define ARENAS_MOST 8192
#define STEPS_MOST  (4 * ARENAS_MOST) /* along circles, those that lead nowhere among them */
#define MAINS_MOST  16 /* a libc each */
#define DATA_MOST   (64ULL << 20) /* bytes of a file's data that are looked through */
#define DATA_ALL    (1ULL << 30)  /* of all files */
#define DATA_PIECE  (1ULL << 16)

struct search {
	pid_t pid;
	const struct segments *segments;
	const struct residents *residents; /* NULL: not known */
	struct glibcheap *heap;
	unsigned n_mains;
	unsigned steps;	    /* along circles */
	uint64_t data_left; /* bytes that may still be looked through */
};

static struct heap_arena *add_arena(struct glibcheap *heap, const struct arena_state *state)
{
	struct heap_arena *more;

	more = reallocarray(heap->arenas, heap->n_arenas + 1, sizeof(*more));
	if (!more)
		return NULL;
	heap->arenas = more;
	heap->arenas[heap->n_arenas] = (struct heap_arena){ .state = *state };
	return &heap->arenas[heap->n_arenas++];
}

static bool is_known(const struct glibcheap *heap, uint64_t arena)
{
	for (size_t i = 0; i < heap->n_arenas; i++)
		if (heap->arenas[i].state.addr == arena)
			return true;
	return false;
}

/*
 * A main arena and those that follow it in the circle. -EBADMSG: it is none, or one of
 * another version, for its circle does not lead back to it.
 */
static int add_circle(struct search *search, const struct arena_state *first)
{
	struct arena_state at = *first, next;
	int err;

	if (!add_arena(search->heap, first))
		return -ENOMEM;
	while (search->heap->n_arenas < ARENAS_MOST && search->steps++ < STEPS_MOST) {
		err = arena_next(search->pid, first->addr, &at, &next);
		if (err)
			return err == -ENOENT ? 0 : err;
		if (is_known(search->heap, next.addr))
			return -EBADMSG;
		if (!add_arena(search->heap, &next))
			return -ENOMEM;
		at = next;
	}
	return -EBADMSG;
}

/* The data of a file, in one piece: what it has in it, and what is zeroed behind that. */
struct data {
	uint64_t start, end;
};

static bool next_data(const struct segments *segments, size_t *index, struct data *data)
{
	const struct segment *s;

	for (; *index < segments->n; ++*index) {
		s = &segments->at[*index];
		if (s->kind == SEGMENT_DATA || s->kind == SEGMENT_BSS)
			break;
	}
	if (*index == segments->n)
		return false;
	data->start = segments->at[*index].start;
	do
		data->end = segments->at[(*index)++].end;
	while (*index < segments->n && segments->at[*index].start == data->end &&
	       (segments->at[*index].kind == SEGMENT_DATA ||
		segments->at[*index].kind == SEGMENT_BSS));
	return true;
}

/* Whether there is anything but zeroes, as far as is known: else reading would touch it. */
static bool is_there(const struct search *search, uint64_t at, uint64_t len)
{
	struct residency bytes;

	return !search->residents || !residents_of(search->residents, at, at + len, &bytes) ||
	       bytes.resident + bytes.swapped;
}

/* Of a part that is there only in part, page by page. */
static void read_pages(const struct search *search, uint64_t at, uint8_t *bytes, uint64_t len)
{
	for (; len; len -= PAGE, at += PAGE, bytes += PAGE)
		if (is_there(search, at, PAGE))
			mem_read(search->pid, at, bytes, PAGE);
}

/* A page that cannot be read, or that nobody has touched, is zero. NULL: no memory. */
static uint8_t *read_data(const struct search *search, const struct data *data)
{
	const uint64_t start = PAGE_DOWN(data->start), end = PAGE_UP(data->end);
	uint8_t *bytes = calloc(1, end - start);
	uint64_t step;

	for (uint64_t at = start; bytes && at < end; at += step) {
		step = end - at < DATA_PIECE ? end - at : DATA_PIECE;
		if (is_there(search, at, step))
			read_pages(search, at, bytes + (at - start), step);
	}
	return bytes;
}

/* The parameters lie beside the main arena whose memory is the program's heap. */
static void find_params(struct search *search, const uint8_t *bytes, size_t len)
{
	struct data heap;

	if (search->heap->params.known || !pieces_brk(search->segments, &heap.start, &heap.end))
		return;
	arena_find_params(bytes, len, heap.start, heap.end, &search->heap->params);
}

static int look_through(struct search *search, const struct data *data)
{
	const size_t len = PAGE_UP(data->end) - PAGE_DOWN(data->start);
	uint8_t *bytes __free = read_data(search, data);
	struct arena_state arena;
	int64_t at = -(int64_t)sizeof(uint64_t);
	size_t n;
	int err = bytes ? 0 : -ENOMEM;

	while (!err && search->n_mains < MAINS_MOST && search->steps < STEPS_MOST) {
		at = arena_find_main(bytes, len, PAGE_DOWN(data->start), at + sizeof(uint64_t), &arena);
		if (at < 0)
			break;
		n = search->heap->n_arenas;
		err = add_circle(search, &arena);
		if (!err) {
			search->n_mains++;
			find_params(search, bytes, len);
		} else if (err == -EBADMSG || err == -EFAULT) {
			search->heap->n_arenas = n;
			err = 0;
		}
	}
	return err;
}

static int find_arenas(struct search *search)
{
	struct data data;
	size_t index = 0;
	int err = 0;

	while (!err && next_data(search->segments, &index, &data)) {
		const uint64_t len = data.end - data.start;

		if (len > DATA_MOST || len > search->data_left)
			continue;
		search->data_left -= len;
		err = look_through(search, &data);
	}
	return err ? err : search->heap->n_arenas ? 0 : -ENOENT;
}

int glibcfind_arenas(pid_t pid, const struct segments *segments, const struct residents *residents,
		     struct glibcheap *heap)
{
	struct search search = { .pid = pid,
				 .segments = segments,
				 .residents = residents,
				 .heap = heap,
				 .data_left = DATA_ALL };

	return find_arenas(&search);
}
