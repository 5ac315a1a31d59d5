// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* json.c - a report as one JSON object. */
#include "report/format.h"

void report_write_json(const struct report *report, const struct report_options *options, FILE *to)
{
	(void)options;
	fprintf(to, "{\"duration_ns\":%llu}\n", (unsigned long long)report->duration_ns);
}
