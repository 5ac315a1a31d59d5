// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* format.c - the forms a report can be written in. */
#include "report/format.h"

#include <string.h>

const struct report_format report_formats[] = {
	{ "text", "tables for a person", report_write_text, false },
	{ "json", "one object", report_write_json, false },
	{ "folded", "folded stacks, for flamegraph.pl", report_write_folded, false },
	{ "speedscope", "for speedscope.app", report_write_speedscope, true },
	{ "pprof", "for go tool pprof", report_write_pprof, true },
	{ "html", "a page that needs nothing but a browser", report_write_html, true },
	{ 0 },
};

const struct report_format *report_format_from_name(const char *name)
{
	for (const struct report_format *format = report_formats; format->name; format++)
		if (!strcmp(format->name, name))
			return format;
	return NULL;
}
