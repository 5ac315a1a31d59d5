// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* intpops.c - where the list of free ints is kept, by what happens when it is empty. */
#include "probe/intcode.h"

#define NEAR 8	       /* instructions from the load of a list's head to the branch on it */
#define FAR 64	       /* instructions from the branch to the int that is made instead */
#define MEMBER_MIN 256 /* offsets of less are those of ordinary objects */
#define LISTS_MAX 32

/*
 * mov LIST(%interp),%object; test %object,%object; je SLOW; ...; subq $1,LIST+8(%interp)
 * with SLOW: an int is allocated, and its type stored. Lists of other types are used in
 * the same way, but an int is made behind none of them.
 */
struct votes {
	uint64_t list[LISTS_MAX];
	unsigned count[LISTS_MAX];
	size_t n;
};

static bool is_site(const struct intsites *sites, uint64_t vaddr)
{
	for (size_t i = 0; i < sites->n; i++)
		if (sites->list[i].vaddr == vaddr)
			return true;
	return false;
}

/* Whether an int is made on the way on from an instruction, branches not taken. */
static bool makes_int(const struct int_function *function, size_t i, const struct intsites *sites)
{
	for (unsigned steps = 0; steps < FAR && i < function->n; steps++) {
		const struct int_insn *insn = &function->insns[i];

		if (is_site(sites, function->range.vaddr + insn->at))
			return true;
		if (insn->flow == FLOW_END)
			return false;
		i = insn->flow == FLOW_JUMP ? int_insn_at(function, insn->target) : i + 1;
	}
	return false;
}

/* Where things go on when what insns[i] has loaded is 0; n when that is not tested. */
static size_t when_empty(const struct int_function *function, size_t i)
{
	const uint8_t head = function->insns[i].copies[0].to;
	bool tested = false;

	for (size_t k = i + 1; k < function->n && k <= i + NEAR; k++) {
		const struct int_insn *insn = &function->insns[k];

		if (insn->test == head)
			tested = true;
		if (insn->flow == FLOW_BRANCH && tested && insn->jumps_if_zero < 2)
			return insn->jumps_if_zero ? int_insn_at(function, insn->target) : k + 1;
		if (insn->flow != FLOW_ON || insn->call)
			break;
	}
	return function->n;
}

static bool takes_from(const struct int_function *function, uint64_t list)
{
	for (size_t i = 0; i < function->n; i++)
		if (function->insns[i].memory == MEMORY_TAKE &&
		    (uint64_t)function->insns[i].disp == list + 8)
			return true;
	return false;
}

static void vote(struct votes *votes, uint64_t list)
{
	size_t i;

	for (i = 0; i < votes->n && votes->list[i] != list; i++)
		;
	if (i == LISTS_MAX)
		return;
	if (i == votes->n)
		votes->list[votes->n++] = list;
	votes->count[i]++;
}

uint64_t int_find_freelist(const struct int_function *functions, size_t n,
			   const struct intsites *sites)
{
	struct votes votes = { 0 };
	size_t best = 0;

	for (size_t f = 0; f < n; f++) {
		const struct int_function *function = &functions[f];

		for (size_t i = 0; i < function->n; i++) {
			const struct int_insn *insn = &function->insns[i];

			if (insn->memory == MEMORY_LOAD && insn->base != PLACE_NONE &&
			    insn->disp >= MEMBER_MIN &&
			    makes_int(function, when_empty(function, i), sites) &&
			    takes_from(function, (uint64_t)insn->disp))
				vote(&votes, (uint64_t)insn->disp);
		}
	}
	for (size_t i = 1; i < votes.n; i++)
		if (votes.count[i] > votes.count[best])
			best = i;
	for (size_t i = 0; i < votes.n; i++)
		if (i != best && 2 * votes.count[i] > votes.count[best])
			return 0; /* no clear majority */
	return votes.n ? votes.list[best] : 0;
}
