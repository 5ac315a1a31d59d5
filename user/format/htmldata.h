/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * htmldata.h - a report as JSON, for the scripts of the page.
 */
#ifndef MWBPF_HTMLDATA_H
#define MWBPF_HTMLDATA_H

#include "base/out.h"
#include "report/report.h"
#include "report/weight.h"

/*
 * One object over several lines, safe inside of a script element. Frames are given once and
 * sites refer to them by number, outermost first; what its members are, data.js tells.
 * 0 or -ENOMEM.
 */
int html_data(const struct report *report, enum report_weight weight, struct out *out);

#endif
