// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* hash.c - a map from a 64-bit number to a pointer: open addressing, linear probing. */
#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

/* The finalizer of MurmurHash3 (Austin Appleby), which is one to one, of a sum with a secret. */
uint64_t hash_scatter(uint64_t key)
{
	static uint64_t secret;

	if (!secret) {
		memcpy(&secret, (const void *)getauxval(AT_RANDOM), sizeof(secret));
		secret |= 1;
	}
	key += secret;
	key = (key ^ key >> 33) * 0xff51afd7ed558ccd;
	key = (key ^ key >> 33) * 0xc4ceb9fe1a85ec53;
	return key ^ key >> 33;
}

/* The slot of key, or the empty one where it would go; cap is not 0. */
static size_t slot_of(const struct hash *hash, uint64_t key)
{
	size_t at = hash_mix(key) & (hash->cap - 1);

	while (hash->values[at] && hash->keys[at] != key)
		at = (at + 1) & (hash->cap - 1);
	return at;
}

static int grow(struct hash *hash)
{
	struct hash bigger = { .cap = hash->cap ? hash->cap * 2 : 16 };

	bigger.keys = calloc(bigger.cap, sizeof(*bigger.keys));
	bigger.values = calloc(bigger.cap, sizeof(*bigger.values));
	if (!bigger.keys || !bigger.values) {
		hash_clear(&bigger);
		return -ENOMEM;
	}
	for (size_t i = 0; i < hash->cap; i++) {
		if (!hash->values[i])
			continue;
		size_t at = slot_of(&bigger, hash->keys[i]);

		bigger.keys[at] = hash->keys[i];
		bigger.values[at] = hash->values[i];
	}
	bigger.n = hash->n;
	hash_clear(hash);
	*hash = bigger;
	return 0;
}

void *hash_get(const struct hash *hash, uint64_t key)
{
	return hash->cap ? hash->values[slot_of(hash, key)] : NULL;
}

int hash_set(struct hash *hash, uint64_t key, void *value)
{
	size_t at;

	if (hash->n + 1 > hash->cap / 4 * 3 && grow(hash))
		return -ENOMEM;
	at = slot_of(hash, key);
	hash->n += !hash->values[at];
	hash->keys[at] = key;
	hash->values[at] = value;
	return 0;
}

void *hash_remove(struct hash *hash, uint64_t key)
{
	size_t mask = hash->cap - 1, hole, at;
	void *value;

	if (!hash->cap)
		return NULL;
	hole = slot_of(hash, key);
	value = hash->values[hole];
	if (!value)
		return NULL;
	/* close the gap: move back what may not lie beyond an empty slot */
	for (at = (hole + 1) & mask; hash->values[at]; at = (at + 1) & mask) {
		size_t home = hash_mix(hash->keys[at]) & mask;

		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		hash->keys[hole] = hash->keys[at];
		hash->values[hole] = hash->values[at];
		hole = at;
	}
	hash->values[hole] = NULL;
	hash->n--;
	return value;
}

void *hash_next(const struct hash *hash, size_t *at, uint64_t *key)
{
	while (*at < hash->cap) {
		size_t i = (*at)++;

		if (!hash->values[i])
			continue;
		if (key)
			*key = hash->keys[i];
		return hash->values[i];
	}
	return NULL;
}

void hash_clear(struct hash *hash)
{
	free(hash->keys);
	free(hash->values);
	*hash = (struct hash){ 0 };
}
