// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* clocals.c - the variables of C functions, by the debug information of their files. */
#include "dwarf/clocals.h"

#include <stdlib.h>

#include "dwarf/cmembers.h"
#include "dwarf/ctls.h"

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

static void read_vars(const struct dwarfeval *eval, struct cvars *vars)
{
	vars->n = vars->len = 0;
	vars->cut = eval->frame->cut;
	for (size_t i = 0; i < eval->frame->n_vars; i++)
		if (eval->frame->vars[i].n < RECIPE_PARTS + RECIPE_VARS - vars->n)
			cmembers_read(eval, &eval->frame->vars[i], vars);
		else
			vars->cut++; /* parts that are of several: not from who is sound */
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
		if (!vars->at[i].depth && on_stack(frame, &vars->at[i]))
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

void clocals_read(struct cframes *frames, struct cvars *vars)
{
	struct dwarfeval eval;

	vars->n = 0;
	vars->cut = 0;
	if (!frames->frame.has_recipe)
		return;
	eval = cframes_eval_variables(frames);
	read_vars(&eval, vars);
	find_neighbours(&frames->frame, vars);
}

bool cglobals_find(struct native *native, struct space *space, const struct segment *segment,
		   uint64_t *from, struct recipe_frame *recipe, const char **why)
{
	if (!native_globals(native, space, segment, *from, recipe, why))
		return false;
	*from = recipe->next;
	return true;
}

void cglobals_read(struct space *space, const struct segment *segment, uint64_t fs_base,
		   const struct recipe_frame *recipe, struct cvars *vars)
{
	const struct cregs regs = { .fs_base = fs_base };
	const struct ctls tls = ctls_find(space, segment, fs_base);
	const struct dwarfeval eval = {
		.pid = space->pid, .bias = segment->bias, .frame = recipe, .regs = &regs, .tls = &tls
	};

	read_vars(&eval, vars);
}
