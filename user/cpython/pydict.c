// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pydict.c - the items of a dict. */
#include "cpython/pydict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpython/pykeys.h"

/* PyDictObject behind PyObject. */
struct fields {
	uint64_t used;
	uint64_t version; /* up to 3.11 ma_version_tag, which changes when the dict does */
	uint64_t keys, values;
};

struct dict {
	uint64_t type;
	struct fields fields;
};

void pyitems_clear(struct pyitems *items)
{
	free(items->at);
	*items = (struct pyitems){ 0 };
}

static int read_dict(struct cpython *cpython, uint64_t addr, struct dict *dict)
{
	uint64_t word[PYHEAD_MOST + sizeof(dict->fields) / sizeof(uint64_t)];
	struct pyobj obj;
	int err = cpython_read(cpython, addr, word, cpython->head + sizeof(dict->fields));

	if (err)
		return err;
	if (!pyobj_from(cpython, addr, word, &obj) || !(obj.type->flags & PYTYPE_DICT_SUBCLASS))
		return -EBADMSG;
	dict->type = obj.type->addr;
	memcpy(&dict->fields, word + cpython->head / sizeof(*word), sizeof(dict->fields));
	return 0;
}

size_t pydict_size(struct cpython *cpython, uint64_t addr)
{
	struct dict dict;

	return read_dict(cpython, addr, &dict) ? 0 : dict.fields.used;
}

/* Whether the dict is still what it was when it was read. */
static bool same_dict(struct cpython *cpython, uint64_t addr, const struct dict *before)
{
	struct dict now;

	return !read_dict(cpython, addr, &now) && !memcmp(&now, before, sizeof(now));
}

int pydict_items(struct cpython *cpython, uint64_t addr, struct pyitems *items)
{
	struct dict dict;
	const struct fields *f = &dict.fields;
	int err = read_dict(cpython, addr, &dict);

	*items = (struct pyitems){ 0 };
	if (err)
		return err;
	err = pykeys_items(cpython, f->keys, f->values ? f->values + cpython->fields.values : 0,
			   items);
	if (err)
		return err;
	if (same_dict(cpython, addr, &dict) && (items->cut || items->n == f->used))
		return 0;
	/* its size is not yet what its values say, or what was read is no more */
	return -EBADMSG;
}
