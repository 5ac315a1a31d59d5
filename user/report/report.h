/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * report.h - what a trace amounts to, as data: the history fills it in, formats only read it.
 */
#ifndef MWBPF_REPORT_H
#define MWBPF_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/facts.h"
#include "report/history.h"
#include "report/options.h"
#include "report/suppress.h"

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
	const char *suppressed;	      /* the pattern that says it is no leak; NULL */
	uint64_t reallocs;	      /* that made one of its blocks of another block */
	uint64_t moved_bytes;	      /* copied by them to another address */
	unsigned chain;		      /* most of them in a row; BLOCK_REALLOCS_MAX: or more */
};

struct report {
	/* of the header */
	const char *title;	/* command line or pid, in words */
	const char *time;	/* ISO 8601, UTC */
	const char *version, *kernel;
	const char *file;	/* that it was read from; NULL: of the live trace */
	uint64_t duration_ns;
	struct ledger_totals totals;
	struct ledger_amount by_kind[SEGMENT_KINDS]; /* live at the end */
	struct ledger_amount by_kind_at_peak[SEGMENT_KINDS];
	struct report_site *sites; size_t n_sites;   /* by live bytes, most first */
	struct report_thread *threads; size_t n_threads; /* likewise */
	struct report_moment *timeline; size_t n_moments; /* at most some 500, however long the trace */
	uint64_t peak_ns;	/* when the most bytes were live */
	struct report_bucket *sizes; size_t n_sizes;
	struct report_bucket *lifetimes; size_t n_lifetimes;	/* ns */
	struct report_reuse reuse;
	const struct pinned *pins; size_t n_pins; /* heaps and arenas of malloc's, as they are at the end */
	bool scanned;		/* leak kinds are known */
	struct ledger_amount leaks[LEAK_KINDS]; /* of all sites that are not suppressed */
	struct ledger_amount suppressed;  /* live, of sites that are */
	uint64_t lost;		/* events */
	bool complete;		/* nothing is missing but what is so by design */
	char **completeness; size_t n_completeness; /* each one line for a person: what was and what was not seen */
	const char *ended_by;

	struct report_bucket size_buckets[SIZES_MAX];
	struct report_bucket lifetime_buckets[LIFETIMES_MAX];
	char *owned_title, *owned_end;
};

/*
 * What a history that has ended amounts to. The report points into facts and history, which
 * are to outlive it. 0, or -ENOMEM.
 */
int report_build(struct report *report, const struct facts *facts, const struct history *history,
		 const struct suppressions *suppressions);
void report_clear(struct report *report);

/* "proven", "likely", "unproven"; "" for none. */
const char *report_verdict_name(enum report_verdict verdict);

/* "definitely lost" and so on. */
const char *report_leak_name(enum report_leak leak);

/* Bytes that --max-leak is about: leaked for certain or possibly; without a scan, live. */
uint64_t report_leaked(const struct report *report);

#endif
