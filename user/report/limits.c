// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* limits.c - whether a report stays within the limits that were set. */
#include "report/limits.h"

#include "base/fmt.h"
#include "base/log.h"

#define N(value) fmt_thousands((char[28]){ 0 }, value)

/* Whether it is exceeded. */
static bool check(const char *what, const char *option, uint64_t bytes, uint64_t limit)
{
	if (bytes <= limit)
		return false;
	log_error("%s bytes %s: more than the %s of %s", N(bytes), what, N(limit), option);
	return true;
}

int limits_check(const struct report *report, const struct report_options *options)
{
	bool exceeded = check(report->scanned ? "leaked" : "in use at the end", "--max-leak",
			      report_leaked(report), options->max_leak);

	exceeded |= check("in use at the peak", "--max-peak", report->totals.peak.bytes,
			  options->max_peak);
	return exceeded ? (int)options->error_exitcode : 0;
}
