// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* cframes.c - the frames of C functions on a thread's stack, innermost first. */
#include "dwarf/cframes.h"

#include <string.h>

#include "base/clean.h"
#include "dwarf/ctls.h"
#include "target/mem.h"

/*
 * rax, rcx and r11 in a system call: what it returns is not known before it has, and the
 * others are overwritten.
 */
#define CREGS_CALL (1u << 0 | 1u << 2 | 1u << 11)

struct cregs cregs_of(const struct user_regs_struct *regs,
		      const struct user_fpregs_struct *vectors)
{
	/* System V ABI, figure 3.36 */
	struct cregs all = { { regs->rax, regs->rdx, regs->rcx, regs->rbx, regs->rsi, regs->rdi,
			       regs->rbp, regs->rsp, regs->r8, regs->r9, regs->r10, regs->r11,
			       regs->r12, regs->r13, regs->r14, regs->r15, regs->rip },
			     .known = (1u << RECIPE_REGS) - 1,
			     .fs_base = regs->fs_base };

	if ((int64_t)regs->orig_rax >= 0)
		all.known &= ~CREGS_CALL;
	if (vectors)
		memcpy(all.vectors, vectors->xmm_space, sizeof(all.vectors));
	all.has_vectors = vectors != NULL;
	return all;
}

struct cregs cregs_waiting(const struct registers_thread *thread)
{
	struct cregs regs = cregs_of(&thread->regs, NULL);

	if (thread->few)
		regs.known = 1u << RECIPE_SP | 1u << RECIPE_PC;
	return regs;
}

void cframes_begin(struct cframes *frames, struct native *native, struct space *space,
		   const struct cregs *regs, struct recipe_frame *recipe)
{
	*frames = (struct cframes){
		.native = native, .space = space, .recipe = recipe, .tls_bias = UINT64_MAX
	};
	frames->frame.regs = *regs;
	frames->frame.pc = regs->value[RECIPE_PC];
	frames->frame.exact = true;
}

struct dwarfeval cframes_eval(const struct cframes *frames)
{
	const struct cframe *frame = &frames->frame;

	return (struct dwarfeval){ .pid = frames->space->pid,
				   .bias = frame->bias,
				   .frame = frames->recipe,
				   .regs = &frame->regs,
				   .entry = frames->entry,
				   .has_cfa = frame->has_cfa,
				   .cfa = frame->cfa };
}

struct dwarfeval cframes_eval_variables(struct cframes *frames)
{
	struct dwarfeval eval = cframes_eval(frames);
	const struct cframe *frame = &frames->frame;

	if (!frames->recipe->asks_tls)
		return eval;
	if (frames->tls_bias != frame->bias) {
		struct segments *segments = &frames->space->segments;

		frames->tls = ctls_find(frames->space,
					segments_find(segments, frame->pc - !frame->exact),
					frame->regs.fs_base);
		frames->tls_bias = frame->bias;
	}
	eval.tls = &frames->tls;
	return eval;
}

static void read_frame(struct cframes *frames)
{
	struct cframe *frame = &frames->frame;
	struct dwarfeval eval;

	frame->has_cfa = false;
	frame->has_recipe = native_frame(frames->native, frames->space, frame->pc, frame->exact,
					 frames->recipe, &frame->bias, &frames->why);
	if (!frame->has_recipe || !frames->recipe->has_rules)
		return;
	eval = cframes_eval(frames);
	frame->has_cfa = dwarfeval_number(&eval, &frames->recipe->cfa, &frame->cfa);
}

/* A register as the caller had it, from where the function has kept it. */
static void restore(const struct cframes *frames, unsigned number, struct cregs *caller)
{
	const struct recipe *recipe = &frames->recipe->registers[number];
	const struct cregs *regs = &frames->frame.regs;
	struct dwarfeval eval = cframes_eval(frames);
	struct where where;
	uint64_t value;

	if (recipe->kind == RECIPE_SAME && cregs_has(regs, number))
		cregs_set(caller, number, regs->value[number]);
	if (recipe->kind != RECIPE_EXPRESSION)
		return;
	where = dwarfeval_where(&eval, recipe);
	if (where.kind == WHERE_MEMORY &&
	    !mem_read(eval.pid, where.addr, &value, sizeof(value)))
		cregs_set(caller, number, value);
	else if (where.kind == WHERE_VALUE)
		cregs_set(caller, number, where.addr);
	else if (where.kind == WHERE_REGISTER && cregs_has(regs, where.addr))
		cregs_set(caller, number, regs->value[where.addr]);
}

/* Go to the caller; false when there is none, or it cannot be found: then why is set. */
static bool go_out(struct cframes *frames)
{
	struct cframe *frame = &frames->frame;
	struct cregs caller = { .fs_base = frame->regs.fs_base };

	if (frames->why || !frame->has_recipe || !frames->recipe->has_rules) {
		if (!frames->why)
			frames->why = "no unwind table says how the function returns";
		return false;
	}
	if (!frame->has_cfa) {
		frames->why = "the caller is found by a register whose value is not known";
		return false;
	}
	if (frames->recipe->registers[RECIPE_PC].kind == RECIPE_NONE)
		return false; /* the outermost: it returns nowhere */
	for (unsigned i = 0; i < RECIPE_REGS; i++)
		restore(frames, i, &caller);
	cregs_set(&caller, RECIPE_SP, frame->cfa);
	if (!cregs_has(&caller, RECIPE_PC) || frame->depth + 1 == CFRAMES_MOST)
		frames->why = frame->depth + 1 == CFRAMES_MOST ? "there are too many" :
								 "the stack cannot be read";
	else if (frame->cfa <= frame->regs.value[RECIPE_SP] && !frames->recipe->signal)
		frames->why = "a frame does not lie above the one it called";
	if (frames->why)
		return false;
	frame->exact = frames->recipe->signal;
	frame->pc = caller.value[RECIPE_PC];
	frame->regs = caller;
	frame->depth++;
	return frame->pc != 0;
}

bool cframes_next(struct cframes *frames)
{
	if (frames->started && !go_out(frames))
		return false;
	frames->started = true;
	read_frame(frames);
	return true;
}

void cframes_again(struct cframes *frames, const struct cframe *frame)
{
	frames->frame = *frame;
	frames->entry = NULL;
	read_frame(frames);
}
