// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* diff.c - what one report has more than another. */
#include "report/diff.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clean.h"
#include "base/intern.h"

/* Of a frame that has no name. */
static unsigned long long place_of(const struct frame *frame)
{
	if (frame->function || frame->file)
		return 0;
	return frame->object ? frame->offset : frame->addr;
}

/* What makes two stacks the same in two runs: everything but addresses, where there is a name. */
static char *key_of(const struct report_site *site)
{
	char *key = NULL;
	size_t size;
	FILE *to = open_memstream(&key, &size);

	if (!to)
		return NULL;
	for (size_t i = 0; i < site->n_frames; i++) {
		const struct frame *frame = &site->frames[i];

		fprintf(to, "%s\t%s\t%s\t%lld\t%llx\n", frame->function ? frame->function : "",
			frame->file ? frame->file : "", frame->object ? frame->object : "",
			(long long)frame->line, place_of(frame));
	}
	if (!site->n_frames && site->reason)
		fputs(site->reason, to);
	if (!fclose(to))
		return key;
	free(key);
	return NULL;
}

static void add(struct ledger_amount *sum, const struct ledger_amount *amount)
{
	sum->blocks += amount->blocks;
	sum->bytes += amount->bytes;
}

/* by_key: an interned key -> number of its row, from 1 */
static int take_site(struct diff *diff, struct intern *keys, struct hash *by_key, int side,
		     const struct report_site *site)
{
	char *key __free = key_of(site);
	const char *kept = key ? intern(keys, key) : NULL;
	uintptr_t row = kept ? (uintptr_t)hash_get(by_key, (uintptr_t)kept) : 0;

	if (!kept)
		return -ENOMEM;
	if (!row) {
		row = ++diff->n;
		if (hash_set(by_key, (uintptr_t)kept, (void *)row))
			return -ENOMEM;
		diff->rows[row - 1].site = site;
	}
	add(&diff->rows[row - 1].live[side], &site->live);
	add(&diff->rows[row - 1].total[side], &site->total);
	add(&diff->rows[row - 1].at_peak[side], &site->at_peak);
	return 0;
}

static int take_sites(struct diff *diff)
{
	struct intern keys = { 0 };
	struct hash by_key = { 0 };
	int err = 0;

	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < diff->reports[side]->n_sites && !err; i++)
			err = take_site(diff, &keys, &by_key, side, &diff->reports[side]->sites[i]);
	hash_clear(&by_key);
	intern_clear(&keys);
	return err;
}

static int64_t change_of(const struct diff_row *row, enum report_sort sort)
{
	switch (sort) {
	case REPORT_SORT_ALLOCATIONS:
		return row->total[1].blocks - row->total[0].blocks;
	case REPORT_SORT_CHURN:
		return row->total[1].bytes - row->total[0].bytes;
	case REPORT_SORT_PEAK:
		return row->at_peak[1].bytes - row->at_peak[0].bytes;
	default:
		return row->live[1].bytes - row->live[0].bytes;
	}
}

static int compare(const void *left, const void *right, void *context)
{
	enum report_sort sort = *(const enum report_sort *)context;
	const struct diff_row *a = left, *b = right;
	int64_t x = change_of(a, sort), y = change_of(b, sort);

	if (x == y)
		return (a->total[1].bytes < b->total[1].bytes) - (a->total[1].bytes > b->total[1].bytes);
	return x < y ? 1 : -1;
}

int diff_build(struct diff *diff, const struct report *before, const struct report *after,
	       enum report_sort sort)
{
	int err;

	*diff = (struct diff){ .reports = { before, after } };
	diff->rows = calloc(before->n_sites + after->n_sites + 1, sizeof(*diff->rows));
	if (!diff->rows)
		return -ENOMEM;
	err = take_sites(diff);
	if (err)
		diff_clear(diff);
	else
		qsort_r(diff->rows, diff->n, sizeof(*diff->rows), compare, &sort);
	return err;
}

void diff_clear(struct diff *diff)
{
	free(diff->rows);
	*diff = (struct diff){ 0 };
}
