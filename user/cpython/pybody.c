// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pybody.c - where the items, entries or bytes of an object are that are no part of it. */
#include "cpython/pybody.h"

#include <string.h>

#define WORD	  8
#define BASES_MAX 64

/* Which word behind PyObject has the address: of types by id, then of others by name. */
static const struct {
	enum pytype_id id; /* PYTYPES: by name */
	const char *name;
	unsigned word;
} bodies[] = {
	{ PYTYPE_LIST, NULL, 1 },	       /* ob_item */
	{ PYTYPE_DICT, NULL, 2 },	       /* ma_keys */
	{ PYTYPE_SET, NULL, 3 },	       /* table */
	{ PYTYPE_FROZENSET, NULL, 3 },
	{ PYTYPE_BYTEARRAY, NULL, 3 },	       /* ob_start */
	{ PYTYPES, "array.array", 1 },	       /* ob_item */
	{ PYTYPES, "mmap.mmap", 0 },	       /* data */
	{ PYTYPES, "numpy.ndarray", 0 },       /* data */
};

static uint64_t field_of(const struct cpython *cpython, const struct pytype *type)
{
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
		if (bodies[i].id == PYTYPES ? !strcmp(type->name, bodies[i].name) :
					      type->id == bodies[i].id)
			return cpython->head + bodies[i].word * WORD;
	/* of a subclass only: the characters of a str are behind it */
	return type->id == PYTYPE_STR ? cpython->objects.str_compact : 0;
}

uint64_t pybody_of(struct cpython *cpython, const struct pyobj *obj)
{
	const struct pytype *type = obj->type;
	uint64_t body, field = 0;

	if (type->id == PYTYPE_STR)
		return 0;
	for (int base = 0; type && !field && base < BASES_MAX; base++) {
		field = field_of(cpython, type);
		type = type->base ? pytype_get(cpython, type->base) : NULL;
	}
	body = field ? cpython_word(cpython, obj->addr + field) : 0;
	/* a small set has its table in it */
	return body >= obj->addr && body < obj->addr + obj->type->basicsize ? 0 : body;
}
