// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* clocals.c - the variables of C functions, by the debug information of their files. */
#include "dwarf/clocals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dwarf/cvalue.h"
#include "target/mem.h"

static const char *const roles[RECIPE_ROLES] = { "parameter", "local", "static", "global" };

const char *cvar_role_name(enum recipe_role role)
{
	return roles[role];
}

const char *cregs_name(uint64_t number)
{
	static const char *const names[] = {
		"rax", "rdx", "rcx", "rbx", "rsi",  "rdi",  "rbp",  "rsp",  "r8",    "r9",    "r10",
		"r11", "r12", "r13", "r14", "r15",  "rip",  "xmm0", "xmm1", "xmm2",  "xmm3",  "xmm4",
		"xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
		"xmm15",
	};

	return number < sizeof(names) / sizeof(*names) ? names[number] : "another register";
}

/* The first bytes of a value, from wherever it is; how many. */
static size_t fetch(const struct dwarfeval *eval, const struct cvar *var,
		    uint8_t bytes[CVALUE_BYTES])
{
	const size_t n = var->size < CVALUE_BYTES ? var->size : CVALUE_BYTES;
	uint64_t value = var->where.addr;

	if (var->where.kind == WHERE_MEMORY)
		return mem_read(eval->pid, var->where.addr, bytes, n) ? 0 : n;
	if (var->where.kind == WHERE_REGISTER) {
		if (!cregs_has(eval->regs, (unsigned)value))
			return 0;
		value = eval->regs->value[value];
	} else if (var->where.kind != WHERE_VALUE) {
		return 0;
	}
	memcpy(bytes, &value, sizeof(value));
	return n < sizeof(value) ? n : sizeof(value);
}

/* A part of a variable that is in memory. */
static bool part_text(const struct dwarfeval *eval, const struct cvar *var,
		      const struct recipe_part *part, char text[CVALUE_TEXT])
{
	uint8_t bytes[CVALUE_BYTES];
	const size_t n = part->size < CVALUE_BYTES ? part->size : CVALUE_BYTES;

	text[0] = '\0';
	if (part->offset > var->size || n > var->size - part->offset ||
	    mem_read(eval->pid, var->where.addr + part->offset, bytes, n))
		return false;
	cvalue_text(eval->pid, part->encoding, bytes, n, text, CVALUE_TEXT);
	return true;
}

/* "{x = 1, y = 2}", "{1, 2, 3, ...}"; a part with parts of its own is "{...}". */
static void put_parts(const struct dwarfeval *eval, const struct recipe_var *from, struct cvar *var)
{
	char text[CVALUE_TEXT];
	size_t len = 0;

	for (size_t i = 0; i < from->n; i++) {
		const struct recipe_part *part = &eval->frame->parts[from->first + i];
		const char *name = eval->frame->text + part->name;
		int n;

		if (!part_text(eval, var, part, text))
			return;
		n = snprintf(var->value + len, CVALUE_TEXT - len, "%s%s%s%s", len ? ", " : "{", name,
			     part->name ? " = " : "", text[0] ? text : "{...}");
		if (n < 0 || (size_t)n + sizeof(", ...}") > CVALUE_TEXT - len) {
			snprintf(var->value + len, CVALUE_TEXT - len, "%s", len ? ", ...}" : "");
			return;
		}
		len += (size_t)n;
	}
	snprintf(var->value + len, CVALUE_TEXT - len, "%s", from->more ? ", ...}" : "}");
}

static void read_var(const struct dwarfeval *eval, const struct recipe_var *from, struct cvar *var)
{
	uint8_t bytes[CVALUE_BYTES];

	*var = (struct cvar){ .name = eval->frame->text + from->name,
			      .type = eval->frame->text + from->type,
			      .role = from->role,
			      .level = from->level,
			      .size = from->size,
			      .where = dwarfeval_where(eval, &from->where) };
	cvalue_text(eval->pid, from->encoding, bytes, fetch(eval, var, bytes), var->value,
		    sizeof(var->value));
	if (from->n && var->where.kind == WHERE_MEMORY)
		put_parts(eval, from, var);
}

static void read_vars(const struct dwarfeval *eval, struct cvars *vars)
{
	vars->n = eval->frame->n_vars;
	vars->cut = eval->frame->cut;
	for (size_t i = 0; i < vars->n; i++)
		read_var(eval, &eval->frame->vars[i], &vars->at[i]);
}

/* Variables with a place on the stack lie between its pointer and where the frame begins. */
static bool on_stack(const struct cframe *frame, const struct cvar *var)
{
	return var->where.kind == WHERE_MEMORY && var->role != RECIPE_STATIC && frame->has_cfa &&
	       var->where.addr < frame->cfa;
}

static int by_addr(const void *a, const void *b)
{
	const struct cvar *x = *(struct cvar *const *)a, *y = *(struct cvar *const *)b;

	return (x->where.addr > y->where.addr) - (x->where.addr < y->where.addr);
}

static void find_neighbours(const struct cframe *frame, struct cvars *vars)
{
	struct cvar *sorted[RECIPE_VARS];
	size_t n = 0;

	for (size_t i = 0; i < vars->n; i++)
		if (on_stack(frame, &vars->at[i]))
			sorted[n++] = &vars->at[i];
	qsort(sorted, n, sizeof(*sorted), by_addr);
	/* two may be one: a parameter, and what was inlined with it */
	for (size_t i = 0, next = 0; i < n; i++) {
		while (next < n && sorted[next]->where.addr <= sorted[i]->where.addr)
			next++;
		if (next == n)
			break;
		sorted[i]->above = sorted[next]->name;
		sorted[i]->distance = sorted[next]->where.addr - sorted[i]->where.addr;
	}
}

void clocals_read(const struct cframes *frames, struct cvars *vars)
{
	const struct dwarfeval eval = cframes_eval(frames);

	vars->n = 0;
	vars->cut = 0;
	if (!frames->frame.has_recipe)
		return;
	read_vars(&eval, vars);
	find_neighbours(&frames->frame, vars);
}

bool cglobals_read(struct native *native, struct space *space, const struct segment *segment,
		   uint64_t *from, struct recipe_frame *recipe, struct cvars *vars,
		   const char **why)
{
	static const struct cregs none;
	const struct dwarfeval eval = {
		.pid = space->pid, .bias = segment->bias, .frame = recipe, .regs = &none
	};

	vars->n = 0;
	if (!native_globals(native, space, segment, *from, recipe, why))
		return false;
	read_vars(&eval, vars);
	*from = recipe->next;
	return true;
}
