/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * cvalue.h - the value of a C variable in short.
 */
#ifndef MWBPF_CVALUE_H
#define MWBPF_CVALUE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "target/recipe.h"

#define CVALUE_BYTES 40 /* of a value that its text is made of, at most */

/* Bytes that a bit field may lie in */
#define CVALUE_BITS_BYTES 9

/* The number in so many bits (at most 64), which begin in the first byte. */
uint64_t cvalue_bits(const uint8_t bytes[CVALUE_BITS_BYTES], unsigned bit, unsigned bits,
		     enum recipe_encoding encoding);

/*
 * The value whose first n bytes these are, of a variable of a process; "" when it has
 * parts, or too few bytes are there. Characters are the target's, to be made safe where
 * they are shown. Writes at most cap bytes with the NUL; returns buf.
 */
char *cvalue_text(pid_t pid, enum recipe_encoding encoding, const uint8_t *bytes, size_t n,
		  char *buf, size_t cap);

#endif
