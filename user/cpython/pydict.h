/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pydict.h - the items of a dict, and the attributes an object has without one.
 *
 * Layouts: Objects/dict-common.h (3.6 to 3.10), Include/internal/pycore_dict.h (3.11 to
 * 3.15); Include/cpython/dictobject.h.
 */
#ifndef MWBPF_CPYTHON_PYDICT_H
#define MWBPF_CPYTHON_PYDICT_H

#include "cpython/pytype.h"

#define PYDICT_ITEMS_MAX 65536 /* of one dict; of a larger one the first */

/* Addresses of two objects, neither of them looked at. */
struct pyitem {
	uint64_t key, value;
	uint64_t slot;	 /* where the address of the value is */
	bool plain_key;	 /* key is the address of a C string: of a name in __slots__ */
};

struct pyitems {
	struct pyitem *at;
	size_t n;
	bool cut; /* there are more */
};

/*
 * The items of the dict at an address, which may be an instance of a subclass; *items is
 * the caller's, ended by pyitems_clear, also after an error. 0; -EBADMSG: it is none, or
 * changed while it was read; -ENOMEM; as mem_read.
 */
int pydict_items(struct cpython *cpython, uint64_t addr, struct pyitems *items);

/* How many items the dict at an address says it has; 0: it is none. */
size_t pydict_size(struct cpython *cpython, uint64_t addr);

/*
 * The attributes that an instance keeps in its dict or, from 3.11, in place of one, and in
 * its slots (__slots__). As pydict_items.
 */
int pyobj_attributes(struct cpython *cpython, const struct pyobj *obj, struct pyitems *items);

void pyitems_clear(struct pyitems *items);

#endif
