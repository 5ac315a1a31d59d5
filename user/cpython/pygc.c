// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pygc.c - the objects that Python's garbage collector knows. */
#include "cpython/pygc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cpython/pyblock.h"
#include "cpython/pypages.h"

#define WORD		 8
#define GC_HEAD_MOST	 32
#define COLLECTING	 2ull /* _PyGC_PREV_MASK_COLLECTING, pycore_gc.h (3.8 to 3.15) */
#define LOOKS		 8    /* at a head that goes on changing */
#define TRAIL		 64
#define DOUBTS_MOST	 1000000
#define LOST_MOST	 1000 /* of one list */
#define CIRCLES_MOST	 3    /* on one list */
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
	struct pypages *pages;
	uint64_t interp; /* whose lists they are; 0 */
	size_t lists;
	bool collecting, cut;
	uint64_t doubts; /* objects read twice */
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

/* The first on a list knows where its head is, and is the PyGC_Head of an object. */
static bool is_first(struct search *search, uint64_t addr, uint64_t head)
{
	struct links first;
	struct pyobj obj;

	return read_links(search->cpython, addr, &first) && first.prev == head &&
	       object_of(search->cpython, addr, &obj);
}

/*
 * Whether two words at addr, which were these, are the head of a list that is not empty. The
 * list of the youngest objects changes all the time, so that they are read again. An object's
 * own PyGC_Head has an object behind it.
 */
static bool is_head(struct search *search, uint64_t addr, struct links *links)
{
	struct cpython *cpython = search->cpython;
	struct pyobj obj;

	if (!links->next || !links->prev || links->next == addr ||
	    !is_writable(search->segments, links->next) ||
	    !is_writable(search->segments, links->prev) || object_of(cpython, addr, &obj))
		return false;
	for (int i = 0; i < LOOKS; i++) {
		if (is_first(search, links->next, addr))
			return true;
		if (!read_links(cpython, addr, links) || links->next == addr ||
		    !is_writable(search->segments, links->next) ||
		    !is_writable(search->segments, links->prev))
			return false;
	}
	return false;
}

/* An object on a list. */
struct node {
	struct links links;
	bool alive;	/* else it is just given up: nothing refers to it */
	bool collected; /* the collector is at work on it */
	struct pyobj obj;
};

static bool read_node(struct search *search, uint64_t at, bool kept, struct node *node)
{
	struct cpython *cpython = search->cpython;
	const uint64_t gc = pyblock_gc_head(cpython);
	uint64_t words[(GC_HEAD_MOST + PYHEAD_MOST * WORD) / WORD];

	if (kept ? pypages_read(search->pages, at, words, gc + cpython->head) :
		   cpython_read(cpython, at, words, gc + cpython->head))
		return false;
	node->links = (struct links){ words[0] & ~FLAGS, words[1] & ~FLAGS };
	node->collected = cpython->minor >= 8 && words[1] & COLLECTING;
	node->alive = pyobj_from(cpython, at + gc, words + gc / WORD, &node->obj);
	if (!node->alive)
		node->obj.type = pytype_get(cpython, words[gc / WORD + PYHEAD_WORDS - 1]);
	return node->obj.type && node->obj.type->flags & PYTYPE_HAVE_GC;
}

/*
 * What was kept may be too old: it is read anew where the way back leads elsewhere. While the
 * collector is at work there is none.
 */
static bool step(struct search *search, uint64_t at, uint64_t before, struct node *node)
{
	if (read_node(search, at, true, node) && (node->collected || node->links.prev == before))
		return true;
	if (search->doubts++ > DOUBTS_MOST)
		return false;
	pypages_forget(search->pages, at);
	return read_node(search, at, false, node);
}

/* The objects of a list that were last looked at. */
struct trail {
	uint64_t at[TRAIL];
	size_t end, n;
};

static void keep(struct trail *trail, uint64_t at)
{
	trail->at[trail->end++ % TRAIL] = at;
	trail->n += trail->n < TRAIL;
}

/*
 * An object that has ended leads nowhere: go on behind the last one that is still on a list.
 * 0: none of them is.
 */
static uint64_t go_back(struct search *search, struct trail *trail)
{
	struct links before;
	struct node node;

	search->cpython->retried++;
	for (; trail->n; trail->n--) {
		const uint64_t at = trail->at[--trail->end % TRAIL];

		pypages_forget(search->pages, at);
		if (!read_node(search, at, false, &node) ||
		    !read_links(search->cpython, node.links.prev, &before) || before.next != at)
			continue;
		trail->end++;
		return node.links.next;
	}
	return 0;
}

/*
 * An object that is just put at the end of a list may not lead to its head yet, nor the head
 * to it: whether the one that was looked at last is the last, or is put behind that.
 */
static bool is_end(struct search *search, uint64_t head, const struct trail *trail)
{
	struct links links;

	return trail->n > 1 && read_links(search->cpython, head, &links) &&
	       (links.prev == trail->at[(trail->end - 1) % TRAIL] ||
		links.prev == trail->at[(trail->end - 2) % TRAIL]);
}

/*
 * Whether the objects go in circles past the head, as pages that were kept at different times
 * can make it look, or the collector when it puts the list behind another's head. The mark
 * moves on whenever twice as many have been passed (R. P. Brent, BIT 20, 1980, 176-184).
 */
struct circle {
	uint64_t mark;
	uint64_t passed, until;
};

static bool goes_in_circle(struct circle *circle, uint64_t at)
{
	if (at == circle->mark)
		return true;
	if (circle->passed++ == circle->until) {
		circle->mark = at;
		circle->until = 2 * circle->passed;
	}
	return false;
}

static int follow(struct search *search, uint64_t head, uint64_t first)
{
	struct circle circle = { 0 };
	struct trail trail = { 0 };
	uint64_t at = first, before = head;
	struct links links;
	struct node node;
	int err = 0, lost = 0, circles = 0;

	search->lists++;
	while (at != head && search->left && !err) {
		search->left--;
		if (step(search, at, before, &node)) {
			search->collecting = search->collecting || node.collected;
			if (node.alive)
				err = search->each(search->context, search->interp, &node.obj);
			keep(&trail, at);
			before = at;
			at = node.links.next;
			if (!goes_in_circle(&circle, at))
				continue;
			/* once more, by what is there now */
			search->cut = true;
			pypages_forget_all(search->pages);
			if (++circles == CIRCLES_MOST || !read_links(search->cpython, head, &links)) {
				search->cpython->torn++;
				break;
			}
			search->cpython->retried++;
			circle = (struct circle){ 0 };
			before = head;
			at = links.next;
			continue;
		}
		if (is_end(search, head, &trail))
			break;
		at = ++lost < LOST_MOST ? go_back(search, &trail) : 0;
		if (!at) {
			search->cpython->torn++;
			break;
		}
	}
	search->cut = search->cut || (at != head && !search->left);
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
		search->interp = interp;
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
	       void *context, struct pygc_lists *lists)
{
	struct search search = {
		.cpython = cpython, .segments = segments, .each = each, .context = context,
		.left = PYGC_OBJECTS_MAX, .pages = pypages_new(cpython->pid),
	};
	int err = cpython->layout.has & MW_PY_FREE_THREADED ? -ENOENT :
		  !search.pages ? -ENOMEM :
		  cpython->minor >= 9 ? look_in_states(&search) : look_in_data(&search);

	pypages_free(search.pages);
	*lists = (struct pygc_lists){ search.lists, search.collecting, search.cut };
	return err ? err : search.lists ? 0 : -ENOENT;
}
