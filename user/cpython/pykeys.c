// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pykeys.c - the table of keys of a dict. */
#include "cpython/pykeys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORD	   8
#define LOG2_MAX   40 /* of the number of slots in the index */
#define ENTRY_MAX  3  /* words */
#define HEAD_WORDS 5

/* dk_kind: enum DictKeysKind, Include/internal/pycore_dict.h (3.11) */
enum { KIND_GENERAL, KIND_UNICODE, KIND_SPLIT };

/* How the entries of a table lie. */
struct table {
	uint64_t entries;   /* address of the first */
	uint64_t n;
	unsigned words;	    /* of an entry */
	unsigned key;	    /* index of the key's word in it; the value follows */
};

/* dk_size slots of 1, 2, 4 or 8 bytes: DK_IXSIZE(), Objects/dictobject.c (3.6 to 3.10) */
static bool find_old(uint64_t keys, const uint64_t head[HEAD_WORDS], struct table *table)
{
	const uint64_t size = head[1];
	const unsigned width = size <= 0xff ? 1 : size <= 0xffff ? 2 : size <= 0xffffffff ? 4 : 8;

	if (size & (size - 1) || size > 1ull << LOG2_MAX)
		return false;
	*table = (struct table){ .entries = keys + HEAD_WORDS * WORD + size * width,
				 .n = head[4], /* dk_nentries */
				 .words = 3,   /* hash, key, value */
				 .key = 1 };
	return table->n <= size;
}

/* dk_log2_size, dk_log2_index_bytes, dk_kind: a byte each (3.11 to 3.15) */
static bool find_new(uint64_t keys, const uint64_t head[HEAD_WORDS], struct table *table)
{
	const unsigned size = head[1] & 0xff, bytes = head[1] >> 8 & 0xff;
	const unsigned kind = head[1] >> 16 & 0xff;

	if (size > LOG2_MAX || bytes > LOG2_MAX + 3 || kind > KIND_SPLIT)
		return false;
	*table = (struct table){ .entries = keys + 4 * WORD + (1ull << bytes),
				 .n = head[3], /* dk_nentries */
				 .words = kind == KIND_GENERAL ? 3 : 2,
				 .key = kind == KIND_GENERAL };
	return table->n <= 1ull << size;
}

/* Put an entry among the items if it is in use. */
static void add(struct pyitems *items, uint64_t key, uint64_t value, uint64_t slot)
{
	if (key && value)
		items->at[items->n++] = (struct pyitem){ key, value, slot, false };
}

static int read_entries(struct cpython *cpython, const struct table *table, uint64_t values,
			struct pyitems *items)
{
	const size_t len = table->n * table->words * WORD;
	uint64_t *entries = malloc(len + table->n * WORD + 1), *value = entries + len / WORD;
	int err = entries ? cpython_read(cpython, table->entries, entries, len) : -ENOMEM;

	if (!err && values)
		err = cpython_read(cpython, values, value, table->n * WORD);
	for (size_t i = 0; i < table->n && !err; i++) {
		const uint64_t *entry = entries + i * table->words + table->key;

		if (values)
			add(items, entry[0], value[i], values + i * WORD);
		else
			add(items, entry[0], entry[1],
			    table->entries + (i * table->words + table->key + 1) * WORD);
	}
	free(entries);
	return err;
}

int pykeys_items(struct cpython *cpython, uint64_t keys, uint64_t values, struct pyitems *items)
{
	uint64_t head[HEAD_WORDS];
	struct table table;
	int err = cpython_read(cpython, keys, head, sizeof(head));

	*items = (struct pyitems){ 0 };
	if (err)
		return err;
	if (!(cpython->minor <= 10 ? find_old(keys, head, &table) : find_new(keys, head, &table)))
		return -EBADMSG;
	if (table.n > PYDICT_ITEMS_MAX) {
		table.n = PYDICT_ITEMS_MAX;
		items->cut = true;
	}
	if (!table.n)
		return 0;
	items->at = calloc(table.n, sizeof(*items->at));
	return items->at ? read_entries(cpython, &table, values, items) : -ENOMEM;
}
