/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * timeline.h - live bytes by segment kind over time, with as many points for a long trace as
 * for a short one.
 *
 * Time is in equal slots, each with the moment in it when most was live. When there are more
 * slots than can be kept, they are twice as long from then on.
 */
#ifndef MWBPF_TIMELINE_H
#define MWBPF_TIMELINE_H

#include "ledger/ledger.h"

#define TIMELINE_SLOTS 480
#define TIMELINE_WIDTH 1000000 /* ns of a slot at first */

/* One point. */
struct report_moment {
	uint64_t ts_ns;		/* since the trace began */
	uint64_t bytes[SEGMENT_KINDS]; /* live, by segment kind */
	uint64_t rss;		/* of the kernel, bytes; 0: not known */
};

struct timeline {
	uint64_t width_ns;
	size_t n;		/* slots in use: the last is the current one */
	uint64_t most;		/* bytes live at the moment of the current slot */
	uint64_t now_ns;	/* of the last event */
	bool pending;		/* that moment is now: it is noted before it is over */
	uint64_t rss;		/* as known now */
	struct report_moment at[TIMELINE_SLOTS + 1];
};

void timeline_init(struct timeline *timeline);

/*
 * An event changed what is live. before: by kind before it, NULL unless timeline_asks for it;
 * after: since. now_ns counts from the start of the trace.
 */
void timeline_change(struct timeline *timeline, const struct ledger_amount *before,
		     const struct ledger *after, uint64_t now_ns);

/* Whether timeline_change needs to know what was before. */
bool timeline_asks(const struct timeline *timeline, uint64_t now_ns, bool ended);

/* The kernel's RSS, of all processes together. */
void timeline_rss(struct timeline *timeline, uint64_t bytes);

/* The last point is the end. */
void timeline_end(struct timeline *timeline, const struct ledger *ledger, uint64_t now_ns);

#endif
