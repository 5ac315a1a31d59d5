// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* intplace.c - the cheapest place from which a new int can be seen. */
#include "probe/intcode.h"

#define GENERAL UINT64_C(0xffff)

uint64_t int_pass(const struct int_insn *insn, uint64_t objects)
{
	const uint8_t to = insn->copies[0].to, from = insn->copies[0].from;
	uint64_t now = objects & ~insn->writes;

	if (to < DECODE_REGISTERS && from < DECODE_REGISTERS && objects & PLACE_BIT(from))
		now |= PLACE_BIT(to);
	return now & GENERAL;
}

/*
 * Onward from the store in a straight line, to what the kernel emulates. Nothing may jump
 * to what is passed, nor to the probe: it would be hit without an int having been made.
 */
static bool place_behind(const struct int_function *function, size_t i, uint64_t objects,
			 unsigned ob_type, struct intsite *site)
{
	while (++i < function->n) {
		const struct int_insn *insn = &function->insns[i];

		if (insn->entered || !objects)
			return false;
		if (insn->emulated) {
			site->probe_vaddr = function->range.vaddr + insn->at;
			site->before_store = false;
			site->emulated = true;
			if (!(objects & PLACE_BIT(site->reg)))
				site->reg = (uint8_t)__builtin_ctzll(objects);
			int_find_value(function, i, objects, ob_type, site);
			return true;
		}
		if (!insn->harmless)
			return false;
		objects = int_pass(insn, objects);
	}
	return false;
}

/* The register of which the branch on zero at insns[i] tells whether it is; PLACE_NONE. */
static uint8_t tested(const struct int_function *function, size_t i)
{
	while (i-- > 0 && !function->insns[i + 1].entered) {
		const struct int_insn *insn = &function->insns[i];

		if (insn->test != PLACE_NONE)
			return insn->test;
		if (insn->copies[0].to == PLACE_NONE) /* what is no move may set the flags */
			break;
	}
	return PLACE_NONE;
}

/* Registers to which a register has been copied in a straight line up to insns[i]. */
static uint64_t copies_of(const struct int_function *function, size_t i, uint8_t reg)
{
	uint64_t written = 0, copies = 0;

	while (i-- > 0 && !function->insns[i + 1].entered) {
		const struct int_insn *insn = &function->insns[i];
		const uint8_t to = insn->copies[0].to;

		if (insn->call || insn->flow != FLOW_ON)
			break;
		if (to < DECODE_REGISTERS && insn->copies[0].from == reg &&
		    !(written & (PLACE_BIT(to) | PLACE_BIT(reg))))
			copies |= PLACE_BIT(to);
		written |= insn->writes;
	}
	return copies;
}

/*
 * Back to a branch on whether there is an object at all: when it is not taken, the store
 * follows, and when it is, the register is 0.
 */
static bool place_before(const struct int_function *function, size_t i, struct intsite *site)
{
	const struct int_insn *insns = function->insns;
	uint64_t objects;
	uint8_t reg;
	size_t k;

	for (k = i; k > 0 && !insns[k].entered && insns[k - 1].harmless; k--)
		;
	if (!k || insns[k].entered || !insns[k - 1].emulated || insns[k - 1].entered ||
	    insns[k - 1].flow != FLOW_BRANCH || insns[k - 1].jumps_if_zero != 1)
		return false;
	reg = tested(function, k - 1);
	if (reg == PLACE_NONE)
		return false;
	objects = PLACE_BIT(reg) | copies_of(function, k - 1, reg);
	for (size_t at = k; at < i; at++)
		objects = int_pass(&insns[at], objects);
	if (!(objects & PLACE_BIT(site->object)))
		return false;
	site->probe_vaddr = function->range.vaddr + insns[k - 1].at;
	site->reg = reg;
	site->emulated = true;
	site->before_store = site->untouched = true;
	return true;
}

/*
 * Behind the store, where the value is known; else rather before it, where the object still
 * has what the int at its address before it was.
 */
void int_place(const struct int_function *function, size_t i, uint64_t objects, unsigned ob_type,
	       struct intsite *site)
{
	site->probe_vaddr = site->vaddr;
	site->before_store = true;
	site->emulated = false;
	site->digit = site->sizes = INTSITE_LATER;
	site->filled = int_is_filled(function, i, objects, ob_type);
	if (!place_behind(function, i, objects, ob_type, site) || site->digit == INTSITE_LATER)
		place_before(function, i, site);
}

/*
 * Emptying the list takes objects from it to free them: tp_free is called through the
 * type before anything is written to the object.
 */
bool int_is_freed(const struct int_function *function, size_t i, uint64_t objects)
{
	for (; i < function->n; i++) {
		const struct int_insn *insn = &function->insns[i];

		if (insn->memory == MEMORY_STORE && insn->base != PLACE_NONE &&
		    objects & PLACE_BIT(insn->base))
			return false;
		if (insn->call || insn->flow != FLOW_ON)
			return insn->call && !insn->target;
		objects = int_pass(insn, objects);
	}
	return false;
}
