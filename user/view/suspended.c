// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* suspended.c - generators and coroutines that stand still, for people and as JSON lines. */
#include <inttypes.h>

#include "base/fmt.h"
#include "view/suspended.h"
#include "view/jsonline.h"
#include "view/textline.h"

static void put_number(struct textline *line, const char **separator, uint64_t n, const char *what)
{
	if (!n)
		return;
	textline_put(line, "%s%" PRIu64 " %s%s", *separator, n, what, n == 1 ? "" : "s");
	*separator = ", ";
}

void text_suspended(struct view *view, const struct walk_suspended *show)
{
	const uint64_t all = show->coroutines + show->generators + show->async_generators;
	struct textline line = { .len = 0 };
	const char *separator = " ";

	textline_write(&line, view->out);
	textline_put(&line, "SUSPENDED:");
	put_number(&line, &separator, show->coroutines, "coroutine");
	put_number(&line, &separator, show->generators, "generator");
	put_number(&line, &separator, show->async_generators, "asynchronous generator");
	if (show->several)
		textline_put(&line, " of the interpreter at 0x%" PRIx64, show->interp);
	if (show->tasks)
		textline_put(&line, "; %" PRIu64 " of them %s", show->tasks,
			     show->tasks == 1 ? "runs as a task" : "run as tasks");
	if (show->shown < all)
		textline_put(&line, "; %" PRIu64 " %s shown: --suspended 0 shows all",
			     show->shown, show->shown == 1 ? "is" : "are");
	textline_write(&line, view->out);
}

void text_stand(struct view *view, const struct walk_stand *show)
{
	struct textline line = { .len = 0 };
	char function[512], file[512];

	textline_put(&line, "%9" PRIu64 " %s at %s", show->n,
		     fmt_safe(file, sizeof(file), show->class),
		     show->function ? fmt_safe(function, sizeof(function), show->function) : "?");
	if (show->file)
		textline_put(&line, " (%s:%" PRId64 ")", fmt_safe(file, sizeof(file), show->file),
			     show->line);
	textline_write(&line, view->out);
}

void json_stand(struct view *view, const struct walk_stand *show)
{
	struct json json;

	jsonline_begin(view, &json, "suspended_at");
	json_u64(&json, "pid", view->pid);
	json_str(&json, "function", show->function);
	json_str(&json, "file", show->file);
	if (show->line)
		json_u64(&json, "line", show->line);
	json_str(&json, "class", show->class);
	json_u64(&json, "count", show->n);
	json_end(&json);
}

static void put_object(struct textline *line, const struct walk_awaited *awaited)
{
	char safe[512], place[PLACE_TEXT];

	textline_put(line, "%s", fmt_safe(safe, sizeof(safe), awaited->object.type->name));
	if (awaited->value[0])
		textline_put(line, " %s", awaited->value);
	textline_put(line, " at 0x%" PRIx64 " %s", awaited->place.addr,
		     textline_place(place, &awaited->place));
}

void text_generator(struct view *view, const struct walk_generator *generator)
{
	const struct pysuspended *at = generator->suspended;
	struct textline line = { .len = 0 };
	char safe[512], place[PLACE_TEXT];

	textline_put(&line, "      of %s 0x%" PRIx64 " %s",
		     fmt_safe(safe, sizeof(safe), at->generator.object.type->name),
		     generator->place.addr, textline_place(place, &generator->place));
	if (at->generator.state == PYGENERATOR_CREATED)
		textline_put(&line, ", not begun");
	if (at->awaited)
		textline_put(&line, ", awaited by the next");
	if (generator->task.addr)
		textline_put(&line, ", task 0x%" PRIx64 " %s", generator->task.addr,
			     textline_place(place, &generator->task));
	/* of a chain, the one before is what it waits for */
	if (generator->awaits.place.addr && !at->depth) {
		textline_put(&line, ", awaits ");
		put_object(&line, generator->behind.place.addr ? &generator->behind :
								  &generator->awaits);
	}
	textline_write(&line, view->out);
}

void json_suspended(struct view *view, const struct walk_suspended *show)
{
	struct json json;

	jsonline_begin(view, &json, "suspended");
	json_u64(&json, "pid", view->pid);
	if (show->interp)
		json_hex(&json, "interpreter", show->interp);
	json_u64(&json, "coroutines", show->coroutines);
	json_u64(&json, "generators", show->generators);
	json_u64(&json, "async_generators", show->async_generators);
	json_u64(&json, "tasks", show->tasks);
	json_u64(&json, "shown", show->shown);
	json_end(&json);
}

static void put_awaited(struct json *json, const char *name, const struct walk_awaited *awaited)
{
	if (!awaited->place.addr)
		return;
	json_object(json, name);
	json_str(json, "class", awaited->object.type->name);
	if (awaited->value[0])
		json_str(json, "value", awaited->value);
	jsonline_place(json, &awaited->place);
	json_object_end(json);
}

void json_generator(struct json *json, const struct walk_generator *generator)
{
	const struct pysuspended *at = generator->suspended;

	json_object(json, "generator");
	json_str(json, "class", at->generator.object.type->name);
	jsonline_place(json, &generator->place);
	json_str(json, "state",
		 at->generator.state == PYGENERATOR_CREATED ? "created" : "suspended");
	if (generator->task.addr)
		json_hex(json, "task", generator->task.addr);
	put_awaited(json, "awaits", &generator->awaits);
	put_awaited(json, "behind", &generator->behind);
	json_object_end(json);
}
