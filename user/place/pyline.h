/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyline.h - CPython's line tables: pure functions of bytes.
 *
 * Formats: Objects/lnotab_notes.txt (3.6 to 3.10), InternalDocs/code_objects.md (3.11).
 */
#ifndef MWBPF_PYLINE_H
#define MWBPF_PYLINE_H

#include <stddef.h>
#include <stdint.h>

#define PYLINE_NONE 0 /* this instruction has no line */

/*
 * The line of the instruction at byte offset lasti of a code object; version as 0x030b.
 * PYLINE_NONE when the table says so or does not reach so far; -EBADMSG when it is
 * damaged; -ENOTSUP for a version whose format is not known. lasti below 0 (not started)
 * gives first_line.
 */
int64_t pyline(unsigned version, const uint8_t *table, size_t len, int first_line, int64_t lasti);

#endif
