// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walktext.c - what a walk finds, for people: threads, frames, variables. */
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "view/cview.h"
#include "view/suspended.h"
#include "view/textline.h"

#define NAME_WIDTH  20
#define VALUE_WIDTH 24
#define SAFE	    512

static void text_begin(struct view *view, const struct walk_head *head)
{
	struct textline line = { .len = 0 };
	char safe[SAFE];

	textline_put(&line, "process %d", (int)head->pid);
	for (char *const *arg = head->argv; *arg; arg++)
		textline_put(&line, " %s", fmt_safe(safe, sizeof(safe), *arg));
	textline_write(&line, view->out);
	if (!head->python)
		return;
	textline_put(&line, "CPython %s in %s", head->python,
		     fmt_safe(safe, sizeof(safe), head->python_file));
	textline_write(&line, view->out);
}

static void text_thread(struct view *view, const struct walk_thread *thread)
{
	struct textline line = { .len = 0 };

	textline_write(&line, view->out);
	textline_put(&line, "THREAD %d:", (int)thread->tid);
	textline_count(&line, " ", thread->frames, "Python frame");
	if (thread->cut)
		textline_put(&line, ", and more");
	if (thread->changing)
		textline_put(&line, ", without inner ones that came and went");
	if (thread->why)
		textline_put(&line, ": %s", thread->why);
	textline_write(&line, view->out);
}

static void put_frame_place(struct textline *line, const struct walk_frame *frame)
{
	char place[PLACE_TEXT];

	textline_put(line, "  frame at 0x%llx %s", (unsigned long long)frame->place.addr,
		     textline_place(place, &frame->place));
	if (frame->frame->owner == PYFRAME_GENERATOR && !frame->generator)
		textline_put(line, ", in its generator");
	if (frame->object.addr && frame->object.addr != frame->place.addr)
		textline_put(line, "; frame object at 0x%llx %s",
			     (unsigned long long)frame->object.addr,
			     textline_place(place, &frame->object));
}

static void text_frame(struct view *view, const struct walk_frame *frame)
{
	struct textline line = { .len = 0 };
	char function[SAFE], file[SAFE];

	textline_put(&line, "%3zu %s", frame->depth,
		     frame->function ? fmt_safe(function, sizeof(function), frame->function) : "?");
	if (frame->file)
		textline_put(&line, " (%s:%lld)", fmt_safe(file, sizeof(file), frame->file),
			     (long long)frame->line);
	put_frame_place(&line, frame);
	textline_write(&line, view->out);
	if (frame->generator)
		text_generator(view, frame->generator);
	if (frame->globals) {
		textline_count(&line, "      its module has ", frame->globals, "global");
		textline_put(&line, ": --globals shows %s", frame->globals == 1 ? "it" : "them");
	} else if (frame->gone) {
		textline_put(&line, "      it ended before its variables could be read");
	} else if (frame->torn) {
		textline_count(&line, "      without ", frame->torn, "variable");
		textline_put(&line, " that went on changing");
	}
	if (line.len)
		textline_write(&line, view->out);
}

static void text_variable(struct view *view, const struct walk_var *at)
{
	const struct pyvar *var = at->var;
	struct textline line = { .len = 0 };
	char safe[SAFE], place[PLACE_TEXT];

	textline_put(&line, "      %s%s", var->scope == PYSCOPE_ATTRIBUTE ? "self." : "",
		     fmt_safe(safe, sizeof(safe), var->name));
	textline_pad(&line, 6 + NAME_WIDTH);
	textline_put(&line, " %s", fmt_safe(safe, sizeof(safe), var->object.type->name));
	if (var->value[0])
		textline_put(&line, " %s", var->value);
	textline_pad(&line, 6 + NAME_WIDTH + VALUE_WIDTH);
	textline_put(&line, " 0x%-12llx %-15llu %-20s", (unsigned long long)at->place.addr,
		     (unsigned long long)at->place.addr, textline_place(place, &at->place));
	if (var->object.immortal)
		textline_put(&line, " immortal");
	else
		textline_put(&line, " refs %llu", (unsigned long long)var->object.refcount);
	if (var->scope == PYSCOPE_CELL || var->scope == PYSCOPE_FREE)
		textline_put(&line, ", in a cell");
	if (at->body.addr)
		textline_put(&line, ", body at 0x%llx %s", (unsigned long long)at->body.addr,
			     textline_place(place, &at->body));
	if (at->same_name)
		textline_put(&line, ", same object as %s",
			     fmt_safe(safe, sizeof(safe), at->same_name));
	textline_write(&line, view->out);
}

static void text_note(struct view *view, const char *text)
{
	struct textline line = { .len = 0 };
	char safe[SAFE];

	textline_put(&line, "note: %s", fmt_safe(safe, sizeof(safe), text));
	textline_write(&line, view->out);
}

static void text_end(struct view *view, const struct walk_end *end)
{
	struct textline line = { .len = 0 };

	textline_write(&line, view->out);
	textline_count(&line, "", end->frames, "frame");
	textline_count(&line, " and ", end->variables, "variable");
	textline_count(&line, " of ", end->threads, "thread");
	if (end->retried)
		textline_put(&line, "; read again because they had changed: %llu",
			     (unsigned long long)end->retried);
	if (end->torn)
		textline_put(&line, "; left out because they went on changing or are damaged: %llu",
			     (unsigned long long)end->torn);
	if (strcmp(end->reason, "complete"))
		textline_put(&line, "; %s", end->reason);
	textline_write(&line, view->out);
}

const struct view_ops view_text = {
	.begin = text_begin,
	.segments = text_segments,
	.layers = text_layers,
	.statics = text_statics,
	.small_ints = text_small_ints,
	.pymalloc = text_pymalloc,
	.mimalloc = text_mimalloc,
	.census = text_census,
	.thread = text_thread,
	.frame = text_frame,
	.variable = text_variable,
	.suspended = text_suspended,
	.stand = text_stand,
	.heap = text_heap,
	.cthread = text_cthread,
	.cframe = text_cframe,
	.cglobals = text_cglobals,
	.cvar = text_cvar,
	.note = text_note,
	.end = text_end,
};
