/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * code.h - what a few bytes of x86-64 code say about calls.
 */
#ifndef MWBPF_CODE_H
#define MWBPF_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODE_CALL_MAX 7 /* bytes of a near call without its prefixes */

/*
 * Whether the n bytes end in a call instruction, so that what follows can be returned to.
 * Bytes of other instructions can look like one.
 */
bool code_is_call(const uint8_t *bytes, size_t n);

#define CODE_PROLOGUE 8 /* bytes at the start of a function to look at */

/* Whether a function that begins with these n bytes begins by making %rbp its frame pointer. */
bool code_makes_frame(const uint8_t *bytes, size_t n);

#endif
