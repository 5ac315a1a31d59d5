// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pystatic.c - objects that are part of the interpreter's file. */
#include "cpython/pystatic.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define WORD	 8
#define DATA_MAX (64 << 20) /* bytes of an image's data looked through */

static const struct {
	const char *name, *symbol;
} singletons[PYSTATIC_SINGLETONS] = {
	{ "None", "_Py_NoneStruct" },
	{ "True", "_Py_TrueStruct" },
	{ "False", "_Py_FalseStruct" },
	{ "Ellipsis", "_Py_EllipsisObject" },
	{ "NotImplemented", "_Py_NotImplementedStruct" },
};

static void find_singletons(const struct cpython *cpython, struct pystatic *statics)
{
	const char *symbols[PYSTATIC_SINGLETONS];
	struct elf_symbol found[PYSTATIC_SINGLETONS];

	for (size_t i = 0; i < PYSTATIC_SINGLETONS; i++)
		symbols[i] = singletons[i].symbol;
	elf_find(cpython->image->elf, symbols, PYSTATIC_SINGLETONS, found);
	for (size_t i = 0; i < PYSTATIC_SINGLETONS; i++)
		statics->singletons[i] = (struct pysingleton){
			.name = singletons[i].name,
			.addr = found[i].vaddr ? cpython->bias + found[i].vaddr : 0,
			.bytes = found[i].size,
		};
}

/* Each word that is the address of the type of types is ob_type of a type, if one begins there. */
static uint64_t count_types(struct cpython *cpython, uint64_t start, uint64_t len)
{
	uint64_t *words = len < DATA_MAX ? malloc(len + WORD) : NULL, n = 0;
	const size_t type_of = cpython->objects.type_of / WORD;

	if (words && !cpython_read(cpython, start, words, len))
		for (size_t i = type_of; i < len / WORD; i++) {
			const struct pytype *type =
				words[i] == cpython->types[PYTYPE_TYPE] ?
					pytype_get(cpython, start + (i - type_of) * WORD) : NULL;

			n += type && !(type->flags & PYTYPE_HEAPTYPE);
		}
	free(words);
	return n;
}

void pystatic_read(struct cpython *cpython, const struct segments *segments,
		   struct pystatic *statics)
{
	*statics = (struct pystatic){ 0 };
	find_singletons(cpython, statics);
	for (size_t i = 0; i < segments->n; i++) {
		const struct segment *at = &segments->at[i];
		const uint64_t start = (at->start + WORD - 1) & -WORD;
		uint64_t n;

		if ((at->kind != SEGMENT_DATA && at->kind != SEGMENT_BSS) ||
		    !(at->prot & PROT_WRITE) || start >= at->end)
			continue;
		n = count_types(cpython, start, at->end - start);
		statics->types += n;
		if (!strcmp(at->name, cpython->image->path))
			statics->own_types += n;
	}
	statics->types_bytes = statics->types * cpython->type_size;
}
