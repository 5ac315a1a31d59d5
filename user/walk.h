/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * walk.h - the walk through a running process: where everything lives in it, just now.
 */
#ifndef MWBPF_WALK_H
#define MWBPF_WALK_H

#include "options.h"

/* Walk as the options say. Returns mwbpf's exit status. */
int run_walk(const struct options *options);

#endif
