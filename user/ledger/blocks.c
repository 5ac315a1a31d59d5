// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* blocks.c - the table of live blocks, by process and address. */
#include "ledger/blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/hash.h"
#include "base/page.h"

/*
 * Robin hood hashing (Pedro Celis, 1986) with linear probing and backward-shift
 * deletion (Emmanuel Goossens, 2013): along the slots the homes only rise, so a look-up
 * ends at the first slot that is nearer to its home than the searched one would be.
 */
#define SHARDS 64
#define SMALLEST 16		   /* slots of a shard */
#define MAPPED ((size_t)32 * 1024) /* bytes of slots from which on they are mapped */
#define HUGE ((size_t)2 * 1024 * 1024)
#define SLOT_LIMIT ((size_t)1 << 56) /* a place for blocks_next is shard times this, plus slot */

/* Per cent of the slots in use: grown above, shrunk below, and shrunk to. */
#define FULL 85
#define SPARSE 64
#define SHRUNK 74

_Static_assert(sizeof(struct block) == 40, "nothing between the fields");

struct shard {
	struct block *slots;
	size_t cap;   /* slots */
	size_t count; /* of them in use */
};

struct blocks {
	size_t count;
	size_t memory;
	struct shard shards[SHARDS];
};

/*
 * What blocks_new begins with: addresses come from targets and from files, and could be chosen
 * so that all fall on one place.
 */
static uint64_t secret;

/* The finalizer of MurmurHash3 (Austin Appleby), process and address mixed before. */
static uint64_t hash_of(uint32_t process, uint64_t addr)
{
	uint64_t h = addr + process * 0x9e3779b97f4a7c15 + secret;

	h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53;
	return h ^ h >> 33;
}

/* The top bits of the hash choose the slot, the low ones the shard. */
static size_t home(const struct shard *shard, uint64_t hash)
{
	return (unsigned __int128)hash * shard->cap >> 64;
}

static size_t next_slot(const struct shard *shard, size_t at)
{
	return at + 1 == shard->cap ? 0 : at + 1;
}

/* How far the block in a slot is from its home. */
static size_t distance(const struct shard *shard, size_t at)
{
	const struct block *slot = &shard->slots[at];
	size_t from = home(shard, hash_of(slot->process, slot->addr));

	return at >= from ? at - from : at + shard->cap - from;
}

/* Whether there is such a block, and in *at its slot or the one where it would go. */
static bool locate(const struct shard *shard, uint32_t process, uint64_t addr, size_t *at)
{
	size_t i = home(shard, hash_of(process, addr));

	for (size_t far = 0;; far++) {
		const struct block *slot = &shard->slots[i];

		*at = i;
		if (!slot->addr)
			return false;
		if (slot->addr == addr && slot->process == process)
			return true;
		/* No block is nearer than at home: not to ask there saves a tenth of a find. */
		if (far && distance(shard, i) < far)
			return false;
		i = next_slot(shard, i);
	}
}

/* Into the slot locate gave; what is there moves on, and so on to the next empty one. */
static void insert_at(struct shard *shard, size_t at, const struct block *block)
{
	struct block carried = *block;

	while (carried.addr) {
		struct block there = shard->slots[at];

		shard->slots[at] = carried;
		carried = there;
		at = next_slot(shard, at);
	}
	shard->count++;
}

/* Blocks behind the hole that are not at their home move up by one. */
static void remove_at(struct shard *shard, size_t at)
{
	size_t next = next_slot(shard, at);

	while (shard->slots[next].addr && distance(shard, next) > 0) {
		shard->slots[at] = shard->slots[next];
		at = next;
		next = next_slot(shard, at);
	}
	shard->slots[at] = (struct block){ 0 };
	shard->count--;
}

/*
 * Mapped, so that what a shard outgrew goes back to the kernel at once and does not
 * stay as holes of the heap, which would count against the bound as well.
 */
static struct block *get_slots(size_t cap)
{
	size_t bytes = cap * sizeof(struct block);
	void *at;

	if (bytes < MAPPED)
		return calloc(1, bytes);
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return NULL;
	if (bytes >= HUGE) /* a find at 10M blocks: 157 ns; 181 without */
		madvise(at, bytes, MADV_HUGEPAGE);
	return at;
}

static void put_slots(struct shard *shard)
{
	size_t bytes = shard->cap * sizeof(struct block);

	if (bytes < MAPPED)
		free(shard->slots);
	else
		munmap(shard->slots, bytes);
}

/*
 * Fill an empty shard from another. The old slots are in the order of the old homes, so
 * nearly always of the new ones too: then a block goes to its home or right behind the
 * one before. The others are those of one old home in the wrong order, and what does
 * not fit at the end. With growth, 1M puts take 160 ns each; 210 when every block is
 * inserted anew.
 */
static void refill(struct shard *to, const struct shard *from)
{
	size_t first = 0, last_home = 0, next = 0;

	/* What did not fit at the end is at the start, and is the last in that order. */
	while (first < from->cap && from->slots[first].addr && distance(from, first) > first)
		first++;
	for (size_t n = 0; n < from->cap; n++) {
		size_t i = first + n < from->cap ? first + n : first + n - from->cap;
		const struct block *slot = &from->slots[i];
		size_t at = home(to, hash_of(slot->process, slot->addr));

		if (!slot->addr)
			continue;
		if (at >= last_home && next < to->cap) {
			last_home = at;
			next = at < next ? next : at;
			to->slots[next++] = *slot;
			to->count++;
			continue;
		}
		locate(to, slot->process, slot->addr, &at);
		insert_at(to, at, slot);
		next += next < to->cap && to->slots[next].addr;
	}
}

/* Move a shard to about cap slots: what whole pages hold, when they are mapped. */
static int resize(struct blocks *blocks, struct shard *shard, size_t cap)
{
	struct shard fresh = { .cap = cap };

	if (cap * sizeof(struct block) >= MAPPED)
		fresh.cap = PAGE_DOWN(cap * sizeof(struct block)) / sizeof(struct block);
	fresh.slots = get_slots(fresh.cap);
	if (!fresh.slots)
		return -ENOMEM;
	refill(&fresh, shard);
	put_slots(shard);
	blocks->memory += (fresh.cap - shard->cap) * sizeof(struct block);
	*shard = fresh;
	return 0;
}

/*
 * Without memory the shard stays as it is. A shard shrunk to 74 % of use shrinks again
 * after a seventh of its blocks is gone, or grows after a seventh has come, so puts and
 * takes in turn do not resize it each time.
 */
static void shrink(struct blocks *blocks, struct shard *shard)
{
	size_t cap = shard->count * 100 / SHRUNK;

	if (cap < SMALLEST)
		cap = SMALLEST;
	if (shard->count * 100 < shard->cap * SPARSE && cap < shard->cap)
		resize(blocks, shard, cap);
}

struct blocks *blocks_new(void)
{
	struct blocks *blocks = calloc(1, sizeof(*blocks));

	if (!blocks)
		return NULL;
	if (!secret)
		secret = hash_scatter(1);
	blocks->memory = sizeof(*blocks);
	for (size_t i = 0; i < SHARDS; i++) {
		if (resize(blocks, &blocks->shards[i], SMALLEST)) {
			blocks_free(blocks);
			return NULL;
		}
	}
	return blocks;
}

void blocks_free(struct blocks *blocks)
{
	if (!blocks)
		return;
	for (size_t i = 0; i < SHARDS; i++)
		put_slots(&blocks->shards[i]);
	free(blocks);
}

static struct shard *shard_of(const struct blocks *blocks, uint32_t process, uint64_t addr)
{
	return (struct shard *)&blocks->shards[hash_of(process, addr) % SHARDS];
}

int blocks_put(struct blocks *blocks, const struct block *block, struct block *old, bool *replaced)
{
	struct shard *shard = shard_of(blocks, block->process, block->addr);
	size_t at;

	*replaced = false;
	if (!block->addr)
		return -EINVAL;
	if (locate(shard, block->process, block->addr, &at)) {
		*old = shard->slots[at];
		shard->slots[at] = *block;
		*replaced = true;
		return 0;
	}
	if ((shard->count + 1) * 100 > shard->cap * FULL) {
		if (resize(blocks, shard, shard->cap + shard->cap / 4))
			return -ENOMEM;
		locate(shard, block->process, block->addr, &at);
	}
	insert_at(shard, at, block);
	blocks->count++;
	return 0;
}

const struct block *blocks_find(const struct blocks *blocks, uint32_t process, uint64_t addr)
{
	const struct shard *shard = shard_of(blocks, process, addr);
	size_t at;

	return locate(shard, process, addr, &at) ? &shard->slots[at] : NULL;
}

bool blocks_take(struct blocks *blocks, uint32_t process, uint64_t addr, struct block *block)
{
	struct shard *shard = shard_of(blocks, process, addr);
	size_t at;

	if (!locate(shard, process, addr, &at))
		return false;
	*block = shard->slots[at];
	remove_at(shard, at);
	blocks->count--;
	shrink(blocks, shard);
	return true;
}

size_t blocks_drop(struct blocks *blocks, uint32_t process)
{
	size_t before = blocks->count;

	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &blocks->shards[i];
		size_t at = 0;

		blocks->count -= shard->count;
		while (at < shard->cap) {
			/* remove_at moves the next one here: look at the slot again. */
			if (shard->slots[at].addr && shard->slots[at].process == process)
				remove_at(shard, at);
			else
				at++;
		}
		blocks->count += shard->count;
		shrink(blocks, shard);
	}
	return before - blocks->count;
}

size_t blocks_count(const struct blocks *blocks)
{
	return blocks->count;
}

size_t blocks_memory(const struct blocks *blocks)
{
	return blocks->memory;
}

const struct block *blocks_next(const struct blocks *blocks, size_t *at)
{
	size_t i = *at / SLOT_LIMIT, slot = *at % SLOT_LIMIT;

	for (; i < SHARDS; i++, slot = 0) {
		const struct shard *shard = &blocks->shards[i];

		while (slot < shard->cap && !shard->slots[slot].addr)
			slot++;
		if (slot == shard->cap)
			continue;
		*at = i * SLOT_LIMIT + slot + 1;
		return &shard->slots[slot];
	}
	return NULL;
}
