// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* format.c - the formats as rows of the list of reports want them. */
#include "format/format.h"

#include <errno.h>

#include "report/format.h"

/* What was put in the stream before goes first. */
static int write_to(format_write *write, const struct report *report,
		    const struct report_options *options, FILE *to)
{
	int err = fflush(to) ? -errno : 0;
	struct out out;
	int closed;

	err = err ? err : out_init(&out, fileno(to));
	if (err)
		return err;
	err = write(report, options->weight, &out);
	closed = out_close(&out);
	return err ? err : closed;
}

#define FORMAT(name)                                                                          \
	int report_write_##name(const struct report *report,                                  \
				const struct report_options *options, FILE *to)               \
	{                                                                                     \
		return write_to(format_##name, report, options, to);                          \
	}

FORMAT(folded)
FORMAT(speedscope)
FORMAT(pprof)
FORMAT(html)
