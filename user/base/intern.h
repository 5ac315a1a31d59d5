/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * intern.h - strings kept once: equal strings are the same pointer.
 */
#ifndef MWBPF_INTERN_H
#define MWBPF_INTERN_H

#include "base/hash.h"

struct intern {
	struct hash chains; /* hash of the string -> chain of entries */
};

/* The kept copy of text; never NULL: "" without memory. Lives as long as the pool. */
const char *intern(struct intern *pool, const char *text);

void intern_clear(struct intern *pool);

#endif
