/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * walkdiff.h - internal to the verb walk: two saved censuses compared.
 */
#ifndef MWBPF_VERB_WALKDIFF_H
#define MWBPF_VERB_WALKDIFF_H

#include "options.h"

/* Write what the second of options->files has more or less than the first. Exit status. */
int walk_diff(const struct options *options);

#endif
