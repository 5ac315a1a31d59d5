/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * report.h - what a trace amounts to, as data: the history fills it in, formats only read it.
 */
#ifndef MWBPF_REPORT_H
#define MWBPF_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"      /* struct ledger_amount { blocks, bytes }, struct ledger_totals */
#include "place/segment.h"      /* SEGMENT_KINDS, segment_kind_name */
#include "place/site.h"         /* struct site, struct frame (innermost first) */

enum report_verdict { VERDICT_NONE, VERDICT_UNPROVEN, VERDICT_LIKELY, VERDICT_PROVEN };
enum report_leak { LEAK_DEFINITE, LEAK_INDIRECT, LEAK_POSSIBLE, LEAK_REACHABLE, LEAK_KINDS };

/* All allocations of one stack. */
struct report_site {
	uint32_t id;		      /* of the stack record; 0: calls whose stack is not known */
	const struct frame *frames;   /* innermost first */
	size_t n_frames;
	bool truncated;		      /* there are more */
	const char *reason;	      /* why the stack is not whole; NULL */
	struct ledger_amount total;   /* ever allocated */
	struct ledger_amount freed;
	struct ledger_amount live;    /* at the end */
	struct ledger_amount at_peak; /* at the moment when most bytes were live */
	struct ledger_amount temporary; /* freed within N further allocations of the thread that made them */
	uint64_t oldest_ns;	      /* age of its oldest live block */
	double slope;		      /* live bytes a second, by least squares; NAN: too few points */
	enum report_verdict verdict;
	struct ledger_amount leak[LEAK_KINDS]; /* by a scan; all 0 without one */
};

/* One point of the timeline. */
struct report_moment {
	uint64_t ts_ns;		/* since the trace began */
	uint64_t bytes[SEGMENT_KINDS]; /* live, by segment kind */
	uint64_t rss;		/* of the kernel, bytes; 0: not known */
};

struct report_bucket { uint64_t from, to; struct ledger_amount amount; }; /* of a histogram: [from, to) */

struct report {
	/* of the header */
	const char *title;	/* command line or pid, in words */
	const char *time;	/* ISO 8601, UTC */
	const char *version, *kernel;
	uint64_t duration_ns;
	struct ledger_totals totals;
	struct ledger_amount by_kind[SEGMENT_KINDS]; /* live at the end */
	struct report_site *sites; size_t n_sites;   /* by live bytes, most first */
	struct report_moment *timeline; size_t n_moments; /* at most some 500, however long the trace */
	uint64_t peak_ns;	/* when the most bytes were live */
	struct report_bucket *sizes; size_t n_sizes;
	struct report_bucket *lifetimes; size_t n_lifetimes;	/* ns */
	bool scanned;		/* leak kinds are known */
	char **completeness; size_t n_completeness; /* each one line for a person: what was and what was not seen */
	const char *ended_by;
};
#endif
