/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * report.h - the verb report: what saved traces amount to.
 */
#ifndef MWBPF_VERB_REPORT_H
#define MWBPF_VERB_REPORT_H

#include "options.h"

/* Report on options->files. Returns mwbpf's exit status. */
int verb_report(const struct options *options);

#endif
