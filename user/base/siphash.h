/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * siphash.h - SipHash-2-4 (Aumasson and Bernstein, 2012): a hash with a secret key, for
 * which nobody who does not know the key can find two inputs that are alike.
 */
#ifndef MWBPF_SIPHASH_H
#define MWBPF_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash {
	uint64_t state[4];
	uint64_t tail; /* bytes that do not fill a word yet */
	uint64_t len;  /* bytes so far */
};

void siphash_begin(struct siphash *hash, const uint64_t key[2]);

/* What follows; where one part ends and the next begins makes no difference. */
void siphash_add(struct siphash *hash, const void *bytes, size_t len);

uint64_t siphash_end(struct siphash *hash);

#endif
