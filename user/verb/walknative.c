// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walknative.c - what a walk finds of C: malloc's memory, frames and variables, globals. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "target/proc.h"
#include "verb/walking.h"
#include "view/cview.h"

static int show_heap(struct walk *walk, const struct glibcheap *heap)
{
	struct walk_place *places __free = calloc(heap->n_arenas + 1, sizeof(*places));
	const struct walk_heap show = { heap, places, walk->options->walk.chunks };

	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < heap->n_arenas; i++)
		places[i] = walk_place(walk, heap->arenas[i].state.addr);
	walk->view.ops->heap(&walk->view, &show);
	walk->end.retried += heap->torn;
	for (size_t i = 0; i < heap->n_arenas; i++)
		walk->end.torn += heap->arenas[i].error != NULL;
	return 0;
}

int walk_heap(struct walk *walk)
{
	struct glibcheap heap;
	int err = glibcheap_read(walk->target->proc.pid, &walk->space->segments, &walk->residents,
				 &heap);

	if (err == -ENOENT)
		walk_note(walk, "no heap of glibc's malloc was found: the process has another "
			  "allocator, or has allocated nothing");
	if (err)
		return err == -ESRCH || err == -ENOMEM ? err : 0;
	err = show_heap(walk, &heap);
	glibcheap_clear(&heap);
	return err;
}

/* The function that a variable of a call inlined at the place belongs to. */
static const char *inlined_function(const struct code_name *name, uint32_t level)
{
	/* frames of a name are innermost first, levels outermost first */
	return level && level < name->n ? name->frames[name->n - 1 - level].function : NULL;
}

static void show_variable(struct walk *walk, const struct cvar *var, uint32_t frame,
			  const char *function)
{
	struct walk_cvar show = { .id = (uint32_t)++walk->end.variables,
				  .frame = frame,
				  .function = function,
				  .var = var };

	if (var->where.kind == WHERE_MEMORY)
		show.place = walk_place(walk, var->where.addr);
	walk->view.ops->cvar(&walk->view, &show);
	drawing_cvar(&walk->drawing, &show);
}

static void show_frame(struct walk *walk, const struct cthread *thread,
		       const struct cthread_frame *frame)
{
	struct walk_cframe show = { .id = (uint32_t)++walk->end.frames,
				    .tid = thread->tid,
				    .frame = frame };

	if (frame->frame.has_cfa)
		show.place = walk_place(walk, frame->frame.cfa);
	walk->view.ops->cframe(&walk->view, &show);
	drawing_cframe(&walk->drawing, &show);
	for (size_t i = 0; i < frame->n; i++) {
		const struct cvar *var = &thread->vars[frame->first + i];

		show_variable(walk, var, show.id, inlined_function(frame->name, var->level));
	}
}

static int show_thread(struct walk *walk, pid_t tid, const struct cregs *held)
{
	struct cthread thread;
	const struct walk_cthread show = { &thread, held != NULL };
	int err = cthread_read(&walk->place.native, walk->space, tid, held, &thread);

	if (err)
		return err;
	walk->end.threads++;
	walk->end.retried += thread.torn;
	walk->stuck |= thread.why != NULL;
	walk->view.ops->cthread(&walk->view, &show);
	for (size_t i = 0; i < thread.n; i++)
		show_frame(walk, &thread, &thread.frames[i]);
	cthread_clear(&thread);
	return 0;
}

/* The registers of a thread that is held; false: it is not. */
static bool registers_of(const struct walk *walk, pid_t tid, struct cregs *regs)
{
	for (size_t i = 0; i < walk->frozen.n; i++)
		if (walk->frozen.threads[i].tid == tid && walk->frozen.threads[i].stopped) {
			*regs = cregs_of(&walk->frozen.threads[i].regs);
			return true;
		}
	return false;
}

static int show_threads(struct walk *walk)
{
	pid_t *tids __free = NULL;
	const ssize_t n = proc_threads(walk->target->proc.pid, &tids);
	int err = n < 0 ? (int)n : 0;

	for (ssize_t i = 0; i < n && !err; i++) {
		struct cregs regs;

		err = show_thread(walk, tids[i], registers_of(walk, tids[i], &regs) ? &regs : NULL);
	}
	if (!err && !walk->freeze && walk->stuck)
		walk_note(walk, "with --freeze the process is held for a moment, and the registers that "
			  "lead to more frames and variables are known");
	return err;
}

/* A Python program is not asked about its C functions unless it was said. */
static bool is_wanted(const struct walk *walk)
{
	const struct segments *segments = &walk->space->segments;

	for (size_t i = 0; i < segments->n && !walk->options->walk.native; i++)
		if (segments->at[i].image && strstr(segments->at[i].name, "python"))
			return false;
	return true;
}

void walk_warm_up(struct walk *walk)
{
	pid_t *tids __free = NULL;
	const ssize_t n = is_wanted(walk) ? proc_threads(walk->target->proc.pid, &tids) : 0;

	for (ssize_t i = 0; i < n; i++) {
		struct cthread thread;

		if (!cthread_read(&walk->place.native, walk->space, tids[i], NULL, &thread))
			cthread_clear(&thread);
	}
}

/* The first segment of the program's own file. */
static const struct segment *program_of(const struct walk *walk)
{
	const struct segments *segments = &walk->space->segments;

	for (size_t i = 0; i < segments->n; i++)
		if (segments->at[i].image && !strcmp(segments->at[i].name, walk->target->proc.exe))
			return &segments->at[i];
	return NULL;
}

static int show_globals(struct walk *walk)
{
	const struct segment *program = program_of(walk);
	struct recipe_frame *recipe __free = malloc(sizeof(*recipe));
	struct cvars *vars __free = malloc(sizeof(*vars));
	const char *why = NULL;
	uint64_t from = 0, before = walk->end.variables;

	if (!recipe || !vars)
		return -ENOMEM;
	while (program && cglobals_read(&walk->place.native, walk->space, program, &from, recipe,
					vars, &why)) {
		for (size_t i = 0; i < vars->n; i++)
			show_variable(walk, &vars->at[i], 0, NULL);
		if (!from)
			break;
	}
	if (walk->end.variables == before)
		walk_note(walk, "no debug information tells of global variables of %s%s%s",
			  walk->target->proc.exe, why ? ": " : "", why ? why : "");
	return 0;
}

int walk_native(struct walk *walk)
{
	int err = show_threads(walk);

	return !err && walk->options->walk.globals ? show_globals(walk) : err;
}
