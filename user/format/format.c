// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* format.c - the list of formats. */
#include "format/format.h"

#include <string.h>

const struct format formats[] = {
	{ "folded", ".folded", "folded stacks, for flamegraph.pl", format_folded },
	{ "speedscope", ".speedscope.json", "for speedscope.app", format_speedscope },
	{ "pprof", ".pb.gz", "for go tool pprof", format_pprof },
	{ "html", ".html", "a page that needs no network", format_html },
	{ 0 },
};

const struct format *format_find(const char *name)
{
	for (const struct format *format = formats; format->name; format++)
		if (!strcmp(format->name, name))
			return format;
	return NULL;
}
