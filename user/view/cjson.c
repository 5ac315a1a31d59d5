// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* cjson.c - what a walk finds of C, as JSON lines. */
#include "view/cview.h"
#include "view/jsonline.h"

static void put_amount(struct json *json, const char *name, const struct heap_amount *amount)
{
	json_object(json, name);
	json_u64(json, "chunks", amount->n);
	json_u64(json, "size", amount->bytes);
	json_object_end(json);
}

static void put_chunk(struct json *json, const char *name, const struct chunk *chunk)
{
	if (!chunk->size)
		return;
	json_object(json, name);
	json_hex(json, "addr", chunk->start);
	json_u64(json, "size", chunk->size);
	json_str(json, "state", chunk_state_name(chunk->state));
	json_object_end(json);
}

static void put_arena(struct view *view, const struct heap_arena *arena,
		      const struct walk_place *place)
{
	struct json json;

	jsonline_begin(view, &json, "malloc_arena");
	json_u64(&json, "pid", view->pid);
	jsonline_place(&json, place);
	json_bool(&json, "main", arena->state.main);
	json_u64(&json, "size", arena->state.system_mem);
	json_u64(&json, "size_most", arena->state.max_system_mem);
	json_u64(&json, "pieces", arena->n_pieces);
	if (arena->error) {
		json_str(&json, "reason", arena->error);
		json_hex(&json, "bad", arena->bad);
		json_end(&json);
		return;
	}
	json_u64(&json, "books", arena->books);
	json_u64(&json, "others", arena->missing);
	for (int i = 0; i < CHUNK_STATES; i++)
		put_amount(&json, chunk_state_name(i), &arena->by_state[i]);
	json_u64(&json, "largest_free", arena->largest);
	json_u64(&json, "trim", arena->trim);
	if (arena->trim_there >= 0)
		json_u64(&json, "trim_resident", (uint64_t)arena->trim_there);
	put_chunk(&json, "top_chunk", &arena->top);
	put_chunk(&json, "pin", &arena->pin);
	if (arena->changed)
		json_bool(&json, "changing", true);
	json_end(&json);
}

static void put_line(struct view *view, const struct chunk *chunk, const char *state)
{
	struct json json;

	jsonline_begin(view, &json, "chunk");
	json_u64(&json, "pid", view->pid);
	json_hex(&json, "addr", chunk->start);
	json_u64(&json, "size", chunk->size);
	json_str(&json, "state", state);
	json_end(&json);
}

static void put_chunks(struct view *view, const struct heap_arena *arena)
{
	for (size_t i = 0; i < arena->n_pieces; i++) {
		struct chunk chunk;
		size_t index = 0;
		uint64_t at;

		while (chunks_next(&arena->pieces[i], &index, &at, &chunk))
			put_line(view, &chunk, chunk_state_name(chunk.state));
	}
}

static void put_heap(struct view *view, const struct glibcheap *heap)
{
	struct json json;

	jsonline_begin(view, &json, "malloc_heap");
	json_u64(&json, "pid", view->pid);
	json_u64(&json, "arenas", heap->n_arenas);
	json_u64(&json, "mapped", heap->n_mapped);
	json_u64(&json, "mapped_size", heap->mapped_bytes);
	json_u64(&json, "caches", heap->caches);
	if (heap->params.known) {
		json_u64(&json, "mmap_threshold", heap->params.mmap_threshold);
		json_u64(&json, "trim_threshold", heap->params.trim_threshold);
		json_bool(&json, "dynamic", heap->params.dynamic);
		json_u64(&json, "mapped_known", heap->params.n_mmaps);
	}
	json_u64(&json, "retried", heap->torn);
	json_u64(&json, "torn_lists", heap->bad_lists);
	json_end(&json);
}

void json_heap(struct view *view, const struct walk_heap *show)
{
	const struct glibcheap *heap = show->heap;

	put_heap(view, heap);
	for (size_t i = 0; i < heap->n_arenas; i++) {
		put_arena(view, &heap->arenas[i], &show->places[i]);
		if (show->chunks)
			put_chunks(view, &heap->arenas[i]);
	}
	for (size_t i = 0; i < heap->n_mapped && show->chunks; i++)
		put_line(view, &heap->mapped[i], "mapped");
}

void json_cthread(struct view *view, const struct walk_cthread *show)
{
	struct json json;

	jsonline_begin(view, &json, "c_thread");
	json_u64(&json, "pid", view->pid);
	json_u64(&json, "tid", show->thread->tid);
	json_bool(&json, "held", show->held);
	json_u64(&json, "frames", show->thread->n);
	if (show->thread->why)
		json_str(&json, "reason", show->thread->why);
	json_end(&json);
}

/* Calls inlined at the place, innermost first. */
static void put_inlined(struct json *json, const struct code_name *name)
{
	if (name->n < 2)
		return;
	json_array(json, "inlined");
	for (size_t i = 0; i + 1 < name->n; i++)
		json_str(json, NULL, name->frames[i].function);
	json_array_end(json);
}

void json_cframe(struct view *view, const struct walk_cframe *show)
{
	const struct cthread_frame *frame = show->frame;
	const struct code_name *name = frame->name;
	struct json json;

	jsonline_begin(view, &json, "c_frame");
	json_u64(&json, "pid", view->pid);
	json_u64(&json, "tid", show->tid);
	json_u64(&json, "id", show->id);
	json_u64(&json, "depth", frame->frame.depth);
	json_str(&json, "function", name->n ? name->frames[name->n - 1].function : NULL);
	put_inlined(&json, name);
	json_str(&json, "file", name->n ? name->frames[0].file : NULL);
	if (name->n && name->frames[0].line > 0)
		json_u64(&json, "line", (uint64_t)name->frames[0].line);
	json_hex(&json, "pc", frame->frame.pc);
	json_str(&json, "at", name->at);
	if (show->place.addr)
		jsonline_place(&json, &show->place);
	if (frame->size)
		json_u64(&json, "size", frame->size);
	if (frame->cut)
		json_u64(&json, "truncated", frame->cut);
	json_end(&json);
}

static const char *const wheres[WHERE_KINDS] = {
	[WHERE_MEMORY] = "memory", [WHERE_REGISTER] = "register", [WHERE_VALUE] = "value",
	[WHERE_NOWHERE] = "nowhere", [WHERE_PIECES] = "pieces", [WHERE_UNKNOWN] = "unknown",
};

static void put_pieces(struct json *json, const struct where *where)
{
	json_array(json, "pieces");
	for (uint32_t i = 0; i < where->n; i++) {
		const struct where_piece *piece = &where->pieces[i];

		json_object(json, NULL);
		json_u64(json, "size", piece->size);
		json_str(json, "where", wheres[piece->kind]);
		if (piece->kind == WHERE_MEMORY)
			json_hex(json, "addr", piece->addr);
		else if (piece->kind == WHERE_REGISTER)
			json_str(json, "register", cregs_name(piece->addr));
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_where(struct json *json, const struct where *where, const struct walk_place *place)
{
	json_str(json, "where", wheres[where->kind]);
	if (where->kind == WHERE_MEMORY) {
		jsonline_place(json, place);
		json_u64(json, "decimal", place->addr);
	} else if (where->kind == WHERE_REGISTER) {
		json_str(json, "register", cregs_name(where->addr));
	} else if (where->kind == WHERE_PIECES) {
		put_pieces(json, where);
	} else if (where->why) {
		json_str(json, "reason", where->why);
	}
}

static void put_target(struct json *json, const struct walk_ctarget *target)
{
	json_object(json, "points_to");
	jsonline_place(json, &target->place);
	if (target->variable) {
		json_str(json, "variable", target->variable);
		json_u64(json, "frame", target->frame);
		json_u64(json, "offset", target->offset);
	}
	json_object_end(json);
}

/* What a variable and a member of it have in common. */
static void put_value(struct json *json, const struct cvar *var, const struct walk_place *place,
		      const struct walk_ctarget *target, uint32_t more)
{
	json_str(json, "class", var->type);
	if (var->value[0])
		json_str(json, "value", var->value);
	json_u64(json, "size", var->size);
	put_where(json, &var->where, place);
	if (target->place.segment.id)
		put_target(json, target);
	if (more)
		json_u64(json, "more", more);
}

static void put_members(struct json *json, const struct walk_cvar *show)
{
	json_array(json, "members");
	for (size_t i = 0; i < show->n_members; i++) {
		const struct walk_cmember *member = &show->members[i];

		json_object(json, NULL);
		json_str(json, "path", member->var->name);
		json_u64(json, "offset", member->var->offset);
		if (member->var->bits) {
			json_u64(json, "bit", member->var->bit);
			json_u64(json, "bits", member->var->bits);
		}
		put_value(json, member->var, &member->place, &member->target, member->more);
		json_object_end(json);
	}
	json_array_end(json);
}

void json_cglobals(struct view *view, const char *file, bool shown)
{
	(void)view;
	(void)file;
	(void)shown;
}

void json_cvar(struct view *view, const struct walk_cvar *show)
{
	const struct cvar *var = show->var;
	struct json json;

	jsonline_begin(view, &json, "c_variable");
	json_u64(&json, "pid", view->pid);
	json_u64(&json, "id", show->id);
	if (show->frame)
		json_u64(&json, "frame", show->frame);
	json_str(&json, "scope", cvar_role_name(var->role));
	if (show->function)
		json_str(&json, "function", show->function);
	if (var->thread_local)
		json_bool(&json, "thread_local", true);
	if (show->tid)
		json_u64(&json, "tid", show->tid);
	json_str(&json, "name", var->name);
	put_value(&json, var, &show->place, &show->target, var->more);
	if (var->above) {
		json_str(&json, "above", var->above);
		json_u64(&json, "to_above", var->distance);
	}
	if (show->n_members)
		put_members(&json, show);
	json_end(&json);
}
