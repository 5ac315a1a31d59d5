// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pygc.c - the objects that Python's garbage collector knows. */
#include "cpython/pygc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cpython/pyblock.h"

#define WORD		 8
#define FLAGS		 3ull /* low bits of a link that are no address, from 3.8 on */
#define STEP		 4    /* heads are no better aligned in Debian's 3.13.5 and 3.13.18 */
#define INTERPRETERS_MAX 1024
#define STATE_MAX	 (128 << 10)
#define DATA_MAX	 (64 << 20)

/* Where the heads of lists are, and what is done with the objects. */
struct search {
	struct cpython *cpython;
	struct segments *segments;
	pygc_object *each;
	void *context;
	size_t lists;
	uint64_t left; /* objects that may still come */
};

/* PyGC_Head: links to the next and the one before. */
struct links {
	uint64_t next, prev;
};

static bool read_links(const struct cpython *cpython, uint64_t addr, struct links *links)
{
	if (cpython_read(cpython, addr, links, sizeof(*links)))
		return false;
	links->next &= ~FLAGS;
	links->prev &= ~FLAGS;
	return true;
}

static bool is_writable(struct segments *segments, uint64_t addr)
{
	const struct segment *segment = segments_find(segments, addr);

	return segment && segment->prot & PROT_WRITE;
}

/* The object behind a PyGC_Head, of a type whose objects have one. */
static bool object_of(struct cpython *cpython, uint64_t head, struct pyobj *obj)
{
	return !pyobj_read(cpython, head + pyblock_gc_head(cpython), obj) &&
	       obj->type->flags & PYTYPE_HAVE_GC;
}

/*
 * Whether two words at addr are the head of a list that is not empty: its first and last
 * know it, and are PyGC_Heads of objects. An object's own PyGC_Head has an object behind it.
 */
static bool is_head(struct search *search, uint64_t addr, const struct links *links)
{
	struct cpython *cpython = search->cpython;
	struct links first, last;
	struct pyobj obj;

	if (!links->next || !links->prev || links->next == addr ||
	    !is_writable(search->segments, links->next) ||
	    !is_writable(search->segments, links->prev) ||
	    !read_links(cpython, links->next, &first) || first.prev != addr ||
	    !read_links(cpython, links->prev, &last) || last.next != addr)
		return false;
	return object_of(cpython, links->next, &obj) && object_of(cpython, links->prev, &obj) &&
	       !object_of(cpython, addr, &obj);
}

static int follow(struct search *search, uint64_t head, uint64_t first)
{
	struct pyobj obj;
	struct links links;
	int err = 0;

	search->lists++;
	for (uint64_t at = first; at != head && search->left && !err; at = links.next) {
		search->left--;
		/* a list that changes is left where it leads elsewhere */
		if (!read_links(search->cpython, at, &links) ||
		    !object_of(search->cpython, at, &obj)) {
			search->cpython->torn++;
			break;
		}
		err = search->each(search->context, &obj);
	}
	return err;
}

static int look_through(struct search *search, uint64_t start, uint64_t len)
{
	uint8_t *bytes = len < DATA_MAX ? malloc(len + 1) : NULL;
	struct links links;
	int err = 0;

	/* the state of an interpreter ends somewhere before: as much as there is */
	while (bytes && len > 4096 && cpython_read(search->cpython, start, bytes, len))
		len /= 2;
	for (uint64_t at = 0; bytes && at + sizeof(links) <= len && !err; at += STEP) {
		memcpy(&links, bytes + at, sizeof(links));
		links.next &= ~FLAGS;
		links.prev &= ~FLAGS;
		if (is_head(search, start + at, &links))
			err = follow(search, start + at, links.next);
	}
	free(bytes);
	return err;
}

static int look_in_states(struct search *search)
{
	struct cpython *cpython = search->cpython;
	uint64_t interp = cpython_word(cpython, cpython->objects.interpreters);
	int err = 0;

	for (int i = 0; interp && i < INTERPRETERS_MAX && !err; i++) {
		err = look_through(search, interp, STATE_MAX);
		interp = cpython_word(cpython, interp + cpython->objects.interp_next);
	}
	return err;
}

static int look_in_data(struct search *search)
{
	int err = 0;

	for (size_t i = 0; i < search->segments->n && !err; i++) {
		const struct segment at = search->segments->at[i];
		const uint64_t start = (at.start + WORD - 1) & -WORD;

		if ((at.kind == SEGMENT_DATA || at.kind == SEGMENT_BSS) &&
		    at.prot & PROT_WRITE && start < at.end &&
		    !strcmp(at.name, search->cpython->image->path))
			err = look_through(search, start, at.end - start);
	}
	return err;
}

int pygc_visit(struct cpython *cpython, struct segments *segments, pygc_object *each,
	       void *context, size_t *lists)
{
	struct search search = {
		.cpython = cpython, .segments = segments, .each = each, .context = context,
		.left = PYGC_OBJECTS_MAX,
	};
	int err = cpython->minor >= 9 ? look_in_states(&search) : look_in_data(&search);

	*lists = search.lists;
	return err ? err : search.lists ? 0 : -ENOENT;
}
