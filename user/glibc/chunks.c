// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* chunks.c - glibc's chunks in one piece of memory, from its first to its last. */
#include "glibc/chunks.h"

#include <errno.h>
#include <stdlib.h>

#define PREV_INUSE 1 /* the chunk before is not free */
#define IS_MMAPPED 2
#define NON_MAIN   4
#define FLAGS	   7

#define FENCE 16 /* bytes a fence says it has; the last one of a thread's heap says 0 */

/* An entry: size / 16 and the state in the low bits. */
#define STATE_BITS 3
#define SIZE_MOST  ((UINT64_C(1) << (32 - STATE_BITS + 4)) - 16)

_Static_assert(CHUNK_STATES <= 1 << STATE_BITS, "a state fits into its bits");

static const char *const names[CHUNK_STATES] = {
	"used", "free", "fastbin", "tcache", "top", "fence",
};

const char *chunk_state_name(enum chunk_state state)
{
	return names[state];
}

struct header {
	uint64_t prev_size, size;
};

/* A walk through a piece: the chunk at hand, and what is known of the one before. */
struct walk {
	struct window *window;
	const struct chunk_rules *rules;
	struct chunks *chunks;
	uint64_t at, last_size;
};

static bool add(struct chunks *chunks, uint64_t at, uint64_t size, enum chunk_state state)
{
	if (chunks->n == chunks->room) {
		const size_t room = chunks->room ? 2 * chunks->room : CHUNKS_STEP;
		uint32_t *packed = reallocarray(chunks->packed, room, sizeof(*packed));
		uint64_t *marks;

		if (!packed)
			return false;
		chunks->packed = packed;
		marks = reallocarray(chunks->marks, room / CHUNKS_STEP, sizeof(*marks));
		if (!marks)
			return false;
		chunks->marks = marks;
		chunks->room = room;
	}
	if (chunks->n % CHUNKS_STEP == 0)
		chunks->marks[chunks->n / CHUNKS_STEP] = at;
	chunks->packed[chunks->n++] = (uint32_t)(size >> 4 << STATE_BITS | state);
	chunks->end = at + size;
	return true;
}

/* The bit that says of a chunk whether it is in use is in the next one's header. */
static int settle_last(struct walk *walk, const struct header *header)
{
	struct chunks *chunks = walk->chunks;

	if (!chunks->n)
		return header->size & PREV_INUSE ? 0 : -EBADMSG;
	if (header->size & PREV_INUSE)
		return 0;
	if (header->prev_size != walk->last_size)
		return -EBADMSG;
	chunks_set_state(chunks, chunks->n - 1, CHUNK_FREE);
	return 0;
}

static bool fits(const struct walk *walk, uint64_t size)
{
	return size <= walk->rules->end - walk->at && size <= SIZE_MOST;
}

static int add_top(struct walk *walk, uint64_t size)
{
	if (size < CHUNK_HEADER || !fits(walk, size))
		return -EBADMSG;
	return add(walk->chunks, walk->at, size, CHUNK_TOP) ? 0 : -ENOMEM;
}

/*
 * Two at the end of a piece, of 16 bytes each; the second may say that it has none, and in
 * front of it the first may have become a part of the chunk before.
 */
static int add_fence(struct walk *walk, uint64_t size)
{
	const struct header *second;

	if (!size && fits(walk, FENCE))
		return add(walk->chunks, walk->at, FENCE, CHUNK_FENCE) ? 0 : -ENOMEM;
	if (!fits(walk, 2 * FENCE))
		return -EBADMSG;
	second = window_at(walk->window, walk->at + FENCE, sizeof(*second));
	if (!second || ((second->size & ~(uint64_t)FLAGS) != FENCE && second->size != PREV_INUSE))
		return -EBADMSG;
	return add(walk->chunks, walk->at, 2 * FENCE, CHUNK_FENCE) ? 0 : -ENOMEM;
}

/*
 * Add the chunk at hand. 1: go on behind it. A free chunk of a thread's arena may have lost
 * the bit that says so when it was merged.
 */
static int step(struct walk *walk, const struct header *header)
{
	const uint64_t size = header->size & ~(uint64_t)FLAGS;
	const int err = settle_last(walk, header);

	if (err || size % 16 || header->size & IS_MMAPPED ||
	    (walk->rules->main && header->size & NON_MAIN))
		return -EBADMSG;
	if (walk->at == walk->rules->top)
		return add_top(walk, size);
	if (size == FENCE || header->size == PREV_INUSE)
		return add_fence(walk, size);
	if (size < CHUNK_LEAST || !fits(walk, size))
		return -EBADMSG;
	if (walk->chunks->n >= walk->rules->most)
		return -E2BIG;
	walk->last_size = size;
	return add(walk->chunks, walk->at, size, CHUNK_USED) ? 1 : -ENOMEM;
}

/* A cache lies in an ordinary chunk, of one of these sizes: glibc 2.26, 2.30, 2.42. */
static bool may_be_cache(uint64_t size)
{
	return size == 0x250 || size == 0x290 || size == 0x300;
}

int chunks_read(struct window *window, const struct chunk_rules *rules, chunks_visit *visit,
		void *context, struct chunks *chunks, uint64_t *bad)
{
	struct walk walk = { window, rules, chunks, rules->start, 0 };
	int err;

	*chunks = (struct chunks){ .start = rules->start, .end = rules->start };
	do {
		const struct header *header = window_at(window, walk.at, sizeof(*header));

		*bad = walk.at;
		err = !header ? window->error : rules->start % 16 ? -EBADMSG : step(&walk, header);
		if (err > 0 && visit && may_be_cache(walk.last_size))
			visit(context, window, walk.at, walk.last_size);
		walk.at = chunks->end;
	} while (err > 0);
	if (err)
		chunks_clear(chunks);
	return err;
}

void chunks_clear(struct chunks *chunks)
{
	free(chunks->packed);
	free(chunks->marks);
	*chunks = (struct chunks){ 0 };
}

static struct chunk unpack(uint32_t packed, uint64_t at)
{
	return (struct chunk){ at, (uint64_t)(packed >> STATE_BITS) << 4,
			       packed & ((1 << STATE_BITS) - 1) };
}

bool chunks_next(const struct chunks *chunks, size_t *index, uint64_t *at, struct chunk *chunk)
{
	if (*index >= chunks->n)
		return false;
	if (!*index)
		*at = chunks->start;
	*chunk = unpack(chunks->packed[(*index)++], *at);
	*at += chunk->size;
	return true;
}

/* The last mark at or before an address that is in the piece. */
static size_t find_mark(const struct chunks *chunks, uint64_t addr)
{
	size_t lo = 0, hi = (chunks->n + CHUNKS_STEP - 1) / CHUNKS_STEP;

	while (hi - lo > 1) {
		const size_t mid = lo + (hi - lo) / 2;

		if (chunks->marks[mid] <= addr)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

int64_t chunks_find(const struct chunks *chunks, uint64_t addr, struct chunk *chunk)
{
	uint64_t at;
	size_t i;

	if (addr < chunks->start || addr >= chunks->end)
		return -ENOENT;
	i = find_mark(chunks, addr) * CHUNKS_STEP;
	at = chunks->marks[i / CHUNKS_STEP];
	while (i < chunks->n) {
		*chunk = unpack(chunks->packed[i], at);
		if (addr - at < chunk->size)
			return (int64_t)i;
		at += chunk->size;
		i++;
	}
	return -ENOENT;
}

void chunks_set_state(struct chunks *chunks, size_t index, enum chunk_state state)
{
	uint32_t *packed = &chunks->packed[index];

	*packed = (*packed >> STATE_BITS << STATE_BITS) | state;
}
