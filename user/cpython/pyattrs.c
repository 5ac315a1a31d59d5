// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyattrs.c - the attributes of an instance: in its dict, in place of one, in its slots. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpython/pykeys.h"

#define WORD	    8
#define BASES_MAX   64
#define SLOTS_MAX   256 /* __slots__ of one class */
#define T_OBJECT_EX 16	/* structmember.h, from 3.12 Py_T_OBJECT_EX in descrobject.h */

/* In front of an object with a managed dict, by words: pycore_object.h (3.11 to 3.15). */
#define MANAGED_DICT   3
#define MANAGED_VALUES 4 /* 3.11 */
#define MANAGED_FREE_THREADED 1 /* the dict, where there is no PyGC_Head */

/* The values in place of a dict are named by the keys that all of the class share. */
static int take_values(struct cpython *cpython, const struct pyobj *obj, uint64_t values,
		       struct pyitems *items)
{
	const uint64_t keys = cpython_word(cpython, obj->type->addr + cpython->fields.cached_keys);

	return pykeys_items(cpython, keys, values, items);
}

/*
 * A managed dict. 3.11: a word for the dict and one for values; 3.12: one for either, odd
 * when it is values (their address less 1); 3.13: the values lie behind the object, valid
 * (their fourth byte) as long as there is no dict.
 */
static int take_managed(struct cpython *cpython, const struct pyobj *obj, struct pyitems *items)
{
	const unsigned in_front = cpython->layout.has & MW_PY_FREE_THREADED ?
					  MANAGED_FREE_THREADED : MANAGED_DICT;
	const uint64_t dict = cpython_word(cpython, obj->addr - in_front * WORD);
	uint64_t values = 0;

	if (cpython->minor == 11)
		values = cpython_word(cpython, obj->addr - MANAGED_VALUES * WORD);
	else if (cpython->minor == 12 && dict & 1)
		values = dict + 1;
	else if (!dict && obj->type->flags & PYTYPE_INLINE_VALUES &&
		 cpython_word(cpython, obj->addr + obj->type->basicsize) >> 24 & 0xff)
		values = obj->addr + obj->type->basicsize + cpython->fields.values;
	if (values)
		return take_values(cpython, obj, values, items);
	return dict ? pydict_items(cpython, dict, items) : 0;
}

/* tp_dictoffset below 0 counts from the end of what the object's size makes it. */
static uint64_t dict_slot(const struct cpython *cpython, const struct pyobj *obj)
{
	int64_t size, offset = obj->type->dictoffset;

	if (offset >= 0)
		return offset ? obj->addr + offset : 0;
	size = (int64_t)cpython_word(cpython, obj->addr + cpython->objects.size);
	if (obj->type->flags & PYTYPE_LONG_SUBCLASS && cpython->objects.long_tagged)
		size >>= 3;
	if (size < 0)
		size = -size;
	if (size > 1 << 20)
		return 0;
	size = obj->type->basicsize + size * obj->type->itemsize;
	return obj->addr + ((size + WORD - 1) & -WORD) + offset;
}

static int take_dict(struct cpython *cpython, const struct pyobj *obj, struct pyitems *items)
{
	const uint64_t slot = dict_slot(cpython, obj);
	const uint64_t dict = slot ? cpython_word(cpython, slot) : 0;

	return dict ? pydict_items(cpython, dict, items) : 0;
}

/* PyMemberDef: Include/structmember.h, from 3.12 Include/descrobject.h */
struct member {
	uint64_t name;
	int32_t type, unused;
	int64_t offset;
	uint64_t flags, doc;
};

static int add_slot(struct cpython *cpython, const struct pyobj *obj, const struct member *member,
		    uint64_t name, struct pyitems *items)
{
	const uint64_t slot = obj->addr + member->offset, value = cpython_word(cpython, slot);
	struct pyitem *more;

	if (member->type != T_OBJECT_EX || member->offset < cpython->head ||
	    member->offset + WORD > obj->type->basicsize || !value)
		return 0;
	more = reallocarray(items->at, items->n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	items->at = more;
	items->at[items->n++] = (struct pyitem){ name, value, slot, true };
	return 0;
}

/* The members of a class and its bases that are object pointers: what __slots__ makes. */
static int take_slots(struct cpython *cpython, const struct pyobj *obj, struct pyitems *items)
{
	const struct pytype *type = obj->type;
	struct member member;
	int err = 0;

	for (int base = 0; type && base < BASES_MAX; base++) {
		for (uint64_t i = 0; type->members && i < SLOTS_MAX && !err; i++) {
			if (cpython_read(cpython, type->members + i * sizeof(member), &member,
					 sizeof(member)) ||
			    !member.name)
				break;
			err = add_slot(cpython, obj, &member, member.name, items);
		}
		type = type->base && type->flags & PYTYPE_HEAPTYPE ?
			       pytype_get(cpython, type->base) : NULL;
	}
	return err;
}

int pyobj_attributes(struct cpython *cpython, const struct pyobj *obj, struct pyitems *items)
{
	int err;

	*items = (struct pyitems){ 0 };
	if (obj->type->flags & PYTYPE_MANAGED_DICT)
		err = take_managed(cpython, obj, items);
	else
		err = take_dict(cpython, obj, items);
	return err ? err : take_slots(cpython, obj, items);
}
