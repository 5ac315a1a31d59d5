// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* cthread.c - all frames of C functions of one thread, with their variables. */
#include "dwarf/cthread.h"

#include <errno.h>
#include <stdlib.h>

/* What one frame is read with: large. */
struct room {
	struct recipe_frame recipe;
	struct cvars vars;
};

void cthread_clear(struct cthread *thread)
{
	free(thread->frames);
	free(thread->vars);
	*thread = (struct cthread){ .tid = thread->tid, .torn = thread->torn };
}

/* True when there is room for n more of an array that doubles. */
static bool make_room(void **array, size_t used, size_t n, size_t size)
{
	size_t room = 16;
	void *more;

	while (room < used)
		room *= 2;
	if (*array && used + n <= room)
		return true;
	while (room < used + n)
		room *= 2;
	more = reallocarray(*array, room, size);
	if (more)
		*array = more;
	return more != NULL;
}

/* Keep the variables of a frame. */
static int add_vars(struct cthread *thread, struct intern *names, const struct cvars *vars,
		    struct cthread_frame *frame)
{
	void *array = thread->vars;

	if (!make_room(&array, thread->n_vars, vars->n, sizeof(*thread->vars)))
		return -ENOMEM;
	thread->vars = array;
	frame->first = thread->n_vars;
	frame->n = vars->n;
	frame->cut = vars->cut;
	for (size_t i = 0; i < vars->n; i++) {
		struct cvar *var = &thread->vars[thread->n_vars++];

		*var = vars->at[i];
		var->name = intern(names, var->name);
		var->type = intern(names, var->type);
		var->owner = intern(names, var->owner);
		if (var->above)
			var->above = intern(names, var->above);
	}
	return 0;
}

/* Read the variables of the frame at hand. */
static int read_vars(struct cthread *thread, struct cframes *frames, struct cvars *vars,
		     struct cthread_frame *frame)
{
	vars->n = 0;
	vars->cut = frames->frame.has_recipe ? frames->recipe->n_vars : 0;
	if (thread->n_vars < CTHREAD_VARS)
		clocals_read(frames, vars);
	return add_vars(thread, frames->native->naming.names, vars, frame);
}

/* From the stack pointer, or where the one it called begins. */
static uint64_t size_of(const struct cthread *thread, const struct cframe *frame)
{
	const struct cthread_frame *inner = thread->n ? &thread->frames[thread->n - 1] : NULL;
	const uint64_t low = inner ? inner->frame.cfa : frame->regs.value[RECIPE_SP];

	return frame->has_cfa && (!inner || inner->frame.has_cfa) && frame->cfa > low ?
		       frame->cfa - low : 0;
}

static int add_frame(struct cthread *thread, struct cframes *frames, struct cvars *vars)
{
	struct cthread_frame *frame;
	void *array = thread->frames;

	if (!make_room(&array, thread->n, 1, sizeof(*thread->frames)))
		return -ENOMEM;
	thread->frames = array;
	frame = &thread->frames[thread->n];
	*frame = (struct cthread_frame){ .frame = frames->frame,
					 .size = size_of(thread, &frames->frame),
					 .entry = centry_of(frames) };
	frame->entry.name = intern(frames->native->naming.names, frame->entry.name);
	frame->name = native_find(frames->native, frames->space, frames->frame.pc,
				  frames->frame.exact);
	thread->n++;
	return read_vars(thread, frames, vars, frame);
}

/*
 * Values that functions were called with are known once their callers are: outermost first,
 * since they may be made of those the caller was called with. Read again is only what
 * takes such.
 */
static int read_entries(struct cthread *thread, struct cframes *frames, struct cvars *vars)
{
	struct centry_values entry = { .n = 0 };
	int err = 0;

	for (size_t i = thread->n; i-- > 0 && !err;) {
		struct cthread_frame *frame = &thread->frames[i];
		const struct centry_values of_caller = entry;

		entry.n = 0;
		if (!frame->asked || i + 1 == thread->n)
			continue;
		cframes_again(frames, &thread->frames[i + 1].frame);
		frames->entry = &of_caller;
		entry = centry_read(frames, &frame->entry);
		if (!frame->entry.asks || thread->n_vars >= CTHREAD_VARS)
			continue;
		cframes_again(frames, &frame->frame);
		frames->entry = &entry;
		err = read_vars(thread, frames, vars, frame);
	}
	return err;
}

/* Which values that functions were called with have to be found; false: none. */
static bool ask_entries(struct cthread *thread)
{
	bool any = false;

	for (size_t i = 0; i < thread->n; i++) {
		struct cthread_frame *frame = &thread->frames[i];

		frame->asked = frame->entry.asks ||
			       (i && thread->frames[i - 1].asked && frame->entry.passes);
		any |= frame->asked;
	}
	return any;
}

static int read_frames(struct native *native, struct space *space, const struct cregs *regs,
		       struct room *room, struct cthread *thread)
{
	struct cframes frames;
	int err = 0;

	cframes_begin(&frames, native, space, regs, &room->recipe);
	while (!err && cframes_next(&frames))
		err = add_frame(thread, &frames, &room->vars);
	thread->why = frames.why;
	if (!err && ask_entries(thread))
		err = read_entries(thread, &frames, &room->vars);
	return err;
}

/* It must have waited until the end, or what was read is of no one moment. */
static int read_waiting(struct native *native, struct space *space, struct registers *registers,
			struct room *room, struct cthread *thread)
{
	struct registers_thread before, after;

	for (int i = 0; i < CTHREAD_TRIES; i++) {
		int err = registers_read(registers, space->pid, thread->tid, &before);

		if (!err && !before.runs) {
			const struct cregs regs = cregs_waiting(&before);

			err = read_frames(native, space, &regs, room, thread);
			if (err)
				return err;
			if (!registers_read(registers, space->pid, thread->tid, &after) &&
			    registers_same(&before, &after))
				return 0;
			thread->torn++;
		}
		cthread_clear(thread);
	}
	thread->why = "it runs just now: its registers are known when it is held (--freeze)";
	return 0;
}

int cthread_read(struct native *native, struct space *space, pid_t tid, const struct cregs *held,
		 struct registers *registers, struct cthread *thread)
{
	struct room *room = malloc(sizeof(*room));
	int err;

	*thread = (struct cthread){ .tid = tid };
	if (!room)
		return -ENOMEM;
	err = held ? read_frames(native, space, held, room, thread) :
		     read_waiting(native, space, registers, room, thread);
	free(room);
	if (err)
		cthread_clear(thread);
	return err;
}
