// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* intvalue.c - where the value of an int of one digit is while its object is being made. */
#include "probe/intcode.h"

#define STEPS 48  /* instructions of one way on from the probe */
#define FORKS 6	  /* branches followed on one way */
#define FAR   4000 /* instructions on all ways together */

/* PyLongObject, Include/cpython/longintrepr.h (3.6 to 3.15): ob_size or lv_tag, then digits */
#define SIZE_BEHIND_TYPE   8
#define DIGITS_BEHIND_TYPE 16

struct way {
	size_t i;
	uint64_t objects; /* registers with the object */
	uint64_t changed; /* registers that no longer have what they had at the probe */
	unsigned steps, forks;
	bool kept;    /* the object is in the stack frame, too, ... */
	uint8_t from; /* ... at this distance from that register, stack or frame pointer */
	int32_t slot;
	bool has_digit;
	bool called; /* past a function, which may have changed registers */
};

struct search {
	const struct int_function *function;
	int32_t size_at, digits_at;
	uint8_t digit, sizes; /* registers; PLACE_NONE: not met */
	bool doubtful;	      /* not the same on all ways, or not known at the probe */
	unsigned left;	      /* instructions that may still be looked at */
};

/*
 * What one way says must be what the others say. Behind a call of something (tracemalloc,
 * say) values come back from the stack: then that way says nothing.
 */
static void agree(struct search *search, uint8_t *met, uint8_t reg, const struct way *way)
{
	const bool known = reg < DECODE_REGISTERS && !(way->changed & PLACE_BIT(reg));

	if (!known && way->called)
		return;
	if (!known || (*met != PLACE_NONE && *met != reg))
		search->doubtful = true;
	*met = reg;
}

/* Where the object is behind an instruction. Over a call it may be kept in the stack frame. */
static void pass(struct way *way, const struct int_insn *insn)
{
	const bool in_frame = insn->base == DECODE_RSP || insn->base == DECODE_RBP;
	const bool in_slot = way->kept && insn->base == way->from && insn->disp == way->slot;

	if (insn->memory == MEMORY_STORE && in_frame && insn->stored[0] < DECODE_REGISTERS &&
	    way->objects & PLACE_BIT(insn->stored[0])) {
		way->kept = true;
		way->from = insn->base;
		way->slot = insn->disp;
	} else if (insn->memory == MEMORY_STORE && in_slot) {
		way->kept = false;
	}
	way->objects = int_pass(insn, way->objects);
	if (insn->memory == MEMORY_LOAD && in_slot)
		way->objects |= PLACE_BIT(insn->copies[0].to);
	if (insn->writes & PLACE_BIT(way->from) && !insn->call)
		way->kept = false;
}

/* A store into the object. */
static void look_at_store(struct search *search, const struct int_insn *insn, struct way *way)
{
	const int32_t width = insn->stored[1] == PLACE_NONE ? 8 : 16;

	if (insn->memory == MEMORY_DIGIT && insn->disp == search->digits_at) {
		agree(search, &search->digit, insn->stored[0], way);
		way->has_digit = true;
	} else if (insn->memory == MEMORY_DIGIT) {
		if (insn->disp > search->size_at - 4 && insn->disp < search->digits_at)
			search->doubtful = true;
	} else if (insn->memory == MEMORY_STORE && insn->disp == search->size_at && width == 8) {
		agree(search, &search->sizes, insn->stored[0], way);
	} else if (insn->memory == MEMORY_STORE && insn->disp + width > search->size_at &&
		   insn->disp < search->digits_at + 4) {
		search->doubtful = true;
	}
}

/*
 * Follow a way on. Behind the digit only what is done at once is of interest: a size word
 * may be next. What a way leads to outside of the function is the same code for a case that
 * is rare, put elsewhere by the compiler.
 */
static void follow(struct search *search, struct way way)
{
	const struct int_function *function = search->function;

	while (way.i < function->n && way.steps++ < STEPS && !search->doubtful) {
		const struct int_insn *insn = &function->insns[way.i];

		search->doubtful = !--search->left;
		if (insn->base != PLACE_NONE && way.objects & PLACE_BIT(insn->base))
			look_at_store(search, insn, &way);
		if (way.has_digit && (insn->call || insn->flow != FLOW_ON))
			return;
		pass(&way, insn);
		way.changed |= insn->writes;
		way.called |= insn->call;
		if (insn->flow == FLOW_END)
			return;
		if (insn->flow == FLOW_BRANCH && way.forks < FORKS) {
			struct way taken = way;

			taken.forks++;
			taken.i = int_insn_at(function, insn->target);
			follow(search, taken);
		}
		way.i = insn->flow == FLOW_JUMP ? int_insn_at(function, insn->target) : way.i + 1;
	}
}

bool int_find_value(const struct int_function *function, size_t i, uint64_t objects,
		    unsigned ob_type, struct intsite *site)
{
	struct search search = {
		.function = function,
		.size_at = (int32_t)ob_type + SIZE_BEHIND_TYPE,
		.digits_at = (int32_t)ob_type + DIGITS_BEHIND_TYPE,
		.digit = PLACE_NONE,
		.sizes = PLACE_NONE,
		.left = FAR,
	};

	follow(&search, (struct way){ .i = i, .objects = objects });
	if (search.doubtful || search.digit == PLACE_NONE)
		return false;
	site->digit = search.digit;
	site->sizes = search.sizes == PLACE_NONE ? INTSITE_MEMORY : search.sizes;
	return true;
}

/* Whether an instruction is about a digit of the object, or where the digits begin. */
static bool is_digit(const struct int_insn *insn, uint64_t objects, unsigned ob_type)
{
	const int32_t digits_at = (int32_t)ob_type + DIGITS_BEHIND_TYPE;

	return insn->near != PLACE_NONE && objects & PLACE_BIT(insn->near) &&
	       insn->near_disp >= digits_at - 4 && insn->near_disp < digits_at + 16;
}

static bool is_filled(const struct int_function *function, struct way way, unsigned ob_type,
		      unsigned *left)
{
	while (way.i < function->n && (way.objects || way.kept) && *left) {
		const struct int_insn *insn = &function->insns[way.i];

		--*left;
		if (is_digit(insn, way.objects, ob_type))
			return true;
		pass(&way, insn);
		if (insn->flow == FLOW_END)
			return false;
		if (insn->flow == FLOW_BRANCH && way.forks < 2 * FORKS) {
			struct way taken = way;

			taken.forks++;
			taken.i = int_insn_at(function, insn->target);
			if (is_filled(function, taken, ob_type, left))
				return true;
		}
		way.i = insn->flow == FLOW_JUMP ? int_insn_at(function, insn->target) : way.i + 1;
	}
	return false;
}

/*
 * A function that only allocates, as _PyLong_New() does, gives the object out empty. One
 * that writes to digits, or computes where they are, is taken to write all of them.
 */
bool int_is_filled(const struct int_function *function, size_t i, uint64_t objects,
		   unsigned ob_type)
{
	unsigned left = FAR;

	return is_filled(function, (struct way){ .i = i, .objects = objects }, ob_type, &left);
}
