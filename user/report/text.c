// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* text.c - a report in words and tables, for a person. */
#include "report/format.h"

void report_write_text(const struct report *report, const struct report_options *options, FILE *to)
{
	(void)options;
	fprintf(to, "%s\n", report->title);
}
