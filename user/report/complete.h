/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * complete.h - internal to report/: what was seen and what was not, in words.
 */
#ifndef MWBPF_COMPLETE_H
#define MWBPF_COMPLETE_H

#include "report/report.h"

/* Fill completeness, complete and ended_by. 0 or -ENOMEM. */
int report_complete(struct report *report, const struct facts *facts, const struct history *history);

#endif
