// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* intern.c - strings kept once: equal strings are the same pointer. */
#include "base/intern.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	struct entry *next;
	char text[];
};

/* FNV-1a, 64 bits: Fowler, Noll, Vo; RFC 9923. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	return hash;
}

const char *intern(struct intern *pool, const char *text)
{
	uint64_t key = hash_of(text);
	struct entry *first = hash_get(&pool->chains, key);
	size_t len = strlen(text) + 1;
	struct entry *entry;

	for (entry = first; entry; entry = entry->next)
		if (!strcmp(entry->text, text))
			return entry->text;
	entry = malloc(sizeof(*entry) + len);
	if (!entry)
		return "";
	entry->next = first;
	memcpy(entry->text, text, len);
	if (hash_set(&pool->chains, key, entry)) {
		free(entry);
		return "";
	}
	return entry->text;
}

void intern_clear(struct intern *pool)
{
	struct entry *entry;
	size_t at = 0;

	while ((entry = hash_next(&pool->chains, &at, NULL)))
		while (entry) {
			struct entry *next = entry->next;

			free(entry);
			entry = next;
		}
	hash_clear(&pool->chains);
}
