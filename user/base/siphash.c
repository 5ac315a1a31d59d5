// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* siphash.c - SipHash-2-4 over a stream of bytes. */
#include "base/siphash.h"

#include <string.h>

#define COMPRESS 2 /* rounds for each word ... */
#define FINISH	 4 /* ... and behind the last */

static uint64_t rotate(uint64_t word, unsigned by)
{
	return word << by | word >> (64 - by);
}

static inline void rounds(uint64_t v[4], unsigned n)
{
	while (n--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static inline void add_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	rounds(v, COMPRESS);
	v[0] ^= word;
}

void siphash_begin(struct siphash *hash, const uint64_t key[2])
{
	/* "somepseudorandomlygeneratedbytes" */
	*hash = (struct siphash){ .state = {
					  key[0] ^ 0x736f6d6570736575,
					  key[1] ^ 0x646f72616e646f6d,
					  key[0] ^ 0x6c7967656e657261,
					  key[1] ^ 0x7465646279746573,
				  } };
}

/* One byte into the word that is being filled. */
static void add_byte(struct siphash *hash, uint8_t byte)
{
	hash->tail |= (uint64_t)byte << 8 * (hash->len % 8);
	if (++hash->len % 8)
		return;
	add_word(hash->state, hash->tail);
	hash->tail = 0;
}

void siphash_add(struct siphash *hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes, *end = at + len;
	uint64_t v[4], word;

	while (at < end && hash->len % 8)
		add_byte(hash, *at++);
	memcpy(v, hash->state, sizeof(v));
	for (; end - at >= 8; at += 8, hash->len += 8) {
		memcpy(&word, at, sizeof(word));
		add_word(v, word);
	}
	memcpy(hash->state, v, sizeof(v));
	while (at < end)
		add_byte(hash, *at++);
}

uint64_t siphash_end(struct siphash *hash)
{
	uint64_t *v = hash->state;

	add_word(v, hash->tail | hash->len << 56);
	v[2] ^= 0xff;
	rounds(v, FINISH);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
