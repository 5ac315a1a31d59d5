/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * recipes.h - recipes of frames that were read, kept: the same code is in many frames, and is
 * there again when a process is held.
 */
#ifndef MWBPF_RECIPES_H
#define MWBPF_RECIPES_H

#include <stddef.h>

#include "base/hash.h"
#include "target/recipe.h"

#define RECIPES_MAX (32u << 20) /* bytes; then all are forgotten */

/* Zeroed: there are none. */
struct recipes {
	struct hash by_place;
	size_t bytes;
};

/* The recipe of an address of a file; false: it is not kept. */
bool recipes_get(const struct recipes *recipes, const void *file, uint64_t vaddr,
		 struct recipe_frame *frame);

/* Keep one, if there is memory. */
void recipes_put(struct recipes *recipes, const void *file, uint64_t vaddr,
		 const struct recipe_frame *frame);

void recipes_clear(struct recipes *recipes);

#endif
