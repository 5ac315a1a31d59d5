// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walknative.c - what a walk finds of C: malloc's memory, frames and variables, globals. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>

#include "base/clean.h"
#include "target/proc.h"
#include "verb/walking.h"
#include "verb/walkspots.h"
#include "view/cview.h"

#define GLOBALS_MOST 20000 /* shown, about */

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

/* A thread that is shown, and where its variables lie. */
struct showing {
	const struct cthread *thread;
	uint32_t first; /* id of its innermost frame */
	const struct segment *program; /* its own file; NULL: none is mapped */
	struct walk_spots spots;
};

/* What a pointer leads to; of: NULL: a variable that is no thread's. */
static void find_target(struct walk *walk, const struct showing *of, uint64_t addr,
			struct walk_ctarget *target)
{
	const struct walk_spot *spot = of ? walk_spots_at(&of->spots, addr) : NULL;
	const struct code_name *name;

	target->place = walk_place(walk, addr);
	if (!spot)
		return;
	name = of->thread->frames[spot->frame].name;
	target->variable = spot->var->name;
	target->function = name->n ? name->frames[name->n - 1].function : NULL;
	target->frame = of->first + (uint32_t)spot->frame;
	target->offset = addr - spot->start;
}

/* Where it lies, and what it points to. */
static void find_places(struct walk *walk, const struct showing *of, const struct cvar *var,
			struct walk_place *place, struct walk_ctarget *target)
{
	if (var->where.kind == WHERE_MEMORY)
		*place = walk_place(walk, var->where.addr);
	if (var->points && var->target)
		find_target(walk, of, var->target, target);
}

/* A variable, and n members of it that follow. */
static void show_variable(struct walk *walk, const struct showing *of, const struct cvar *var,
			  size_t n, struct walk_cvar *show)
{
	static struct walk_cmember members[RECIPE_PARTS];
	const uint32_t depth = walk->options->walk.members;

	show->id = (uint32_t)++walk->end.variables;
	show->var = var;
	show->members = members;
	find_places(walk, of, var, &show->place, &show->target);
	for (size_t i = 1; i <= n; i++) {
		struct walk_cmember *member = &members[show->n_members];

		if (var[i].depth > depth)
			continue;
		*member = (struct walk_cmember){
			.var = &var[i],
			.more = var[i].depth < depth ? var[i].more : 0,
			.members = i < n && var[i].depth < depth && var[i + 1].depth > var[i].depth
		};
		find_places(walk, of, &var[i], &member->place, &member->target);
		show->n_members++;
	}
	walk->view.ops->cvar(&walk->view, show);
	drawing_cvar(&walk->drawing, show);
}

/* Members behind a variable. */
static size_t members_of(const struct cvar *vars, size_t n)
{
	size_t members = 0;

	while (members + 1 < n && vars[members + 1].depth)
		members++;
	return members;
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

static void show_frame(struct walk *walk, const struct showing *of,
		       const struct cthread_frame *frame)
{
	const struct cthread *thread = of->thread;
	struct walk_cframe show = { .id = (uint32_t)++walk->end.frames,
				    .tid = thread->tid,
				    .frame = frame };

	if (frame->frame.has_cfa)
		show.place = walk_place(walk, frame->frame.cfa);
	walk->view.ops->cframe(&walk->view, &show);
	drawing_cframe(&walk->drawing, &show);
	walk->informed |= frame->n && of->program && of->program->bias == frame->frame.bias;
	for (size_t i = 0, members; i < frame->n; i += 1 + members) {
		const struct cvar *var = &thread->vars[frame->first + i];
		struct walk_cvar each = { .frame = show.id,
					  .function = inlined_function(frame->name, var->level) };

		members = members_of(var, frame->n - i);
		show_variable(walk, of, var, members, &each);
	}
}

static int show_thread(struct walk *walk, pid_t tid, const struct cregs *held)
{
	struct cthread thread;
	const struct walk_cthread show = { &thread, held != NULL };
	struct showing of = { .thread = &thread,
			      .first = (uint32_t)walk->end.frames + 1,
			      .program = program_of(walk) };
	int err = cthread_read(&walk->place.native, walk->space, tid, held, &walk->registers,
			       &thread);

	if (err)
		return err;
	walk->end.threads++;
	walk->end.retried += thread.torn;
	walk->stuck |= thread.why != NULL;
	walk->view.ops->cthread(&walk->view, &show);
	walk_spots_find(&thread, &of.spots);
	for (size_t i = 0; i < thread.n; i++)
		show_frame(walk, &of, &thread.frames[i]);
	walk_spots_clear(&of.spots);
	cthread_clear(&thread);
	return 0;
}

/* What is read of a thread by the one that holds it. */
struct vectors {
	pid_t tid;
	struct user_fpregs_struct regs;
};

static int read_vectors(void *arg)
{
	struct vectors *vectors = arg;

	return ptrace(PTRACE_GETFPREGS, vectors->tid, NULL, &vectors->regs) ? -errno : 0;
}

/* The registers of a thread that is held; false: it is not. */
static bool registers_of(const struct walk *walk, pid_t tid, struct cregs *regs)
{
	for (size_t i = 0; i < walk->frozen.n; i++) {
		const struct frozen_thread *thread = &walk->frozen.threads[i];
		struct vectors vectors = { .tid = tid };

		if (thread->tid != tid || !thread->stopped)
			continue;
		*regs = cregs_of(&thread->regs, freeze_call(walk->freeze, read_vectors, &vectors) ?
							NULL : &vectors.regs);
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
	if (!err && !walk->freeze && walk->stuck && walk->registers.error)
		walk_note(walk, "registers of threads are not known, since BPF cannot be used (%s): with "
			  "--freeze the process is held for a moment, and they are",
			  strerror(-walk->registers.error));
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

		if (!cthread_read(&walk->place.native, walk->space, tids[i], NULL,
				  &walk->registers, &thread))
			cthread_clear(&thread);
	}
}

/* What is read of the globals of a file, some at a time. */
struct globals {
	const struct segment *file;
	struct recipe_frame recipe;
	struct cvars vars;
};

/* Those of which each thread has its own, or all others. */
static void show_some(struct walk *walk, const struct globals *globals, bool thread_local,
		      pid_t tid)
{
	const struct cvars *vars = &globals->vars;

	for (size_t i = 0, members; i < vars->n; i += 1 + members) {
		const struct cvar *var = &vars->at[i];
		struct walk_cvar show = { .function = var->owner[0] ? var->owner : NULL,
					  .tid = tid };

		members = members_of(var, vars->n - i);
		if (var->thread_local == thread_local)
			show_variable(walk, NULL, var, members, &show);
	}
}

/* Each thread's own; else it is said that there are such. */
static void show_thread_locals(struct walk *walk, struct globals *globals)
{
	const uint64_t before = walk->end.variables;
	pid_t *tids __free = NULL;
	const ssize_t n = proc_threads(walk->target->proc.pid, &tids);
	bool any = false;

	for (ssize_t i = 0; i < n && walk->end.variables - before < GLOBALS_MOST; i++) {
		const uint64_t fs_base = walk_fs_base(walk, tids[i]);

		if (!fs_base)
			continue;
		cglobals_read(walk->space, globals->file, fs_base, &globals->recipe,
			      &globals->vars);
		show_some(walk, globals, true, tids[i]);
		any = true;
	}
	if (!any)
		show_some(walk, globals, true, 0);
}

static int show_globals(struct walk *walk)
{
	struct globals *globals __free = malloc(sizeof(*globals));
	const uint64_t before = walk->end.variables;
	const char *why = NULL;
	uint64_t from = 0;

	if (!globals)
		return -ENOMEM;
	globals->file = program_of(walk);
	while (globals->file && cglobals_find(&walk->place.native, walk->space, globals->file,
					      &from, &globals->recipe, &why)) {
		if (walk->end.variables == before && globals->recipe.n_vars)
			walk->view.ops->cglobals(&walk->view, walk->target->proc.exe, true);
		cglobals_read(walk->space, globals->file, 0, &globals->recipe, &globals->vars);
		show_some(walk, globals, false, 0);
		if (globals->recipe.asks_tls)
			show_thread_locals(walk, globals);
		if (!from || walk->end.variables - before > GLOBALS_MOST)
			break;
	}
	if (from && walk->end.variables - before > GLOBALS_MOST)
		walk_note(walk, "there are more global variables than these");
	if (walk->end.variables == before)
		walk_note(walk, "no debug information tells of global variables of %s%s%s",
			  walk->target->proc.exe, why ? ": " : "", why ? why : "");
	return 0;
}

int walk_native(struct walk *walk)
{
	int err = show_threads(walk);

	if (!err && walk->options->walk.globals)
		return show_globals(walk);
	if (!err && walk->informed)
		walk->view.ops->cglobals(&walk->view, walk->target->proc.exe, false);
	return err;
}
