/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * tier.h - how probes attach on this kernel, found by asking it, never by its version.
 */
#ifndef MWBPF_TIER_H
#define MWBPF_TIER_H

#include <stdbool.h>

enum tier {
	TIER_NONE,
	TIER_PERF,    /* one perf event for each probe and direction */
	TIER_MULTI,   /* one link a file for all entries, one for all returns (6.6.35, 6.10) */
	TIER_SESSION, /* one link a file, one program for entry and return (6.13) */
};

struct tier_report {
	enum tier tier;
	bool cookies;		/* bpf_get_attach_cookie in perf programs (5.15) */
	const char *why[4];	/* by enum tier: why that tier can or cannot be used; static */
};

const char *tier_name(enum tier tier);

/* -1 for a name that is none. */
int tier_from_name(const char *name);

/* Ask the kernel; the best tier not above limit. */
void tier_detect(enum tier limit, struct tier_report *report);

#endif
