// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyslots.c - what the slots of a frame are called, by its code. */
#include "cpython/pyslots.h"

#include <errno.h>
#include <stdlib.h>

#define CO_OPTIMIZED 1u /* Include/code.h, from 3.9 Include/cpython/code.h */

/* co_localspluskinds: Include/internal/pycore_code.h (3.11 to 3.15) */
#define KIND_CELL 0x40
#define KIND_FREE 0x80

void pyslots_clear(struct pyslots *slots)
{
	free(slots->at);
	*slots = (struct pyslots){ 0 };
}

/* The addresses of the items of a tuple; the caller's. Its length, or -errno. */
static ssize_t read_tuple(struct cpython *cpython, uint64_t addr, uint64_t **items)
{
	struct pyobj obj;
	uint64_t n;
	int err = pyobj_read(cpython, addr, &obj);

	*items = NULL;
	if (err)
		return err;
	n = cpython_word(cpython, addr + cpython->objects.size);
	if (obj.type->id != PYTYPE_TUPLE || n > PYVARS_MAX)
		return -EBADMSG;
	*items = calloc(n + 1, sizeof(**items));
	if (!*items)
		return -ENOMEM;
	/* ob_item, up to 3.13 right behind the size, from 3.14 behind ob_hash, too */
	err = n ? cpython_read(cpython, addr + cpython->objects.size +
			       sizeof(n) * (cpython->minor >= 14 ? 2 : 1), *items, n * sizeof(n)) :
		  0;
	return err ? err : (ssize_t)n;
}

/* Add slots with the names in a tuple, the address of which is in a field. */
static int add_names(struct cpython *cpython, uint64_t field, enum pyscope scope,
		     struct pyslots *slots)
{
	uint64_t *names;
	ssize_t n = read_tuple(cpython, cpython_word(cpython, field), &names);
	int err = n < 0 ? (int)n : 0;
	struct pyslot *more;

	if (!err && slots->n + n > PYVARS_MAX)
		err = -EBADMSG;
	more = err ? NULL : reallocarray(slots->at, slots->n + n + 1, sizeof(*more));
	if (!err && !more)
		err = -ENOMEM;
	for (ssize_t i = 0; i < n && !err; i++) {
		struct pyslot *slot = &more[slots->n + i];

		slot->scope = scope;
		err = pyobject_str(cpython->pid, &cpython->objects, names[i], slot->name,
				   sizeof(slot->name));
		err = err < 0 ? err : 0;
	}
	if (more)
		slots->at = more;
	if (!err)
		slots->n += n;
	free(names);
	return err;
}

/* Up to 3.10: the locals, the cells, what is free, one after the other. */
static int read_groups(struct cpython *cpython, uint64_t code, struct pyslots *slots)
{
	const struct pyfields *f = &cpython->fields;
	int err = add_names(cpython, code + f->code_varnames, PYSCOPE_LOCAL, slots);

	if (!err)
		err = add_names(cpython, code + f->code_cellvars, PYSCOPE_CELL, slots);
	if (!err)
		err = add_names(cpython, code + f->code_freevars, PYSCOPE_FREE, slots);
	return err;
}

/* From 3.11: all in one tuple, and a byte for each that says what it is. */
static int read_kinds(struct cpython *cpython, uint64_t code, struct pyslots *slots)
{
	const struct pyfields *f = &cpython->fields;
	const uint64_t kinds = cpython_word(cpython, code + f->code_slot_kinds);
	uint8_t kind[PYVARS_MAX];
	struct pyobj obj;
	int err = add_names(cpython, code + f->code_slot_names, PYSCOPE_LOCAL, slots);

	if (!err)
		err = pyobj_read(cpython, kinds, &obj);
	if (err)
		return err;
	if (obj.type->id != PYTYPE_BYTES ||
	    cpython_word(cpython, kinds + cpython->objects.size) != slots->n)
		return -EBADMSG;
	err = slots->n ? cpython_read(cpython, kinds + cpython->objects.bytes_data, kind,
				      slots->n) : 0;
	for (size_t i = 0; i < slots->n && !err; i++)
		slots->at[i].scope = kind[i] & KIND_FREE ? PYSCOPE_FREE :
				     kind[i] & KIND_CELL ? PYSCOPE_CELL : PYSCOPE_LOCAL;
	return err;
}

int pyslots_read(struct cpython *cpython, uint64_t code, struct pyslots *slots)
{
	uint32_t flags;
	struct pyobj obj;
	int err = pyobj_read(cpython, code, &obj);

	*slots = (struct pyslots){ 0 };
	if (!err && obj.type->id != PYTYPE_CODE)
		err = -EBADMSG;
	if (!err)
		err = cpython_read(cpython, code + cpython->fields.code_flags, &flags,
				   sizeof(flags));
	if (err)
		return err;
	slots->optimized = flags & CO_OPTIMIZED;
	return cpython->fields.code_slot_names ? read_kinds(cpython, code, slots) :
						 read_groups(cpython, code, slots);
}
