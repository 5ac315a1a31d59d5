/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * walk.h - the verb walk, through a running process: where everything lives in it, just now.
 */
#ifndef MWBPF_VERB_WALK_H
#define MWBPF_VERB_WALK_H

#include "options.h"

/* Walk as the options say. Returns mwbpf's exit status. */
int verb_walk(const struct options *options);

#endif
