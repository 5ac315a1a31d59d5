// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* leaks.c - which blocks are lost: valgrind's four kinds, from who points to whom. */
#include "scan/leaks.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clean.h"
#include "base/hash.h"

#define NONE UINT32_MAX

/* Before it is known what a block is. */
#define UNREACHED LEAKS_KINDS

/* Which roots are taken: masks of graph_block.roots. */
#define CERTAIN ((1 << GRAPH_SPOTS) - 1)
#define ANY	0xff

/* Blocks whose edges are still to be followed, and to whom an indirect one is lost. */
struct walk {
	struct graph *graph;
	uint32_t *todo; /* a stack: a block is on it once a pass */
	size_t n;
	uint32_t *leader;
};

static const char *const names[] = { "definite", "indirect", "possible", "reachable" };
static const char *const words[] = { "definitely lost", "indirectly lost", "possibly lost",
				     "still reachable" };

const char *leaks_kind_name(enum leaks_kind kind)
{
	return names[kind];
}

const char *leaks_kind_words(enum leaks_kind kind)
{
	return words[kind];
}

/* Whether a pointer to this spot counts as one to the start. */
static bool is_start(const struct graph_block *block, enum graph_spot spot)
{
	return spot == GRAPH_START || (spot == GRAPH_AT_8 && block->looks & GRAPH_COUNTED) ||
	       (spot == GRAPH_AT_24 && block->looks & GRAPH_STRING);
}

/* Whether one of the roots chosen (a mask of graph_block.roots) points to a start. */
static bool has_start(const struct graph_block *block, uint8_t roots)
{
	for (unsigned spot = GRAPH_START; spot < GRAPH_SPOTS; spot++)
		if ((block->roots & roots) >> spot & (1 | 1 << GRAPH_UNKNOWN) &&
		    is_start(block, spot))
			return true;
	return false;
}

static void push(struct walk *walk, size_t block, enum leaks_kind kind)
{
	walk->graph->blocks[block].kind = kind;
	walk->todo[walk->n++] = block;
}

/* From all blocks on the stack on, over pointers to starts alone or over all. */
static void spread(struct walk *walk, enum leaks_kind kind, bool starts)
{
	const struct graph *graph = walk->graph;

	while (walk->n) {
		size_t from = walk->todo[--walk->n];

		for (uint64_t e = graph->first[from]; e < graph->first[from + 1]; e++) {
			size_t to = graph->edges[e] >> 2;
			const struct graph_block *block = &graph->blocks[to];

			if (block->kind == UNREACHED &&
			    (!starts || is_start(block, graph->edges[e] & 3)))
				push(walk, to, kind);
		}
	}
}

/* What pointers into the middle lead to from reachable blocks. */
static void push_insides(struct walk *walk)
{
	const struct graph *graph = walk->graph;

	for (size_t i = 0; i < graph->n; i++) {
		if (graph->blocks[i].kind != LEAKS_REACHABLE)
			continue;
		for (uint64_t e = graph->first[i]; e < graph->first[i + 1]; e++)
			if (graph->blocks[graph->edges[e] >> 2].kind == UNREACHED)
				push(walk, graph->edges[e] >> 2, LEAKS_POSSIBLE);
	}
}

/* Reachable and possibly lost blocks, as the roots chosen have it; the rest is unreached. */
static void reach(struct walk *walk, uint8_t roots)
{
	struct graph *graph = walk->graph;

	for (size_t i = 0; i < graph->n; i++)
		graph->blocks[i].kind = UNREACHED;
	for (size_t i = 0; i < graph->n; i++)
		if (has_start(&graph->blocks[i], roots))
			push(walk, i, LEAKS_REACHABLE);
	spread(walk, LEAKS_REACHABLE, true);
	for (size_t i = 0; i < graph->n; i++)
		if (graph->blocks[i].roots & roots && graph->blocks[i].kind == UNREACHED)
			push(walk, i, LEAKS_POSSIBLE);
	push_insides(walk);
	spread(walk, LEAKS_POSSIBLE, false);
}

/* All that a lost block leads to is lost with it, an earlier leader with what it leads to. */
static void follow_leader(struct walk *walk, uint32_t leader)
{
	const struct graph *graph = walk->graph;

	walk->todo[walk->n++] = leader;
	while (walk->n) {
		size_t from = walk->todo[--walk->n];

		for (uint64_t e = graph->first[from]; e < graph->first[from + 1]; e++) {
			uint32_t to = graph->edges[e] >> 2;

			if (graph->blocks[to].kind != UNREACHED || to == leader)
				continue;
			walk->leader[to] = leader;
			push(walk, to, LEAKS_INDIRECT);
		}
	}
}

/* Whoever is still unreached in the end is a leader. */
static void lose(struct walk *walk)
{
	struct graph *graph = walk->graph;

	for (size_t i = 0; i < graph->n; i++)
		walk->leader[i] = NONE;
	for (size_t i = 0; i < graph->n; i++)
		if (graph->blocks[i].kind == UNREACHED)
			follow_leader(walk, i);
	for (size_t i = 0; i < graph->n; i++)
		if (graph->blocks[i].kind == UNREACHED)
			graph->blocks[i].kind = LEAKS_DEFINITE;
}

/* The leader of the leader ..., shortening the way for those who come after. */
static uint32_t leader_of(uint32_t *leader, uint32_t block)
{
	uint32_t top = block;

	while (leader[top] != NONE)
		top = leader[top];
	while (leader[block] != NONE) {
		uint32_t next = leader[block];

		if (next != top)
			leader[block] = top;
		block = next;
	}
	return top;
}

static void add(struct leaks_amount *amount, const struct graph_block *block)
{
	amount->blocks++;
	amount->bytes += block->size;
}

static void count(const struct graph *graph, struct leaks *leaks)
{
	for (size_t i = 0; i < graph->n; i++) {
		const struct graph_block *block = &graph->blocks[i];

		add(&leaks->kinds[block->kind], block);
		if (block->before)
			add(&leaks->before, block);
	}
}

/* What was not reached without unknown memory, and is with it. */
static void note_before(struct graph *graph, const uint8_t *without)
{
	for (size_t i = 0; i < graph->n; i++) {
		struct graph_block *block = &graph->blocks[i];

		block->before = without[i] == UNREACHED && block->kind != UNREACHED;
	}
}

/* By all roots; first by those that are certain, to know which the others alone lead to. */
static int reach_all(struct walk *walk)
{
	struct graph *graph = walk->graph;
	uint8_t *without __free = NULL;
	bool unknown = false;

	for (size_t i = 0; i < graph->n; i++)
		unknown |= graph->blocks[i].roots >> GRAPH_UNKNOWN != 0;
	if (unknown) {
		without = malloc(graph->n);
		if (!without)
			return -ENOMEM;
		reach(walk, CERTAIN);
		for (size_t i = 0; i < graph->n; i++)
			without[i] = graph->blocks[i].kind;
	}
	reach(walk, ANY);
	if (unknown)
		note_before(graph, without);
	return 0;
}

/* The records while they are looked up by site and kind. */
struct tally {
	struct leaks *leaks;
	struct hash by_key; /* to a number from 1 */
	size_t cap;
};

static struct leaks_record *record_of(struct tally *tally, const struct graph_block *block)
{
	uint64_t key = (uint64_t)block->site << 2 | block->kind;
	size_t number = (uintptr_t)hash_get(&tally->by_key, key);
	struct leaks *leaks = tally->leaks;
	struct leaks_record *more;

	if (number)
		return &leaks->records[number - 1];
	if (leaks->n == tally->cap) {
		size_t cap = tally->cap ? tally->cap * 2 : 64;

		more = reallocarray(leaks->records, cap, sizeof(*more));
		if (!more)
			return NULL;
		leaks->records = more;
		tally->cap = cap;
	}
	if (hash_set(&tally->by_key, key, (void *)(uintptr_t)(leaks->n + 1)))
		return NULL;
	leaks->records[leaks->n] = (struct leaks_record){ .kind = block->kind,
							  .site = block->site };
	return &leaks->records[leaks->n++];
}

static int put_records(struct tally *tally, const struct walk *walk)
{
	const struct graph *graph = walk->graph;
	struct leaks_record *record;

	for (size_t i = 0; i < graph->n; i++) {
		const struct graph_block *block = &graph->blocks[i];

		record = record_of(tally, block);
		if (!record)
			return -ENOMEM;
		add(&record->direct, block);
		if (block->before)
			add(&record->before, block);
		if (block->kind != LEAKS_INDIRECT)
			continue;
		record = record_of(tally, &graph->blocks[leader_of(walk->leader, i)]);
		if (!record)
			return -ENOMEM;
		add(&record->indirect, block);
	}
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	const struct leaks_record *x = a, *y = b;
	uint64_t left = x->direct.bytes + x->indirect.bytes;
	uint64_t right = y->direct.bytes + y->indirect.bytes;

	if (left != right)
		return left < right ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->site < y->site ? -1 : x->site > y->site;
}

int leaks_judge(struct graph *graph, struct leaks *leaks)
{
	uint32_t *todo __free = malloc((graph->n + 1) * sizeof(*todo));
	uint32_t *leader __free = malloc((graph->n + 1) * sizeof(*leader));
	struct walk walk = { .graph = graph, .todo = todo, .leader = leader };
	struct tally tally = { .leaks = leaks };
	int err = todo && leader ? reach_all(&walk) : -ENOMEM;

	*leaks = (struct leaks){ 0 };
	if (!err) {
		lose(&walk);
		count(graph, leaks);
		err = put_records(&tally, &walk);
	}
	hash_clear(&tally.by_key);
	if (err) {
		leaks_clear(leaks);
		return err;
	}
	if (leaks->n)
		qsort(leaks->records, leaks->n, sizeof(*leaks->records), by_bytes);
	return 0;
}

void leaks_clear(struct leaks *leaks)
{
	free(leaks->records);
	*leaks = (struct leaks){ 0 };
}
