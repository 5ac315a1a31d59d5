// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* intflow.c - which values reach the stores of a function. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "probe/intcode.h"

/*
 * A value is a number: equal numbers in two places are the same value. Where paths meet
 * with different values, a new one comes to be. What it is made of only matters for the
 * type's address: on all paths it stays that; on some, it is marked as a perhaps.
 */
#define UNKNOWN_YET 0u
#define STACK 1u
#define TYPE_BIT (1u << 31)    /* &PyLong_Type; below it, by which instruction */
#define MET_BIT (1u << 30)     /* of different values, at the start of a block */
#define PERHAPS_BIT (1u << 29) /* the type's address on some paths */
#define ANY_TYPE (TYPE_BIT | (TYPE_BIT - 1))
#define VALUE(n, place) (2 + (uint32_t)(n)*PLACES + (place))
#define INSNS_MAX (PERHAPS_BIT / PLACES / 2 - 1)

struct state {
	uint32_t values[PLACES];
};

struct block {
	size_t first, end;
	struct state start;
	bool reached, changed;
};

struct flow {
	const struct int_image *image;
	const struct int_function *function;
	uint64_t freelist;
	struct block *blocks;
	size_t n;
	bool *read;	/* by instruction: the type's address that it loads has been used */
	bool *computed; /* by instruction: what it loads is from a computed address */
};

static bool ends_block(const struct int_function *function, size_t i)
{
	return i + 1 == function->n || function->insns[i].flow != FLOW_ON ||
	       function->insns[i + 1].entered;
}

static int cut(struct flow *flow)
{
	const struct int_function *function = flow->function;
	size_t n = 0;

	for (size_t i = 0; i < function->n; i++)
		n += ends_block(function, i);
	flow->blocks = calloc(n + 1, sizeof(*flow->blocks));
	flow->read = calloc(function->n + 1, sizeof(*flow->read));
	flow->computed = calloc(function->n + 1, sizeof(*flow->computed));
	if (!flow->blocks || !flow->read || !flow->computed)
		return -ENOMEM;
	for (size_t i = 0, first = 0; i < function->n; i++)
		if (ends_block(function, i)) {
			flow->blocks[flow->n++] = (struct block){ .first = first, .end = i + 1 };
			first = i + 1;
		}
	return 0;
}

static struct block *block_at(struct flow *flow, size_t insn)
{
	size_t first = 0, last = flow->n;

	while (first < last) {
		const size_t middle = first + (last - first) / 2;

		if (flow->blocks[middle].first < insn)
			first = middle + 1;
		else
			last = middle;
	}
	return &flow->blocks[first];
}

static uint32_t meet(uint32_t a, uint32_t b, uint32_t new)
{
	if (a == UNKNOWN_YET || a == b)
		return b;
	if (a & b & TYPE_BIT)
		return ANY_TYPE;
	if (a & TYPE_BIT || b & TYPE_BIT)
		return new | PERHAPS_BIT;
	return new | ((a | b) & PERHAPS_BIT);
}

/* The instruction that this address of the type comes from has not done so in vain. */
static void use(struct flow *flow, uint32_t value)
{
	if (value & TYPE_BIT && value != ANY_TYPE)
		flow->read[value & ~TYPE_BIT] = true;
}

static void arrive(struct flow *flow, struct block *block, const struct state *from)
{
	const size_t number = (size_t)(block - flow->blocks);

	for (size_t i = 0; i < PLACES; i++) {
		uint32_t *value = &block->start.values[i];
		const uint32_t met = meet(*value, from->values[i], MET_BIT | VALUE(number, i));

		if (met != *value)
			block->changed = true;
		if (met == ANY_TYPE) {
			use(flow, *value);
			use(flow, from->values[i]);
		}
		*value = met;
	}
	if (!block->reached)
		block->changed = true;
	block->reached = true;
}

/* Arrivals that are not known: from callers, from jumps through tables, from elsewhere. */
static void arrive_unknown(struct flow *flow, struct block *block)
{
	const size_t number = (size_t)(block - flow->blocks);
	struct state state;

	for (size_t i = 0; i < PLACES; i++)
		state.values[i] = MET_BIT | VALUE(number, i);
	arrive(flow, block, &state);
}

static bool at_offset(const struct int_insn *insn, enum int_memory kind, uint64_t offset)
{
	return insn->memory == kind && insn->base != PLACE_NONE && (uint64_t)insn->disp == offset;
}

/* The instruction that a value comes from; NULL when it comes from several, or before them. */
static const struct int_insn *origin(const struct flow *flow, uint32_t value)
{
	if (value < VALUE(0, 0) || value & (TYPE_BIT | MET_BIT))
		return NULL;
	return &flow->function->insns[(value - VALUE(0, 0)) / PLACES];
}

/*
 * The lists of free tuples, one for each size, lie next to that of ints: what is at its
 * offset from an interpreter plus 16 for each item is one of them.
 */
static bool is_computed(const struct flow *flow, uint32_t value)
{
	const struct int_insn *from = origin(flow, value);

	return from && from->memory != MEMORY_LOAD && !from->call;
}

/* A value that the head of the list of free ints was when it was loaded. */
static bool is_list_head(const struct flow *flow, uint32_t value)
{
	const struct int_insn *from = origin(flow, value);

	return flow->freelist && from && at_offset(from, MEMORY_LOAD, flow->freelist) &&
	       !flow->computed[from - flow->function->insns];
}

/* An older head is no candidate once a newer one is loaded, or its object has been taken. */
static void forget_heads(const struct flow *flow, size_t i, struct state *state)
{
	for (size_t place = 0; place < DECODE_REGISTERS; place++)
		if (is_list_head(flow, state->values[place]))
			state->values[place] = MET_BIT | VALUE(flow->n + i, place);
}

static uint32_t value_of(const struct state *state, uint8_t place, size_t i)
{
	if (place < PLACES)
		return state->values[place];
	return place == PLACE_TYPE ? TYPE_BIT | (uint32_t)i : place == PLACE_STACK ? STACK : 0;
}

static void step(const struct flow *flow, size_t i, struct state *state)
{
	const struct int_insn *insn = &flow->function->insns[i];
	uint32_t copied[2];

	for (size_t k = 0; k < 2; k++)
		copied[k] = value_of(state, insn->copies[k].from, i);
	if (flow->freelist && (at_offset(insn, MEMORY_LOAD, flow->freelist) ||
			       at_offset(insn, MEMORY_TAKE, flow->freelist + 8))) {
		forget_heads(flow, i, state);
		flow->computed[i] = is_computed(flow, state->values[insn->base]);
	}
	for (uint64_t left = insn->writes; left; left &= left - 1) {
		const unsigned place = (unsigned)__builtin_ctzll(left);

		state->values[place] = VALUE(i, place);
	}
	for (size_t k = 0; k < 2; k++)
		if (insn->copies[k].to != PLACE_NONE && copied[k])
			state->values[insn->copies[k].to] = copied[k];
}

static void leave(struct flow *flow, const struct block *block, const struct state *state)
{
	const struct int_function *function = flow->function;
	const struct int_insn *last = &function->insns[block->end - 1];

	if ((last->flow == FLOW_ON || last->flow == FLOW_BRANCH) && block->end < function->n)
		arrive(flow, block_at(flow, block->end), state);
	if (last->flow == FLOW_BRANCH || last->flow == FLOW_JUMP) {
		const size_t target = int_insn_at(function, last->target);

		if (target < function->n)
			arrive(flow, block_at(flow, target), state);
	}
}

static void settle(struct flow *flow)
{
	for (bool again = true; again;) {
		again = false;
		for (size_t b = 0; b < flow->n; b++) {
			struct block *block = &flow->blocks[b];
			struct state state = block->start;

			if (!block->changed)
				continue;
			block->changed = false;
			again = true;
			for (size_t i = block->first; i < block->end; i++)
				step(flow, i, &state);
			leave(flow, block, &state);
		}
	}
}

/* Padding in front of a loop, say. */
static bool is_padding(const struct flow *flow, const struct block *block)
{
	for (size_t i = block->first; i < block->end; i++)
		if (!flow->function->insns[i].nop)
			return false;
	return true;
}

/* What nothing is seen to lead to is led to by something that is not seen. */
static void follow(struct flow *flow)
{
	const struct int_insn *insns = flow->function->insns;

	for (size_t b = 0; b < flow->n; b++)
		if (!b || insns[flow->blocks[b].first].indirect)
			arrive_unknown(flow, &flow->blocks[b]);
	settle(flow);
	for (size_t b = 0; b < flow->n; b++)
		if (!flow->blocks[b].reached && !is_padding(flow, &flow->blocks[b])) {
			arrive_unknown(flow, &flow->blocks[b]);
			settle(flow);
		}
}

/* The way of a store; value: the type's address, as it got there. */
static enum intsite_way way_of(const struct flow *flow, uint32_t value)
{
	return value == ANY_TYPE ? INTSITE_BY_REGISTER
				 : flow->function->insns[value & ~TYPE_BIT].way;
}

static int add(struct flow *flow, size_t i, enum intsite_way way, struct state *state,
	       uint8_t reg, struct intsites *out)
{
	const enum intsite_kind kind = way == INTSITE_BY_FREELIST ? INTSITE_POP : INTSITE_STORE;
	struct intsite *list, *site;
	uint64_t objects = 0;

	for (unsigned place = 0; place < DECODE_REGISTERS; place++)
		if (state->values[place] == state->values[reg])
			objects |= PLACE_BIT(place);
	if (kind == INTSITE_POP && int_is_freed(flow->function, i, objects))
		return 0;
	list = reallocarray(out->list, out->n + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	out->list = list;
	site = &list[out->n++];
	*site = (struct intsite){ .kind = kind, .way = way, .object = reg, .reg = reg };
	site->vaddr = flow->function->range.vaddr + flow->function->insns[i].at;
	int_place(flow->function, i, objects, flow->image->ob_type, site);
	return 0;
}

/* A store of the type's address, or of what may be that, to somewhere. */
static int look_at_store(struct flow *flow, size_t i, unsigned half, struct state *state,
			 struct intsites *out)
{
	const struct int_insn *insn = &flow->function->insns[i];
	const uint32_t value = value_of(state, insn->stored[half], i);
	const bool object = insn->base != PLACE_NONE && insn->base != DECODE_RSP &&
			    state->values[insn->base] != STACK &&
			    (int64_t)insn->disp + 8 * half == flow->image->ob_type;

	if (value & TYPE_BIT && object)
		return add(flow, i, way_of(flow, value), state, insn->base, out);
	if (value & TYPE_BIT)
		out->elsewhere++;
	else if (value & PERHAPS_BIT && object)
		out->unsure++;
	return 0;
}

/* The object that a pop is about: the head of the list, loaded last. */
static int look_at_take(struct flow *flow, size_t i, struct state *state, struct intsites *out)
{
	uint32_t head = UNKNOWN_YET;
	uint8_t reg = 0;

	if (is_computed(flow, state->values[flow->function->insns[i].base]))
		return 0;
	for (uint8_t place = 0; place < DECODE_REGISTERS; place++) {
		if (!is_list_head(flow, state->values[place]) || state->values[place] == head)
			continue;
		if (head != UNKNOWN_YET) {
			out->pops_unsure++;
			return 0;
		}
		head = state->values[place];
		reg = place;
	}
	if (head != UNKNOWN_YET)
		return add(flow, i, INTSITE_BY_FREELIST, state, reg, out);
	out->pops_unsure++;
	return 0;
}

static int look_at(struct flow *flow, size_t i, struct state *state, struct intsites *out)
{
	const struct int_insn *insn = &flow->function->insns[i];
	int error = 0;

	for (uint64_t left = insn->reads; left; left &= left - 1)
		use(flow, state->values[__builtin_ctzll(left)]);
	for (unsigned half = 0; half < 2 && !error && insn->memory == MEMORY_STORE; half++)
		if (insn->stored[half] != PLACE_NONE)
			error = look_at_store(flow, i, half, state, out);
	if (!error && flow->freelist && at_offset(insn, MEMORY_TAKE, flow->freelist + 8))
		error = look_at_take(flow, i, state, out);
	return error;
}

static int look(struct flow *flow, struct intsites *out)
{
	const struct int_insn *insns = flow->function->insns;
	int error = 0;

	for (size_t b = 0; b < flow->n && !error; b++) {
		struct state state = flow->blocks[b].start;

		if (!flow->blocks[b].reached)
			continue;
		for (size_t i = flow->blocks[b].first; i < flow->blocks[b].end && !error; i++) {
			error = look_at(flow, i, &state, out);
			step(flow, i, &state);
		}
	}
	for (size_t i = 0; i < flow->function->n; i++)
		out->unread += !flow->read[i] && (insns[i].copies[0].from == PLACE_TYPE ||
						  insns[i].copies[1].from == PLACE_TYPE);
	return error;
}

int int_add_sites(const struct int_image *image, const struct int_function *function,
		  uint64_t freelist, struct intsites *out)
{
	struct flow flow = { .image = image, .function = function, .freelist = freelist };
	int error;

	if (function->n > INSNS_MAX) {
		out->undecoded++;
		return 0;
	}
	error = cut(&flow);
	if (!error && flow.n) {
		follow(&flow);
		error = look(&flow, out);
	}
	free(flow.blocks);
	free(flow.read);
	free(flow.computed);
	return error;
}
