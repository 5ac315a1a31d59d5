// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walklayers.c - who manages the memory of the process, as far as that can be told. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpython/pychunks.h"
#include "survey/claim.h"
#include "verb/walking.h"

/* Layers in the order in which they are shown: segments.def. */
static const char *const layers[] = { "image", "malloc", "pymalloc", "mimalloc", "python", "stack",
				      "loader", "mapping", "kernel", "unexplained" };

#define LAYERS	    (sizeof(layers) / sizeof(*layers))
#define UNEXPLAINED (LAYERS - 1)

/* As much of it as can be used so far: the rest is mapped, but not to be touched. */
static void claim_parts(struct segments *segments, const struct mimalloc_segment *at)
{
	for (size_t i = 0; i < segments->n; i++) {
		const struct segment *part = &segments->at[i];
		const uint64_t start = part->start > at->start ? part->start : at->start;
		const uint64_t end = part->end < at->end ? part->end : at->end;

		if (start < end)
			claim(segments, start, end, SEGMENT_MIMALLOC, 0);
	}
}

static int claim_mimalloc(struct walk *walk)
{
	struct mimalloc *mimalloc = &walk->mimalloc;
	struct segments *segments = &walk->space->segments;
	int err = mimalloc_read(&walk->cpython, segments, mimalloc, NULL, NULL);

	for (size_t i = 0; i < mimalloc->n && !err; i++)
		claim_parts(segments, &mimalloc->segments[i]);
	return err == -ENOMEM || err == -ESRCH ? err : segments->error;
}

int walk_claim(struct walk *walk)
{
	struct cpython *cpython = &walk->cpython;
	struct segments *segments = &walk->space->segments;
	int err;

	pychunks_mark(cpython, walk->threads, walk->n_threads, segments);
	if (cpython->layout.has & MW_PY_FREE_THREADED)
		return claim_mimalloc(walk);
	err = pymalloc_read(cpython, segments, &walk->pymalloc, NULL, NULL);
	walk->has_pymalloc = !err;
	if (err == -ENOENT) /* PYTHONMALLOC=mimalloc, if there is that */
		return claim_mimalloc(walk);
	if (err && err != -ENOENT && err != -EBADMSG && err != -EFAULT)
		return err;
	for (size_t i = 0; i < walk->pymalloc.arenas.n; i++)
		claim(segments, walk->pymalloc.at[i].start, walk->pymalloc.at[i].end,
		      SEGMENT_PYMALLOC, 0);
	return segments->error;
}

static size_t layer_of(const struct segment *segment)
{
	const char *name = segment_kind_layer(segment->kind);
	size_t i = 0;

	if (segment->kind == SEGMENT_ANON)
		return UNEXPLAINED;
	while (i < UNEXPLAINED && strcmp(layers[i], name))
		i++;
	return i;
}

/* What the kernel's areas have that no segment has: they came between two looks. */
static uint64_t rest(uint64_t all, uint64_t sum)
{
	return all > sum ? all - sum : 0;
}

void walk_layers(struct walk *walk, const struct walk_segment *at, size_t n)
{
	struct walk_layer show[LAYERS] = { 0 };
	const struct residency *all = &walk->residents.all;
	struct residency sum = { 0 };

	for (size_t i = 0; i < LAYERS; i++)
		show[i].name = layers[i];
	for (size_t i = 0; i < n; i++) {
		residency_add(&show[layer_of(&at[i].segment)].bytes, &at[i].bytes);
		residency_add(&sum, &at[i].bytes);
	}
	residency_add(&show[UNEXPLAINED].bytes,
		      &(struct residency){ .size = rest(all->size, sum.size),
					   .resident = rest(all->resident, sum.resident),
					   .dirty = rest(all->dirty, sum.dirty),
					   .swapped = rest(all->swapped, sum.swapped) });
	walk->view.ops->layers(&walk->view, show, LAYERS, all);
}

static void show_statics(struct walk *walk)
{
	struct pystatic statics;
	struct walk_statics show = { .statics = &statics };

	pystatic_read(&walk->cpython, &walk->space->segments, &statics);
	for (size_t i = 0; i < PYSTATIC_SINGLETONS; i++)
		show.singletons[i] = walk_place(walk, statics.singletons[i].addr);
	walk->view.ops->statics(&walk->view, &show);
}

static void show_small_ints(struct walk *walk)
{
	struct smallints ints;
	struct walk_small_ints show = { .ints = &ints };

	if (!smallints_find(&walk->cpython, &walk->space->segments, &ints)) {
		walk_note(walk, "the small ints of the interpreter were not found");
		return;
	}
	show.place = walk_place(walk, ints.lowest);
	walk->view.ops->small_ints(&walk->view, &show);
}

static int show_pymalloc(struct walk *walk)
{
	const struct pymalloc *pymalloc = &walk->pymalloc;
	struct walk_arena *show;

	if (walk->mimalloc.n) {
		walk->view.ops->mimalloc(&walk->view, &walk->mimalloc);
		if (walk->mimalloc.cut)
			walk_note(walk, "there is more memory than is looked through for mimalloc's "
				  "segments: some may be missing");
		return 0;
	}
	if (!walk->has_pymalloc) {
		walk_note(walk, walk->cpython.layout.has & MW_PY_FREE_THREADED ?
				"objects lie in pages of mimalloc, which were not found as release "
				"builds of 3.13 to 3.15 have them" :
			  walk->pymalloc.arenas.cut ?
				"no arenas of pymalloc were found before too many words were "
				"looked at" :
				"no arenas of pymalloc were found: PYTHONMALLOC=malloc, or a build "
				"without it");
		return 0;
	}
	show = calloc(pymalloc->arenas.n + 1, sizeof(*show));
	if (!show)
		return -ENOMEM;
	for (size_t i = 0; i < pymalloc->arenas.n; i++) {
		const struct pymalloc_arena *arena = &pymalloc->at[i];

		show[i].arena = arena;
		show[i].place = walk_place(walk, arena->start);
		residents_of(&walk->residents, arena->start, arena->end, &show[i].bytes);
	}
	walk->view.ops->pymalloc(&walk->view, pymalloc, show);
	free(show);
	if (pymalloc->arenas.cut)
		walk_note(walk, "too many words lead to what may be pymalloc's table of arenas: only "
			  "the first were looked at, and its arenas may be others");
	if (pymalloc->arenas.overlaps)
		walk_note(walk, "arenas of pymalloc left out, since they lie where another does: %zu",
			  pymalloc->arenas.overlaps);
	return 0;
}

int walk_python_memory(struct walk *walk)
{
	show_statics(walk);
	show_small_ints(walk);
	return show_pymalloc(walk);
}
