/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pykeys.h - internal to dicts: the table of keys that one, or many of a class, have.
 */
#ifndef MWBPF_CPYTHON_PYKEYS_H
#define MWBPF_CPYTHON_PYKEYS_H

#include "cpython/pydict.h"

/*
 * The items of a PyDictKeysObject in the order in which they were put in. values: address
 * of the first of as many object pointers as it has entries; 0: they are in it. As
 * pydict_items.
 */
int pykeys_items(struct cpython *cpython, uint64_t keys, uint64_t values, struct pyitems *items);

#endif
