/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * hash.h - a map from a 64-bit number to a pointer.
 */
#ifndef MWBPF_HASH_H
#define MWBPF_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash {
	uint64_t *keys;
	void **values; /* NULL: an empty slot */
	size_t n, cap; /* cap: 0 or a power of two */
};

/* The value of key, or NULL. A zeroed struct is an empty map. */
void *hash_get(const struct hash *hash, uint64_t key);

/* Set key to value, which must not be NULL. 0 or -ENOMEM. */
int hash_set(struct hash *hash, uint64_t key, void *value);

/* Remove key; returns the value it had, or NULL. */
void *hash_remove(struct hash *hash, uint64_t key);

/* Visit: *at begins as 0; NULL at the end. The map must not change meanwhile. */
void *hash_next(const struct hash *hash, size_t *at, uint64_t *key);

/* Give the memory of the map back; what the values point to is the caller's. */
void hash_clear(struct hash *hash);

/*
 * A number for each key, no two alike, that nobody outside knows beforehand: for keys that a
 * file or a target chooses, which could be made to fall on one place.
 */
uint64_t hash_scatter(uint64_t key);

static inline uint64_t hash_mix(uint64_t key)
{
	key ^= key >> 32;
	key *= 0x9e3779b97f4a7c15ULL; /* 2^64 / golden ratio: Knuth, TAOCP 3, 6.4 */
	return key ^ key >> 29;
}

#endif
