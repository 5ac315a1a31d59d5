// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pydict.c - the items of a dict. */
#include "cpython/pydict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpython/pykeys.h"

/* Words of a PyDictObject, by their index. */
enum { MA_USED = 2, MA_KEYS = 4, MA_VALUES = 5, DICT_WORDS = 6 };

void pyitems_clear(struct pyitems *items)
{
	free(items->at);
	*items = (struct pyitems){ 0 };
}

static int read_dict(struct cpython *cpython, uint64_t dict, uint64_t word[DICT_WORDS])
{
	struct pyobj obj;
	int err = cpython_read(cpython, dict, word, DICT_WORDS * sizeof(*word));

	if (err)
		return err;
	if (!pyobj_from(cpython, dict, word, &obj) || !(obj.type->flags & PYTYPE_DICT_SUBCLASS))
		return -EBADMSG;
	return 0;
}

size_t pydict_size(struct cpython *cpython, uint64_t dict)
{
	uint64_t word[DICT_WORDS];

	return read_dict(cpython, dict, word) ? 0 : word[MA_USED];
}

/* Whether the dict is still what it was when it was read. */
static bool same_dict(struct cpython *cpython, uint64_t dict, const uint64_t before[DICT_WORDS])
{
	uint64_t now[DICT_WORDS];

	return !read_dict(cpython, dict, now) &&
	       !memcmp(now + 1, before + 1, (DICT_WORDS - 1) * sizeof(*now));
}

int pydict_items(struct cpython *cpython, uint64_t dict, struct pyitems *items)
{
	uint64_t word[DICT_WORDS];
	int err = read_dict(cpython, dict, word);

	*items = (struct pyitems){ 0 };
	if (err)
		return err;
	err = pykeys_items(cpython, word[MA_KEYS],
			   word[MA_VALUES] ? word[MA_VALUES] + cpython->fields.values : 0, items);
	if (err)
		return err;
	if (same_dict(cpython, dict, word) && (items->cut || items->n == word[MA_USED]))
		return 0;
	/* its size is not yet what its values say, or what was read is no more */
	return -EBADMSG;
}
