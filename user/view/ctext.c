// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* ctext.c - what a walk finds of C, for people. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "view/cview.h"
#include "view/textline.h"

#define NAME_WIDTH  20
#define VALUE_WIDTH 32
#define SAFE	    512

static void put_amount(struct textline *line, const char *name, const struct heap_amount *amount)
{
	char n[32], bytes[32];

	if (amount->n)
		textline_put(line, ", %s %s in %s", name, fmt_thousands(bytes, amount->bytes),
			     fmt_thousands(n, amount->n));
}

static void write_arena(struct view *view, const struct heap_arena *arena,
			const struct walk_place *place)
{
	struct textline line = { .len = 0 };
	char where[PLACE_TEXT], bytes[32];

	textline_put(&line, "  %s arena at 0x%" PRIx64 " %s: %s bytes",
		     arena->state.main ? "main" : "thread", place->addr,
		     textline_place(where, place), fmt_thousands(bytes, arena->state.system_mem));
	if (arena->error)
		textline_put(&line, "; %s (0x%" PRIx64 ")", arena->error, arena->bad);
	put_amount(&line, "in use", &arena->by_state[CHUNK_USED]);
	put_amount(&line, "cached by threads", &arena->by_state[CHUNK_CACHED]);
	put_amount(&line, "in fastbins", &arena->by_state[CHUNK_FAST]);
	put_amount(&line, "free", &arena->by_state[CHUNK_FREE]);
	if (arena->changed)
		textline_put(&line, "; it went on changing");
	textline_write(&line, view->out);
}

/* What keeps memory from being given back. */
static void write_trim(struct view *view, const struct heap_arena *arena)
{
	struct textline line = { .len = 0 };
	char bytes[32], size[32];

	if (!arena->top.size)
		return;
	textline_put(&line, "    top 0x%" PRIx64 ", %s bytes", arena->top.start,
		     fmt_thousands(bytes, arena->top.size));
	if (arena->pin.size)
		textline_put(&line, "; below it 0x%" PRIx64 ", %s bytes, %s", arena->pin.start,
			     fmt_thousands(size, arena->pin.size), chunk_state_name(arena->pin.state));
	textline_put(&line, "; a trim could return %s bytes", fmt_thousands(bytes, arena->trim));
	if (arena->trim_there >= 0)
		textline_put(&line, ", %s of them resident",
			     fmt_thousands(bytes, (uint64_t)arena->trim_there));
	textline_write(&line, view->out);
}

static void write_chunk(struct view *view, const struct chunk *chunk, const char *state)
{
	struct textline line = { .len = 0 };

	textline_put(&line, "    0x%012" PRIx64 " %12" PRIu64 " %s", chunk->start, chunk->size, state);
	textline_write(&line, view->out);
}

static void write_chunks(struct view *view, const struct heap_arena *arena)
{
	for (size_t i = 0; i < arena->n_pieces; i++) {
		struct chunk chunk;
		size_t index = 0;
		uint64_t at;

		while (chunks_next(&arena->pieces[i], &index, &at, &chunk))
			write_chunk(view, &chunk, chunk_state_name(chunk.state));
	}
}

static void write_heap(struct view *view, const struct glibcheap *heap)
{
	struct textline line = { .len = 0 };
	char bytes[32], threshold[32];

	textline_write(&line, view->out);
	textline_count(&line, "MALLOC (glibc): ", heap->n_arenas, "arena");
	textline_count(&line, "; ", heap->n_mapped, "block");
	textline_put(&line, " with %s own, %s bytes",
		     heap->n_mapped == 1 ? "a mapping of its" : "mappings of their",
		     fmt_thousands(bytes, heap->mapped_bytes));
	if (heap->params.known)
		textline_put(&line, "; from %s bytes on a block gets one%s",
			     fmt_thousands(threshold, heap->params.mmap_threshold),
			     heap->params.dynamic ? "" : ", as was set");
	if (heap->bad_lists)
		textline_put(&line, "; lists of free chunks that went on changing, so that some "
			     "of these count as in use: %u", heap->bad_lists);
	textline_write(&line, view->out);
}

void text_heap(struct view *view, const struct walk_heap *show)
{
	const struct glibcheap *heap = show->heap;

	write_heap(view, heap);
	for (size_t i = 0; i < heap->n_arenas; i++) {
		write_arena(view, &heap->arenas[i], &show->places[i]);
		write_trim(view, &heap->arenas[i]);
		if (show->chunks)
			write_chunks(view, &heap->arenas[i]);
	}
	for (size_t i = 0; i < heap->n_mapped && show->chunks; i++)
		write_chunk(view, &heap->mapped[i], "mapped");
}

void text_cthread(struct view *view, const struct walk_cthread *show)
{
	struct textline line = { .len = 0 };

	textline_write(&line, view->out);
	textline_put(&line, "THREAD %d: ", (int)show->thread->tid);
	textline_count(&line, "", show->thread->n, "frame");
	textline_put(&line, " of C functions");
	if (show->thread->why)
		textline_put(&line, "%s: %s", show->thread->n ? ", and more" : "",
			     show->thread->why);
	textline_write(&line, view->out);
}

void text_cframe(struct view *view, const struct walk_cframe *show)
{
	const struct cthread_frame *frame = show->frame;
	struct textline line = { .len = 0 };
	char safe[SAFE], place[PLACE_TEXT];

	textline_put(&line, "%3u %s", frame->frame.depth,
		     frame->name->at ? fmt_safe(safe, sizeof(safe), frame->name->at) : "?");
	if (show->place.addr)
		textline_put(&line, "  frame from 0x%" PRIx64 " %s down", show->place.addr,
			     textline_place(place, &show->place));
	if (frame->size)
		textline_put(&line, ", %" PRIu64 " bytes", frame->size);
	if (frame->cut)
		textline_count(&line, "; and ", frame->cut, "more variable");
	textline_write(&line, view->out);
}

static void put_pieces(struct textline *line, const struct where *where)
{
	textline_put(line, " in pieces:");
	for (uint32_t i = 0; i < where->n; i++) {
		const struct where_piece *piece = &where->pieces[i];

		textline_put(line, "%s %" PRIu32 " bytes ", i ? "," : "", piece->size);
		switch (piece->kind) {
		case WHERE_MEMORY: textline_put(line, "at 0x%" PRIx64, piece->addr); break;
		case WHERE_REGISTER: textline_put(line, "in %s", cregs_name(piece->addr)); break;
		case WHERE_VALUE: textline_put(line, "of a known value"); break;
		case WHERE_NOWHERE: textline_put(line, "optimized out"); break;
		default: textline_put(line, "not known"); break;
		}
	}
}

static void put_where(struct textline *line, const struct where *where,
		      const struct walk_place *at)
{
	char place[PLACE_TEXT];

	switch (where->kind) {
	case WHERE_MEMORY:
		textline_put(line, " 0x%-12" PRIx64 " %-15" PRIu64 " %-20s", where->addr, where->addr,
			     textline_place(place, at));
		break;
	case WHERE_REGISTER: textline_put(line, " in register %s", cregs_name(where->addr)); break;
	case WHERE_VALUE: textline_put(line, " only its value is known"); break;
	case WHERE_NOWHERE:
		textline_put(line, " optimized out%s%s", where->why ? ": " : "",
			     where->why ? where->why : "");
		break;
	case WHERE_PIECES: put_pieces(line, where); break;
	default: textline_put(line, " %s", where->why); break;
	}
}

/* "-> first+8 of main", "-> heap+2a0" */
static void put_target(struct textline *line, const struct walk_ctarget *target)
{
	char safe[SAFE], place[PLACE_TEXT];

	if (!target->variable) {
		textline_put(line, " -> %s", textline_place(place, &target->place));
		return;
	}
	textline_put(line, " -> %s", fmt_safe(safe, sizeof(safe), target->variable));
	if (target->offset)
		textline_put(line, "+%" PRIu64, target->offset);
	if (target->function)
		textline_put(line, " of %s", fmt_safe(safe, sizeof(safe), target->function));
}

/* Name, type and value, where it is, and what a pointer leads to; folded: without members. */
static void put_var(struct textline *line, const struct cvar *var, const struct walk_place *place,
		    const struct walk_ctarget *target, bool folded)
{
	const size_t indent = 6 + 2 * var->depth;
	const char *sign = var->depth && var->name[0] != '[' ? "." : "";
	char safe[SAFE];

	textline_put(line, "%*s%s%s", (int)indent, "", sign,
		     fmt_safe(safe, sizeof(safe), var->name));
	textline_pad(line, 6 + NAME_WIDTH);
	textline_put(line, " %s", fmt_safe(safe, sizeof(safe), var->type));
	if (var->value[0] && folded)
		textline_put(line, " %s", fmt_safe(safe, sizeof(safe), var->value));
	if (target->place.segment.id)
		put_target(line, target);
	textline_pad(line, 6 + NAME_WIDTH + VALUE_WIDTH);
	put_where(line, &var->where, place);
}

static void write_more(struct view *view, unsigned depth, uint32_t more)
{
	struct textline line = { .len = 0 };

	if (!more)
		return;
	textline_put(&line, "%*s... %" PRIu32 " more", (int)(6 + 2 * depth), "", more);
	textline_write(&line, view->out);
}

static void write_member(struct view *view, const struct walk_cmember *member)
{
	const struct cvar *var = member->var;
	struct textline line = { .len = 0 };

	put_var(&line, var, &member->place, &member->target, !member->members);
	textline_put(&line, " +%" PRIu64, var->offset);
	if (var->bits)
		textline_put(&line, var->bits > 1 ? ", bits %u to %u" : ", bit %u", var->bit,
			     var->bit + var->bits - 1);
	textline_write(&line, view->out);
}

/* Members, and behind those of each what is left out of it. */
static void write_members(struct view *view, const struct walk_cvar *show)
{
	uint32_t more[RECIPE_DEPTH + 1] = { show->var->more };
	unsigned depth = 0;

	for (size_t i = 0; i < show->n_members; i++) {
		const struct cvar *var = show->members[i].var;

		for (; depth >= var->depth; depth--)
			write_more(view, depth + 1, more[depth]);
		write_member(view, &show->members[i]);
		depth = var->depth;
		more[depth] = show->members[i].more;
	}
	for (; depth > 0; depth--)
		write_more(view, depth + 1, more[depth]);
	if (show->n_members)
		write_more(view, 1, more[0]);
}

void text_cglobals(struct view *view, const char *file, bool shown)
{
	struct textline line = { .len = 0 };
	char safe[SAFE];

	textline_write(&line, view->out);
	textline_put(&line, "GLOBALS of %s%s", fmt_safe(safe, sizeof(safe), file),
		     shown ? "" : ": --globals shows them");
	textline_write(&line, view->out);
}

void text_cvar(struct view *view, const struct walk_cvar *show)
{
	const struct cvar *var = show->var;
	struct textline line = { .len = 0 };
	char safe[SAFE];

	put_var(&line, var, &show->place, &show->target, !show->n_members);
	if (var->role != RECIPE_LOCAL && (show->frame || var->role != RECIPE_GLOBAL))
		textline_put(&line, " %s", cvar_role_name(var->role));
	if (show->function)
		textline_put(&line, " of %s%s", fmt_safe(safe, sizeof(safe), show->function),
			     show->frame ? ", inlined" : "");
	if (show->tid)
		textline_put(&line, " of thread %d", (int)show->tid);
	else if (var->thread_local)
		textline_put(&line, " of the thread");
	if (var->above)
		textline_put(&line, "%s %" PRIu64 " below %s",
			     var->role != RECIPE_LOCAL || show->function ? "," : "", var->distance,
			     fmt_safe(safe, sizeof(safe), var->above));
	textline_write(&line, view->out);
	write_members(view, show);
}
