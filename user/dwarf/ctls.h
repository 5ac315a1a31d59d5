/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * ctls.h - where a thread has its own copy of a file's thread-local variables.
 *
 * Of the program's own file by the ABI (ELF Handling For Thread-Local Storage, section 3.4.6,
 * variant II): just below where fs leads. Of a library by glibc's table of the thread's
 * blocks, in which the loader's record of the library has a number; where in the record
 * that is, glibc tells debuggers (nptl_db/structs.def).
 */
#ifndef MWBPF_CTLS_H
#define MWBPF_CTLS_H

#include "dwarf/dwarfeval.h"
#include "place/space.h"

/* Of the file that a segment shows, in the thread with that fs base; 0: it is not known. */
struct ctls ctls_find(struct space *space, const struct segment *segment, uint64_t fs_base);

#endif
