// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walkjson.c - what a walk finds, as JSON lines. */
#include <stdio.h>

#include "base/clock.h"
#include "base/fmt.h"
#include "place/segmentjson.h"
#include "view/cview.h"
#include "view/jsonline.h"
#include "view/suspended.h"

#define SCHEMA 1

void jsonline_begin(struct view *view, struct json *json, const char *type)
{
	const uint64_t now = now_ns();

	json_begin(json, view->out);
	json_str(json, "type", type);
	json_u64(json, "ts_ns", now > view->start_ns ? now - view->start_ns : 0);
}

void jsonline_place(struct json *json, const struct walk_place *place)
{
	json_hex(json, "addr", place->addr);
	segmentjson_put_place(json, &place->segment, place->addr);
}

static void json_view_begin(struct view *view, const struct walk_head *head)
{
	const char state[2] = { head->state, '\0' };
	struct json json;

	jsonline_begin(view, &json, "walk");
	json_u64(&json, "schema", SCHEMA);
	json_str(&json, "tool", "mwbpf");
	json_str(&json, "version", head->version);
	json_str(&json, "kernel", head->kernel);
	json_str(&json, "time", fmt_time((char[FMT_TIME]){ 0 }, head->realtime_ns));
	json_u64(&json, "monotonic_ns", head->start_ns);
	json_u64(&json, "pid", head->pid);
	json_str(&json, "exe", head->exe);
	json_array(&json, "command");
	for (char *const *arg = head->argv; *arg; arg++)
		json_str(&json, NULL, *arg);
	json_array_end(&json);
	json_str(&json, "state", state);
	json_bool(&json, "frozen", head->frozen);
	json_str(&json, "python", head->python);
	json_str(&json, "python_file", head->python_file);
	json_str(&json, "python_why", head->python_why);
	json_end(&json);
}

static void put_segment(struct view *view, const struct walk_segment *at)
{
	struct json json;

	jsonline_begin(view, &json, "segment");
	segmentjson_put(&json, view->pid, &at->segment);
	if (at->known) {
		json_u64(&json, "resident", at->bytes.resident);
		json_u64(&json, "dirty", at->bytes.dirty);
		json_u64(&json, "swapped", at->bytes.swapped);
	}
	json_end(&json);
}

static void json_view_segments(struct view *view, const struct walk_segment *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_segment(view, &at[i]);
}

static void put_bytes(struct json *json, const struct residency *bytes)
{
	json_u64(json, "size", bytes->size);
	json_u64(json, "resident", bytes->resident);
	json_u64(json, "dirty", bytes->dirty);
	json_u64(json, "swapped", bytes->swapped);
}

static void json_view_layers(struct view *view, const struct walk_layer *at, size_t n,
			     const struct residency *all)
{
	struct json json;

	(void)all; /* walk_end has it */
	for (size_t i = 0; i < n; i++) {
		jsonline_begin(view, &json, "layer_total");
		json_u64(&json, "pid", view->pid);
		json_str(&json, "layer", at[i].name);
		put_bytes(&json, &at[i].bytes);
		json_end(&json);
	}
}

static void json_view_statics(struct view *view, const struct walk_statics *at)
{
	const struct pystatic *statics = at->statics;
	struct json json;

	jsonline_begin(view, &json, "static_objects");
	json_u64(&json, "pid", view->pid);
	json_u64(&json, "types", statics->types);
	json_u64(&json, "own_types", statics->own_types);
	json_u64(&json, "types_bytes", statics->types_bytes);
	json_array(&json, "singletons");
	for (size_t i = 0; i < PYSTATIC_SINGLETONS; i++) {
		if (!statics->singletons[i].addr)
			continue;
		json_object(&json, NULL);
		json_str(&json, "name", statics->singletons[i].name);
		jsonline_place(&json, &at->singletons[i]);
		json_u64(&json, "size", statics->singletons[i].bytes);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_end(&json);
}

static void json_view_small_ints(struct view *view, const struct walk_small_ints *at)
{
	struct json json;

	jsonline_begin(view, &json, "small_ints");
	json_u64(&json, "pid", view->pid);
	jsonline_place(&json, &at->place);
	json_hex(&json, "end", at->ints->end);
	json_i64(&json, "first", SMALLINTS_FIRST);
	json_i64(&json, "last", SMALLINTS_FIRST + (int64_t)at->ints->n - 1);
	json_u64(&json, "count", at->ints->n);
	json_u64(&json, "size", at->ints->bytes);
	json_hex(&json, "table", at->ints->table);
	json_bool(&json, "pointers", at->ints->pointers);
	json_end(&json);
}

static void put_class(struct view *view, const struct pymalloc_class *class)
{
	struct json json;

	jsonline_begin(view, &json, "size_class");
	json_u64(&json, "pid", view->pid);
	json_u64(&json, "size", class->size);
	json_u64(&json, "pools", class->pools);
	json_u64(&json, "used", class->used);
	json_u64(&json, "free", class->free);
	json_end(&json);
}

static void put_arena(struct view *view, const struct walk_arena *at)
{
	struct json json;

	jsonline_begin(view, &json, "arena");
	json_u64(&json, "pid", view->pid);
	jsonline_place(&json, &at->place);
	put_bytes(&json, &at->bytes);
	json_u64(&json, "pools", at->arena->pools);
	json_u64(&json, "used_pools", at->arena->used_pools);
	json_u64(&json, "used", at->arena->used);
	json_u64(&json, "free", at->arena->free);
	if (at->arena->torn)
		json_u64(&json, "torn", at->arena->torn);
	json_end(&json);
}

static void json_view_pymalloc(struct view *view, const struct pymalloc *pymalloc,
			       const struct walk_arena *arenas)
{
	for (size_t i = 0; i < pymalloc->arenas.n; i++)
		put_arena(view, &arenas[i]);
	for (size_t i = 0; i < PYPOOL_CLASSES; i++)
		if (pymalloc->classes[i].pools)
			put_class(view, &pymalloc->classes[i]);
}

static void put_mimalloc_class(struct view *view, const struct mimalloc_class *class)
{
	struct json json;

	jsonline_begin(view, &json, "mimalloc_class");
	json_u64(&json, "pid", view->pid);
	json_u64(&json, "size", class->size);
	json_u64(&json, "pages", class->pages);
	json_u64(&json, "used", class->used);
	json_u64(&json, "free", class->free);
	json_end(&json);
}

static void json_view_mimalloc(struct view *view, const struct mimalloc *mimalloc)
{
	struct json json;

	for (size_t i = 0; i < MIMALLOC_HEAPS; i++) {
		const struct mimalloc_heap *heap = &mimalloc->heaps[i];

		jsonline_begin(view, &json, "mimalloc_heap");
		json_u64(&json, "pid", view->pid);
		json_str(&json, "heap", mimalloc_heap_name(i));
		json_u64(&json, "pages", heap->pages);
		json_u64(&json, "used", heap->used);
		json_u64(&json, "used_bytes", heap->used_bytes);
		json_u64(&json, "free_bytes", heap->free_bytes);
		json_end(&json);
	}
	for (size_t i = 0; i < MIPAGE_CLASSES; i++)
		if (mimalloc->classes[i].pages)
			put_mimalloc_class(view, &mimalloc->classes[i]);
}

static void json_view_census(struct view *view, const struct census *census, size_t top)
{
	const size_t n = top && top < census->n ? top : census->n;
	struct json json;

	jsonline_begin(view, &json, "census");
	json_u64(&json, "pid", view->pid);
	json_u64(&json, "types", census->n);
	json_u64(&json, "objects", census->objects);
	json_u64(&json, "bytes", census->bytes);
	json_u64(&json, "large", census->large);
	json_u64(&json, "others", census->others);
	json_u64(&json, "others_bytes", census->others_bytes);
	json_bool(&json, "heap", census->heap);
	json_u64(&json, "gc_lists", census->gc.n);
	json_end(&json);
	for (size_t i = 0; i < n; i++) {
		jsonline_begin(view, &json, "census_type");
		json_u64(&json, "pid", view->pid);
		json_str(&json, "class", census->at[i].name);
		json_hex(&json, "class_addr", census->at[i].type);
		json_u64(&json, "count", census->at[i].count);
		json_u64(&json, "bytes", census->at[i].bytes);
		json_end(&json);
	}
}

static void json_view_thread(struct view *view, const struct walk_thread *thread)
{
	struct json json;

	jsonline_begin(view, &json, "python_thread");
	json_u64(&json, "pid", view->pid);
	if (thread->tid)
		json_u64(&json, "tid", thread->tid);
	json_hex(&json, "tstate", thread->tstate);
	json_u64(&json, "frames", thread->frames);
	if (thread->cut)
		json_bool(&json, "truncated", true);
	if (thread->changing)
		json_bool(&json, "changing", true);
	if (thread->why)
		json_str(&json, "reason", thread->why);
	json_end(&json);
}

static void json_view_frame(struct view *view, const struct walk_frame *frame)
{
	static const char *const owners[] = { [PYFRAME_THREAD] = "thread",
					      [PYFRAME_GENERATOR] = "generator",
					      [PYFRAME_OBJECT] = "object" };
	struct json json;

	jsonline_begin(view, &json, frame->generator ? "suspended_frame" : "frame");
	json_u64(&json, "pid", view->pid);
	if (frame->tid)
		json_u64(&json, "tid", frame->tid);
	json_u64(&json, "id", frame->id);
	json_u64(&json, "depth", frame->depth);
	json_str(&json, "function", frame->function);
	json_str(&json, "file", frame->file);
	if (frame->line)
		json_u64(&json, "line", frame->line);
	jsonline_place(&json, &frame->place);
	json_str(&json, "owner", owners[frame->frame->owner]);
	json_hex(&json, "code", frame->frame->code);
	if (frame->object.addr) {
		json_object(&json, "frame_object");
		jsonline_place(&json, &frame->object);
		json_object_end(&json);
	}
	if (frame->generator)
		json_generator(&json, frame->generator);
	if (frame->gone)
		json_bool(&json, "gone", true);
	if (frame->torn)
		json_u64(&json, "torn", frame->torn);
	json_end(&json);
}

static void json_view_variable(struct view *view, const struct walk_var *at)
{
	const struct pyvar *var = at->var;
	struct json json;

	jsonline_begin(view, &json, "variable");
	json_u64(&json, "pid", view->pid);
	json_u64(&json, "id", at->id);
	json_u64(&json, "frame", at->frame);
	json_str(&json, "scope", pyscope_name(var->scope));
	json_str(&json, "name", var->name);
	json_str(&json, "class", var->object.type->name);
	if (var->value[0])
		json_str(&json, "value", var->value);
	jsonline_place(&json, &at->place);
	json_u64(&json, "decimal", at->place.addr);
	if (at->body.addr) {
		json_hex(&json, "body", at->body.addr);
		json_str(&json, "body_segment", segment_kind_name(at->body.segment.kind));
	}
	json_hex(&json, "slot", var->slot);
	json_u64(&json, "refcount", var->object.refcount);
	json_bool(&json, "immortal", var->object.immortal);
	if (at->same_as)
		json_u64(&json, "same_as", at->same_as);
	json_end(&json);
}

static void json_view_note(struct view *view, const char *text)
{
	struct json json;

	jsonline_begin(view, &json, "warning");
	json_str(&json, "text", text);
	json_end(&json);
}

static void json_view_end(struct view *view, const struct walk_end *end)
{
	struct json json;

	jsonline_begin(view, &json, "walk_end");
	json_str(&json, "reason", end->reason);
	json_u64(&json, "segments", end->segments);
	json_u64(&json, "threads", end->threads);
	json_u64(&json, "frames", end->frames);
	json_u64(&json, "variables", end->variables);
	json_u64(&json, "retried", end->retried);
	json_u64(&json, "torn", end->torn);
	put_bytes(&json, &end->all);
	json_u64(&json, "huge", end->all.huge);
	json_u64(&json, "hugetlb", end->all.hugetlb);
	json_end(&json);
}

const struct view_ops view_json = {
	.begin = json_view_begin,
	.segments = json_view_segments,
	.layers = json_view_layers,
	.statics = json_view_statics,
	.small_ints = json_view_small_ints,
	.pymalloc = json_view_pymalloc,
	.mimalloc = json_view_mimalloc,
	.census = json_view_census,
	.thread = json_view_thread,
	.frame = json_view_frame,
	.variable = json_view_variable,
	.suspended = json_suspended,
	.stand = json_stand,
	.heap = json_heap,
	.cthread = json_cthread,
	.cframe = json_cframe,
	.cglobals = json_cglobals,
	.cvar = json_cvar,
	.note = json_view_note,
	.end = json_view_end,
};
