/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * diff.h - what one report has more than another, by stacks that read alike.
 */
#ifndef MWBPF_DIFF_H
#define MWBPF_DIFF_H

#include <stdio.h>

#include "report/report.h"

/* All sites of both reports whose frames have the same names and lines. */
struct diff_row {
	const struct report_site *site; /* one of them, for its frames */
	struct ledger_amount live[2], total[2], at_peak[2]; /* before and after */
};

struct diff {
	const struct report *reports[2]; /* the caller's */
	struct diff_row *rows;
	size_t n;
};

/* 0 or -ENOMEM. Rows are in the order of the change of what is asked for, most first. */
int diff_build(struct diff *diff, const struct report *before, const struct report *after,
	       enum report_sort sort);
void diff_clear(struct diff *diff);

/* The two ways it is written. What to fails with is found by the caller. */
void diff_write_text(const struct diff *diff, const struct report_options *options, FILE *to);
void diff_write_json(const struct diff *diff, FILE *to);

#endif
