// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pytype.c - objects and their types, read from outside. */
#include "cpython/pytype.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/mem.h"

#define NAME_MAX_BYTES 256
#define METATYPES_MAX  4      /* from a type to the type of types */
#define REFCOUNT_MAX   (1ull << 40) /* up to 3.11: more refer to nothing */
#define SHARED_SHIFT   2 /* _Py_REF_SHARED_SHIFT, Include/refcount.h */
#define BASICSIZE_MAX  (1 << 20)
#define KNOWN_MAX      (4 << 20) /* addresses asked for: memory may be full of what is none */

/* Words of a type behind PyVarObject, by their index; PyObject may have two more. */
enum {
	TP_NAME = 3,
	TP_BASICSIZE = 4,
	TP_ITEMSIZE = 5,
	TP_FLAGS = 21,
	TP_MEMBERS = 30,
	TP_BASE = 32,
	TP_DICTOFFSET = 36,
	TYPE_WORDS = 37,
};

static struct pytype no_type; /* what is known of an address that has none */

/* Of a type: bytes that its words, by their index, are behind its address. */
static uint64_t word_at(const struct cpython *cpython, unsigned index)
{
	return cpython->head + index * sizeof(uint64_t) - PYHEAD_WORDS * sizeof(uint64_t);
}

/* That its own type's type is that of types is true of any object: it must be a subclass. */
static bool is_metatype(const struct cpython *cpython, uint64_t addr)
{
	for (int i = 0; i < METATYPES_MAX && addr; i++) {
		if (addr == cpython->types[PYTYPE_TYPE])
			return true;
		if (!(cpython_word(cpython, addr + word_at(cpython, TP_FLAGS)) & PYTYPE_TYPE_SUBCLASS))
			return false;
		addr = cpython_word(cpython, addr + cpython->objects.type_of);
	}
	return false;
}

static enum pytype_id id_of(const struct cpython *cpython, uint64_t addr)
{
	enum pytype_id id = 0;

	while (id < PYTYPES && cpython->types[id] != addr)
		id++;
	return id;
}

/* Any text: type("", (), {}) makes a class without a name. */
static const char *read_name(const struct cpython *cpython, uint64_t addr)
{
	char name[NAME_MAX_BYTES];

	if (mem_read_string(cpython->pid, addr, name, sizeof(name)))
		return NULL;
	return intern(cpython->names, name);
}

static struct pytype *read_type(const struct cpython *cpython, uint64_t addr)
{
	uint64_t word[TYPE_WORDS];
	struct pytype *type;
	const char *name;

	if (!addr || addr % sizeof(*word) ||
	    cpython_read(cpython, addr + word_at(cpython, 0), word, sizeof(word)) ||
	    !(word[TP_FLAGS] & PYTYPE_READY) || (int64_t)word[TP_BASICSIZE] < 0 ||
	    word[TP_BASICSIZE] > BASICSIZE_MAX ||
	    !is_metatype(cpython, word[PYHEAD_WORDS - 1]))
		return NULL;
	name = read_name(cpython, word[TP_NAME]);
	type = name ? malloc(sizeof(*type)) : NULL;
	if (type)
		*type = (struct pytype){
			.addr = addr,
			.name = name,
			.basicsize = (int64_t)word[TP_BASICSIZE],
			.itemsize = (int64_t)word[TP_ITEMSIZE],
			.flags = word[TP_FLAGS],
			.dictoffset = (int64_t)word[TP_DICTOFFSET],
			.base = word[TP_BASE],
			.metatype = word[PYHEAD_WORDS - 1],
			.members = word[TP_MEMBERS],
			.id = id_of(cpython, addr),
		};
	return type;
}

const struct pytype *pytype_get(struct cpython *cpython, uint64_t addr)
{
	struct pytype *type = hash_get(&cpython->known_types, hash_scatter(addr));

	if (!type && cpython->known_types.n < KNOWN_MAX) {
		type = read_type(cpython, addr);
		if (hash_set(&cpython->known_types, hash_scatter(addr), type ? type : &no_type)) {
			free(type);
			return NULL;
		}
	}
	return type == &no_type ? NULL : type;
}

/*
 * Py_ssize_t up to 3.11; from 3.12 the low 32 bits count, and none does when the highest of
 * them is set: _Py_IsImmortal(), Include/object.h, from 3.14 Include/refcount.h.
 */
static bool count_references(const struct cpython *cpython, uint64_t word, struct pyobj *obj)
{
	obj->refcount = cpython->minor >= 12 ? (uint32_t)word : word;
	obj->immortal = cpython->minor >= 12 && (int32_t)word < 0;
	return obj->refcount && (cpython->minor >= 12 || obj->refcount < REFCOUNT_MAX);
}

/*
 * Free-threaded: the thread that made the object counts by itself, all others together in
 * ob_ref_shared, whose low bits say something else and which may be below 0.
 */
static bool count_both(const uint64_t head[PYHEAD_MOST], struct pyobj *obj)
{
	const uint32_t local = head[1] >> 32;
	const int64_t shared = (int64_t)head[2] >> SHARED_SHIFT;

	obj->immortal = local == UINT32_MAX;
	obj->refcount = obj->immortal ? local : local + (uint64_t)shared;
	return obj->refcount && obj->refcount < REFCOUNT_MAX;
}

bool pyobj_from(struct cpython *cpython, uint64_t addr, const uint64_t *head, struct pyobj *obj)
{
	const unsigned words = cpython->head / sizeof(*head);

	*obj = (struct pyobj){ .addr = addr };
	if (!(words == PYHEAD_MOST ? count_both(head, obj) :
				     count_references(cpython, head[0], obj)))
		return false;
	obj->type = pytype_get(cpython, head[words - 1]);
	return obj->type != NULL;
}

int pyobj_read(struct cpython *cpython, uint64_t addr, struct pyobj *obj)
{
	uint64_t head[PYHEAD_MOST];
	int err = addr % sizeof(*head) ? -EBADMSG : cpython_read(cpython, addr, head, cpython->head);

	if (err)
		return err;
	return pyobj_from(cpython, addr, head, obj) ? 0 : -EBADMSG;
}

void pytypes_clear(struct hash *known)
{
	struct pytype *type;
	size_t at = 0;

	while ((type = hash_next(known, &at, NULL)))
		if (type != &no_type)
			free(type);
	hash_clear(known);
}
