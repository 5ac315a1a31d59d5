/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * tally.h - the report of a live trace: what --summary prints in the end.
 */
#ifndef MWBPF_TALLY_H
#define MWBPF_TALLY_H

#include "options.h"
#include "place/place.h"
#include "report/report.h"

struct tally {
	const struct report_options *options; /* NULL: none is wanted, and all below does nothing */
	struct suppressions suppressions;
	struct facts facts;
	struct history history;
	int status; /* mwbpf's, by the limits: 0 when they are kept */
};

/* Says what is wrong; 0 or -errno. The ledger stays the caller's. */
int tally_open(struct tally *tally, const struct options *options, struct ledger *ledger);
void tally_close(struct tally *tally);

void tally_begin(struct tally *tally, const struct sink_header *header);
void tally_stack(struct tally *tally, const struct site *site);
void tally_lost(struct tally *tally, uint64_t events, uint64_t ts_ns);
void tally_segment(struct tally *tally, pid_t pid, const struct segment_change *change);
void tally_warning(struct tally *tally, const char *text);
void tally_resident(struct tally *tally, const struct resident *resident, uint64_t ts_ns);

/* What a search found. */
void tally_leaks(struct tally *tally, const struct sink_leaks *leaks);

/* Apply an event to the ledger. False: no tally is kept, the caller is to do it. */
bool tally_take(struct tally *tally, const struct placed *placed, struct ledger_event *event,
		struct ledger_outcome *outcome);

/* Write the report to stdout. 0 or -errno. */
int tally_end(struct tally *tally, const struct sink_summary *summary);

#endif
