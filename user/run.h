/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * run.h - the life of a run: open, hold, attach, pump, drain, report.
 */
#ifndef MWBPF_RUN_H
#define MWBPF_RUN_H

#include "options.h"

/* Trace as the options say. Returns mwbpf's exit status. */
int run_trace(const struct options *options);

#endif
