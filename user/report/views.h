/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * views.h - internal to report/: the tables of a report in text.
 */
#ifndef MWBPF_VIEWS_H
#define MWBPF_VIEWS_H

#include <stdarg.h>
#include <stdio.h>

#include "report/report.h"
#include "report/table.h"

struct view {
	const struct report *report;
	const struct report_options *options;
	FILE *to;
	unsigned width; /* columns */
	bool colour;
};

/* An empty line, and the title of what follows. */
void view_title(const struct view *view, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Amounts told by what was asked for. */
void view_write(const struct view *view, enum report_by by);

/* Those of the sites. */
void view_sites(const struct view *view);

#endif
