/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * weight.h - which figure of a site is what its frames are drawn wide by.
 */
#ifndef MWBPF_WEIGHT_H
#define MWBPF_WEIGHT_H

#include <stdbool.h>
#include <stdint.h>

struct report_site;

enum report_weight {
	WEIGHT_LIVE,
	WEIGHT_PEAK,
	WEIGHT_TOTAL,
	WEIGHT_ALLOCS,
	WEIGHT_TEMPORARY,
	REPORT_WEIGHTS,
};

/* As given to --weight. */
const char *weight_name(enum report_weight weight);
/* In words, for a person. */
const char *weight_title(enum report_weight weight);
/* Else it counts blocks. */
bool weight_is_bytes(enum report_weight weight);

/* -1 for a name that is none. */
int weight_from_name(const char *name);

uint64_t weight_of(const struct report_site *site, enum report_weight weight);

#endif
