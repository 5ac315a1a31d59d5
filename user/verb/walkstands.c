// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walkstands.c - where suspended generators and coroutines stand: how many at each line. */
#include <errno.h>
#include <stdlib.h>

#include "base/grow.h"
#include "verb/walking.h"

#define STANDS_MAX 10000 /* places that are told apart */
#define TOP	   10	 /* places shown, those of most of them */

/* A place in code. */
struct stand {
	struct pyframe_at frame; /* one that stands there */
	const char *class;
	uint64_t n;
};

struct stands {
	struct stand *at;
	size_t n, cap;
	struct hash index; /* of code and instruction -> index + 1 */
};

static uint64_t key_of(const struct walk *walk, const struct pyframe_at *frame)
{
	const bool pointer = walk->cpython.layout.instr == MW_PYINSTR_POINTER;

	return frame->code << 16 ^ ((pointer ? frame->instr - frame->code : frame->instr) & 0xffff);
}

static int add(struct stands *stands, uint64_t key, const struct stand *stand)
{
	struct stand *more;

	if (stands->n == STANDS_MAX)
		return 0;
	more = grow(stands->at, stands->n, &stands->cap, sizeof(*more));
	if (!more)
		return -ENOMEM;
	stands->at = more;
	more[stands->n++] = *stand;
	return hash_set(&stands->index, hash_scatter(key), (void *)(uintptr_t)stands->n);
}

static int count(struct walk *walk, struct stands *stands, const struct pysuspended *at)
{
	struct stand stand = { .class = at->generator.object.type->name, .n = 1 };
	size_t index;
	uint64_t key;

	/* it may have gone on meanwhile */
	if (pyframe_read(&walk->cpython, at->generator.frame, &stand.frame))
		return 0;
	key = key_of(walk, &stand.frame);
	index = (uintptr_t)hash_get(&stands->index, hash_scatter(key));
	if (!index)
		return add(stands, key, &stand);
	stands->at[index - 1].n++;
	return 0;
}

static int most_first(const void *a, const void *b)
{
	const struct stand *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return x->frame.code < y->frame.code ? -1 : x->frame.code > y->frame.code;
}

int walk_stands(struct walk *walk, const struct pysuspended *at, size_t n)
{
	struct stands stands = { 0 };
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = count(walk, &stands, &at[i]);
	if (stands.n)
		qsort(stands.at, stands.n, sizeof(*stands.at), most_first);
	for (size_t i = 0; i < stands.n && i < TOP && !err; i++) {
		struct walk_frame named = { .frame = &stands.at[i].frame };

		walk_name_frame(walk, &named);
		walk->view.ops->stand(&walk->view,
				      &(struct walk_stand){ named.function, named.file, named.line,
							    stands.at[i].class, stands.at[i].n });
	}
	free(stands.at);
	hash_clear(&stands.index);
	return err;
}
