/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * history.h - what happened to memory, summed up while it happens.
 *
 * Fed by the live trace or by a saved one, in the same order with the same events, it comes to
 * the same. Its memory is bounded by live blocks, stacks, threads and processes.
 */
#ifndef MWBPF_HISTORY_H
#define MWBPF_HISTORY_H

#include "ledger/ledger.h"
#include "ledger/resident.h"
#include "report/callers.h"
#include "report/codemap.h"
#include "report/histogram.h"
#include "report/pins.h"
#include "report/leaklog.h"
#include "report/sitelog.h"
#include "report/timeline.h"

/* A thread that allocated or freed. */
struct report_thread {
	uint32_t pid, tid;
	struct ledger_amount total; /* allocated by it */
	struct ledger_amount live;  /* of them, in the end */
	struct ledger_amount freed; /* by it, whoever allocated them */
};

struct report_reuse {
	uint64_t reused;   /* new blocks at the address that the thread had freed last */
	uint64_t reallocs; /* that made a block of another one: */
	uint64_t moved;	   /* of them, to another address ... */
	uint64_t copied;   /* ... with so many bytes of the old block */
	unsigned chain;	   /* most in a row; BLOCK_REALLOCS_MAX: or more */
	uint32_t chain_site; /* where the longest chain was */
};

/* What the kernel said of a process last. */
struct balance {
	struct resident resident;
	uint64_t ts_ns; /* since the start */
	uint64_t live;	/* bytes in the ledger at that moment, of all processes together */
};

struct history {
	struct ledger *ledger;
	uint64_t start_ns;	/* by the clock of the events */
	uint32_t temporary;	/* blocks freed within so many further allocations are */
	struct sitelogs sites;
	struct callers callers;
	struct codemap codemap;
	struct pins pins;
	struct leaklogs leaks;
	struct hash threads;	/* pid and tid -> struct report_thread */
	struct report_thread **thread_at; /* by block.thread - 1 */
	uint32_t n_threads, cap_threads;
	struct hash resident;	/* pid -> struct balance */
	struct timeline timeline;
	struct histogram histogram;
	struct report_reuse reuse;
	uint64_t peak_ns;
	bool peak_pending;	/* by_kind_at_peak is what is there now */
	struct ledger_amount by_kind_at_peak[SEGMENT_KINDS];
	uint64_t events;	/* taken */
	uint64_t forks;
	uint64_t last_ns;	/* of the last event, since the start */
	uint64_t lost;		/* events, as noticed in the stream */
	uint64_t lost_ns;	/* when last */
	uint64_t unkept;	/* stacks and threads that memory ran out for */
};

/* The ledger stays the caller's, and is to be fed by history_take alone. */
void history_init(struct history *history, struct ledger *ledger, uint64_t start_ns,
		  uint32_t temporary);
void history_clear(struct history *history);

/* A stack to which events refer from now on; frames stay the caller's. */
void history_stack(struct history *history, const struct site *site);

/*
 * The site of an event, whose site is as yet its stack: that, or where it has no frames, the
 * place that the call returns to. named: whether at is what that is called; a new one then gets
 * that name, or without one that of its file. 0: it is to be named first, or nothing is known.
 */
uint32_t history_site(struct history *history, const struct ledger_event *event, uint64_t caller,
		      bool named, const char *at);

/* Apply an event to the ledger and take it into account. Fills thread and birth. */
void history_take(struct history *history, struct ledger_event *event,
		  struct ledger_outcome *outcome);

/* The kernel's word on a process, at ts_ns by the clock of events. */
void history_resident(struct history *history, const struct resident *resident, uint64_t ts_ns);

/* So many events were lost before ts_ns. */
void history_lost(struct history *history, uint64_t events, uint64_t ts_ns);

/*
 * The end of the trace. Looks at every live block: what older_ns and later losses mean for
 * each site is known then.
 */
void history_end(struct history *history, uint64_t ts_ns, uint64_t older_ns);

#endif
