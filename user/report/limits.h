/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * limits.h - whether a report stays within the limits that were set.
 */
#ifndef MWBPF_LIMITS_H
#define MWBPF_LIMITS_H

#include "report/report.h"

/* Says which limit is exceeded. The exit status: 0, or --error-exitcode; without one 0. */
int limits_check(const struct report *report, const struct report_options *options);

#endif
