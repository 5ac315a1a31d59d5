// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyblock.c - the object in a block of memory, if there is one. */
#include "cpython/pyblock.h"

#include <string.h>

#define WORD	  8
#define PREHEADER 16 /* _PyType_PreHeaderSize(), Include/internal/pycore_object.h (3.11) */

/* tp_flags: Include/object.h; with either there is a pre-header from 3.12 on. */
#define MANAGED_WEAKREF (1ull << 3)

/*
 * Objects/obmalloc.c: in front of a block are its size, a letter for the API it was asked of
 * and forbidden bytes, 0xfd, up to 3.7 0xfb.
 */
#define DEBUG_HEAD 16
#define DEBUG_MOST (2 * DEBUG_HEAD)

uint64_t pyblock_gc_head(const struct cpython *cpython)
{
	if (cpython->layout.has & MW_PY_FREE_THREADED)
		return 0;
	return cpython->minor <= 7 ? 32 : 16;
}

static bool is_debug(const uint8_t *bytes, size_t len)
{
	static const uint8_t now[7] = { 0xfd, 0xfd, 0xfd, 0xfd, 0xfd, 0xfd, 0xfd };
	static const uint8_t before[7] = { 0xfb, 0xfb, 0xfb, 0xfb, 0xfb, 0xfb, 0xfb };

	return len >= DEBUG_HEAD && strchr("orm", bytes[8]) && bytes[8] &&
	       (!memcmp(bytes + 9, now, sizeof(now)) || !memcmp(bytes + 9, before, sizeof(before)));
}

/* Bytes in front of an object of a type. */
static uint64_t in_front(const struct cpython *cpython, const struct pytype *type)
{
	uint64_t n = type->flags & PYTYPE_HAVE_GC ? pyblock_gc_head(cpython) : 0;

	if (cpython->minor >= 11 && type->flags & PYTYPE_MANAGED_DICT)
		n += PREHEADER;
	else if (cpython->minor >= 12 && type->flags & MANAGED_WEAKREF)
		n += PREHEADER;
	return n;
}

/*
 * The words of a reference count that are none of its own: 0 up to 3.13 (3.12: but for
 * immortal ones), from 3.14 an overflow, 0, and flags. An object that is kept to be used
 * again has an address there.
 */
static bool has_count(const struct cpython *cpython, uint64_t word)
{
	/* pyobj_from looks at all of it */
	if (cpython->minor <= 11 || cpython->layout.has & MW_PY_FREE_THREADED)
		return true;
	return cpython->minor >= 14 ? !(word >> 32 & 0xffff) : !(word >> 32);
}

bool pyblock_object(struct cpython *cpython, uint64_t addr, const uint8_t *bytes, size_t len,
		    struct pyobj *obj)
{
	const uint64_t gc = pyblock_gc_head(cpython);
	const uint64_t places[] = { 0, gc, gc + PREHEADER, PREHEADER };
	uint64_t debug = 0;

	/* a block that pymalloc gets from malloc has both of their heads */
	while (debug < DEBUG_MOST && is_debug(bytes + debug, len - debug))
		debug += DEBUG_HEAD;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const uint64_t at = debug + places[i];
		uint64_t head[PYHEAD_MOST];

		if (at + cpython->head > len)
			continue;
		memcpy(head, bytes + at, cpython->head);
		if (has_count(cpython, head[0]) && pyobj_from(cpython, addr + at, head, obj) &&
		    in_front(cpython, obj->type) == places[i])
			return true;
	}
	return false;
}
