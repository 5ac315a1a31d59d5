// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* format.c - the forms a report can be written in. */
#include "report/format.h"

#include <string.h>

const struct report_format report_formats[] = {
	{ "text", "tables for a person", report_write_text },
	{ "json", "one object", report_write_json },
	{ 0 },
};

const struct report_format *report_format_from_name(const char *name)
{
	for (const struct report_format *format = report_formats; format->name; format++)
		if (!strcmp(format->name, name))
			return format;
	return NULL;
}
