// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walklayers.c - who manages a process's memory, and what Python's allocator has of it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "view/textline.h"

static void write_bytes(struct view *view, const char *name, const struct residency *bytes)
{
	struct textline line = { .len = 0 };

	textline_put(&line, "%-25s %4s %-12s", name, "", "");
	textline_size(&line, bytes->size);
	textline_size(&line, bytes->resident);
	textline_size(&line, bytes->dirty);
	textline_write(&line, view->out);
}

static const char *name_of(const struct walk_layer *layer)
{
	return strcmp(layer->name, "unexplained") ? layer->name : "not explained";
}

/* Of all memory what is no column, if there is any. */
static void write_besides(struct view *view, const struct residency *all)
{
	const struct {
		uint64_t bytes;
		const char *what;
	} besides[] = {
		{ all->swapped, "swapped out" },
		{ all->huge, "of what is resident, in transparent huge pages" },
		{ all->hugetlb, "of hugetlbfs, which the kernel does not count as resident" },
	};
	struct textline line = { .len = 0 };

	for (size_t i = 0; i < sizeof(besides) / sizeof(*besides); i++) {
		if (!besides[i].bytes)
			continue;
		textline_put(&line, "%31s", "");
		textline_size(&line, besides[i].bytes);
		textline_put(&line, " %s", besides[i].what);
		textline_write(&line, view->out);
	}
}

void text_layers(struct view *view, const struct walk_layer *at, size_t n,
		 const struct residency *all)
{
	struct textline line = { .len = 0 };

	textline_write(&line, view->out);
	textline_put(&line, "%-43s %11s %11s %11s", "WHO MANAGES IT", "SIZE", "RESIDENT", "DIRTY");
	textline_write(&line, view->out);
	for (size_t i = 0; i < n; i++)
		if (at[i].bytes.size || i == n - 1)
			write_bytes(view, name_of(&at[i]), &at[i].bytes);
	write_bytes(view, "all", all);
	write_besides(view, all);
}

void text_statics(struct view *view, const struct walk_statics *at)
{
	const struct pystatic *statics = at->statics;
	struct textline line = { .len = 0 };
	char place[PLACE_TEXT];

	textline_write(&line, view->out);
	textline_put(&line, "STATIC TYPES: %" PRIu64 ", %" PRIu64 " bytes; %" PRIu64
		     " of them in the interpreter's file", statics->types, statics->types_bytes,
		     statics->own_types);
	textline_write(&line, view->out);
	textline_put(&line, "SINGLETONS:");
	for (size_t i = 0; i < PYSTATIC_SINGLETONS; i++)
		if (statics->singletons[i].addr)
			textline_put(&line, "%s %s at 0x%" PRIx64 " %s", i ? "," : "",
				     statics->singletons[i].name, statics->singletons[i].addr,
				     textline_place(place, &at->singletons[i]));
	textline_write(&line, view->out);
}

void text_small_ints(struct view *view, const struct walk_small_ints *at)
{
	const struct smallints *ints = at->ints;
	struct textline line = { .len = 0 };
	char place[PLACE_TEXT], safe[512];

	textline_put(&line, "SMALL INTS: %d to %d, %" PRIu64 " bytes, 0x%" PRIx64 "-0x%" PRIx64
		     ", %s", SMALLINTS_FIRST, SMALLINTS_FIRST + (int)ints->n - 1, ints->bytes,
		     ints->lowest, ints->end, textline_place(place, &at->place));
	if (at->place.segment.name[0])
		textline_put(&line, " of %s", fmt_safe(safe, sizeof(safe), at->place.segment.name));
	if (ints->pointers)
		textline_put(&line, "; each by itself, their addresses at 0x%" PRIx64,
			     ints->table);
	textline_write(&line, view->out);
}

static void write_classes(struct view *view, const struct pymalloc *pymalloc)
{
	struct textline line = { .len = 0 };

	textline_put(&line, "%10s %10s %10s %10s", "BLOCK SIZE", "POOLS", "IN USE", "FREE");
	textline_write(&line, view->out);
	for (size_t i = 0; i < PYPOOL_CLASSES; i++) {
		const struct pymalloc_class *class = &pymalloc->classes[i];

		if (!class->pools)
			continue;
		textline_put(&line, "%10u %10" PRIu64 " %10" PRIu64 " %10" PRIu64, class->size,
			     class->pools, class->used, class->free);
		textline_write(&line, view->out);
	}
}

static void write_arena(struct view *view, const struct walk_arena *at)
{
	const struct pymalloc_arena *arena = at->arena;
	struct textline line = { .len = 0 };

	textline_put(&line, "  %012" PRIx64 "-%012" PRIx64 " %3u of %3u pools, in use",
		     arena->start, arena->end, arena->used_pools, arena->pools);
	textline_amount(&line, arena->used);
	textline_put(&line, ", free in these");
	textline_amount(&line, arena->free);
	textline_put(&line, ", resident");
	textline_amount(&line, at->bytes.resident);
	if (arena->torn)
		textline_count(&line, ", without ", arena->torn, "pool");
	if (arena->torn)
		textline_put(&line, " in the middle of a change");
	textline_write(&line, view->out);
}

void text_pymalloc(struct view *view, const struct pymalloc *pymalloc,
		   const struct walk_arena *arenas)
{
	struct textline line = { .len = 0 };
	uint64_t used = 0, blocks = 0, free = 0;

	for (size_t i = 0; i < pymalloc->arenas.n; i++) {
		used += pymalloc->at[i].used;
		free += pymalloc->at[i].free;
	}
	for (size_t i = 0; i < PYPOOL_CLASSES; i++)
		blocks += pymalloc->classes[i].used;
	textline_write(&line, view->out);
	textline_count(&line, "PYMALLOC: ", pymalloc->arenas.n, "arena");
	textline_put(&line, " of %" PRIu64 " KiB (found %s)", pymalloc->arenas.arena_size / 1024,
		     pymalloc->arenas.how);
	textline_count(&line, ", ", blocks, "block");
	textline_put(&line, " in use of");
	textline_amount(&line, used);
	textline_put(&line, ", free blocks");
	textline_amount(&line, free);
	textline_write(&line, view->out);
	for (size_t i = 0; i < pymalloc->arenas.n && view->all; i++)
		write_arena(view, &arenas[i]);
	write_classes(view, pymalloc);
}

static void write_mimalloc_classes(struct view *view, const struct mimalloc *mimalloc)
{
	struct textline line = { .len = 0 };

	textline_put(&line, "%10s %10s %10s %10s", "BLOCK SIZE", "PAGES", "IN USE", "FREE");
	textline_write(&line, view->out);
	for (size_t i = 0; i < MIPAGE_CLASSES; i++) {
		const struct mimalloc_class *class = &mimalloc->classes[i];

		if (!class->pages)
			continue;
		textline_put(&line, "%10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64,
			     class->size, class->pages, class->used, class->free);
		textline_write(&line, view->out);
	}
}

static void write_mimalloc_heaps(struct view *view, const struct mimalloc *mimalloc)
{
	struct textline line = { .len = 0 };

	textline_put(&line, "%10s %10s %10s %12s %12s", "HEAP", "PAGES", "BLOCKS", "IN USE", "FREE");
	textline_write(&line, view->out);
	for (size_t i = 0; i < MIMALLOC_HEAPS; i++) {
		const struct mimalloc_heap *heap = &mimalloc->heaps[i];

		if (!heap->pages)
			continue;
		textline_put(&line, "%10s %10" PRIu64 " %10" PRIu64 " %12" PRIu64 " %12" PRIu64,
			     mimalloc_heap_name(i), heap->pages, heap->used, heap->used_bytes,
			     heap->free_bytes);
		textline_write(&line, view->out);
	}
}

void text_mimalloc(struct view *view, const struct mimalloc *mimalloc)
{
	struct textline line = { .len = 0 };

	textline_write(&line, view->out);
	textline_count(&line, "MIMALLOC: ", mimalloc->n, "segment");
	textline_put(&line, ", in place of pymalloc");
	if (mimalloc->torn)
		textline_count(&line, ", without ", mimalloc->torn, "page");
	if (mimalloc->torn)
		textline_put(&line, " in the middle of a change");
	textline_write(&line, view->out);
	write_mimalloc_heaps(view, mimalloc);
	write_mimalloc_classes(view, mimalloc);
}

void text_census(struct view *view, const struct census *census, size_t top)
{
	const size_t n = top && top < census->n ? top : census->n;
	struct textline line = { .len = 0 };
	char safe[512];

	textline_write(&line, view->out);
	textline_count(&line, "CENSUS: ", census->objects, "object");
	textline_count(&line, " of ", census->n, "type");
	textline_put(&line, ",");
	textline_amount(&line, census->bytes);
	textline_put(&line, " in their blocks");
	textline_count(&line, "; ", census->others, "block");
	textline_put(&line, " without one,");
	textline_amount(&line, census->others_bytes);
	textline_write(&line, view->out);
	textline_put(&line, "%12s %14s  %s", "OBJECTS", "BYTES", "TYPE");
	textline_write(&line, view->out);
	for (size_t i = 0; i < n; i++) {
		textline_put(&line, "%12" PRIu64 " %14" PRIu64 "  %s", census->at[i].count,
			     census->at[i].bytes,
			     fmt_safe(safe, sizeof(safe), census->at[i].name));
		textline_write(&line, view->out);
	}
	if (n < census->n) {
		textline_count(&line, "  and ", census->n - n, "more type");
		textline_put(&line, ": --top 0 shows all");
		textline_write(&line, view->out);
	}
}
