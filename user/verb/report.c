// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* report.c - the verb report: what saved traces amount to. */
#include "verb/report.h"

#include "report/format.h"

int verb_report(const struct options *options)
{
	struct report report = { .title = options->files[0] };

	options->report.format->write(&report, &options->report, stdout);
	return 0;
}
