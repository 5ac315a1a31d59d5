// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* recipes.c - recipes of frames that were read, kept. */
#include "place/recipes.h"

#include <stdlib.h>
#include <string.h>

#define HEAD offsetof(struct recipe_frame, vars)

/* One of 130 KB has a few in use: its head, then what there is of each array. */
struct kept {
	const void *file;
	uint64_t vaddr;
	size_t size; /* of bytes */
	char bytes[];
};

/* An array of a frame, and how much of it is in use. */
struct piece {
	size_t offset, size;
};

#define PIECES 6

static void find_pieces(const struct recipe_frame *frame, struct piece pieces[PIECES])
{
	pieces[0] = (struct piece){ HEAD, frame->n_vars * sizeof(*frame->vars) };
	pieces[1] = (struct piece){ offsetof(struct recipe_frame, ops),
				    frame->n_ops * sizeof(*frame->ops) };
	pieces[2] = (struct piece){ offsetof(struct recipe_frame, parts),
				    frame->n_parts * sizeof(*frame->parts) };
	pieces[3] = (struct piece){ offsetof(struct recipe_frame, words),
				    frame->n_words * sizeof(*frame->words) };
	pieces[4] = (struct piece){ offsetof(struct recipe_frame, bases),
				    frame->n_bases * sizeof(*frame->bases) };
	pieces[5] = (struct piece){ offsetof(struct recipe_frame, text), frame->n_text };
}

static uint64_t key_of(const void *file, uint64_t vaddr)
{
	return hash_mix((uintptr_t)file) ^ hash_mix(vaddr);
}

bool recipes_get(const struct recipes *recipes, const void *file, uint64_t vaddr,
		 struct recipe_frame *frame)
{
	const struct kept *kept = hash_get(&recipes->by_place, key_of(file, vaddr));
	struct piece pieces[PIECES];
	const char *from;

	if (!kept || kept->file != file || kept->vaddr != vaddr)
		return false;
	memcpy(frame, kept->bytes, HEAD);
	find_pieces(frame, pieces);
	from = kept->bytes + HEAD;
	for (int i = 0; i < PIECES; i++) {
		memcpy((char *)frame + pieces[i].offset, from, pieces[i].size);
		from += pieces[i].size;
	}
	return true;
}

static struct kept *keep(const void *file, uint64_t vaddr, const struct recipe_frame *frame)
{
	struct piece pieces[PIECES];
	struct kept *kept;
	size_t size = HEAD;
	char *to;

	find_pieces(frame, pieces);
	for (int i = 0; i < PIECES; i++)
		size += pieces[i].size;
	kept = malloc(sizeof(*kept) + size);
	if (!kept)
		return NULL;
	*kept = (struct kept){ .file = file, .vaddr = vaddr, .size = size };
	memcpy(kept->bytes, frame, HEAD);
	to = kept->bytes + HEAD;
	for (int i = 0; i < PIECES; i++) {
		memcpy(to, (const char *)frame + pieces[i].offset, pieces[i].size);
		to += pieces[i].size;
	}
	return kept;
}

void recipes_put(struct recipes *recipes, const void *file, uint64_t vaddr,
		 const struct recipe_frame *frame)
{
	const uint64_t key = key_of(file, vaddr);
	struct kept *kept;

	if (recipes->bytes > RECIPES_MAX)
		recipes_clear(recipes);
	if (hash_get(&recipes->by_place, key)) /* another's, by chance */
		return;
	kept = keep(file, vaddr, frame);
	if (kept && hash_set(&recipes->by_place, key, kept)) {
		free(kept);
		return;
	}
	if (kept)
		recipes->bytes += kept->size;
}

void recipes_clear(struct recipes *recipes)
{
	struct kept *kept;
	size_t at = 0;

	while ((kept = hash_next(&recipes->by_place, &at, NULL)))
		free(kept);
	hash_clear(&recipes->by_place);
	recipes->bytes = 0;
}
