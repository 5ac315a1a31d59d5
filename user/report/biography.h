/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * biography.h - every owner that an address had: told as each of them ends, so that however
 * many there were, none is kept.
 */
#ifndef MWBPF_BIOGRAPHY_H
#define MWBPF_BIOGRAPHY_H

#include <stdio.h>

#include "base/out.h"
#include "report/history.h"

struct biography {
	uint64_t address;
	struct history *history;
	bool json; /* an object a line, instead of words */
	FILE *to;
	struct out out;	  /* with json */
	struct hash open; /* program -> its block that holds the address now */
	uint64_t owners;
};

/* The history and to stay the caller's. 0 or -ENOMEM. */
int biography_begin(struct biography *biography, uint64_t address, struct history *history, bool json,
		    FILE *to);

/* An event that the history has taken. */
void biography_event(struct biography *biography, const struct ledger_event *event,
		     const struct ledger_outcome *outcome);

/* Tell of those that are still live, and how many there were. -errno of the output, or 0. */
int biography_end(struct biography *biography);

#endif
