/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * format.h - the forms in which a report is handed to other programs.
 *
 * Each writes one whole file; weight is what is shown first, or alone where a format has room
 * for one figure only. 0 or -ENOMEM; what the file did not take out_close tells.
 */
#ifndef MWBPF_FORMAT_H
#define MWBPF_FORMAT_H

#include "base/out.h"
#include "report/report.h"
#include "report/weight.h"

typedef int format_write(const struct report *report, enum report_weight weight, struct out *out);

/* Stacks as frames joined by semicolons, outermost first, and a number: for flamegraph.pl. */
format_write format_folded;
/* JSON of speedscope.app's file format. */
format_write format_speedscope;
/* profile.proto of pprof, gzip-compressed. */
format_write format_pprof;
/* A page that needs nothing but a browser. */
format_write format_html;

#endif
