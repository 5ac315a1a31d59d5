/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * format.h - the forms a report can be written in. To add one, add a row to format.c.
 */
#ifndef MWBPF_REPORT_FORMAT_H
#define MWBPF_REPORT_FORMAT_H

#include <stdio.h>

#include "report/options.h"
#include "report/report.h"

struct report_format {
	const char *name;
	const char *what; /* in a few words */
	/* Write the whole report. 0 or -errno; what to fails with later, the caller finds (ferror). */
	int (*write)(const struct report *report, const struct report_options *options, FILE *to);
	bool alone; /* what reads it takes one report a file */
};

/* The first is what is written when nothing is said; ends with one without a name. */
extern const struct report_format report_formats[];

/* NULL for a name that is none. */
const struct report_format *report_format_from_name(const char *name);

int report_write_text(const struct report *report, const struct report_options *options, FILE *to);
int report_write_json(const struct report *report, const struct report_options *options, FILE *to);

/* In user/format. */
int report_write_folded(const struct report *report, const struct report_options *options, FILE *to);
int report_write_speedscope(const struct report *report, const struct report_options *options,
			    FILE *to);
int report_write_pprof(const struct report *report, const struct report_options *options, FILE *to);
int report_write_html(const struct report *report, const struct report_options *options, FILE *to);

#endif
