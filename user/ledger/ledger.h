/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * ledger.h - what is alive, and how it came and went.
 */
#ifndef MWBPF_LEDGER_H
#define MWBPF_LEDGER_H

#include "ledger/blocks.h"
#include "place/place.h"

struct ledger_amount {
	uint64_t blocks;
	uint64_t bytes;
};

/* As valgrind counts: a realloc of a live block is a free and an allocation. */
struct ledger_totals {
	uint64_t allocs, frees;
	uint64_t bytes;		    /* asked for, of all allocs */
	uint64_t failed;	    /* allocations that gave NULL */
	uint64_t pylongs;	    /* int constructions */
	uint64_t unmatched;	    /* frees of blocks not in the ledger: older than the trace,
				       or their allocation was lost */
	uint64_t internal;	    /* such frees from the allocator's own code: at a thread's end
				       glibc frees again what its cache holds. In no other count */
	uint64_t superseded;	    /* blocks whose free was not seen: the address came again */
	struct ledger_amount live;
	struct ledger_amount peak;  /* by bytes */
	struct ledger_amount ended; /* blocks that went with their process or at its exec */
};

struct ledger {
	struct blocks *blocks;
	struct ledger_totals totals;
	struct ledger_amount by_kind[SEGMENT_KINDS]; /* live blocks by segment kind */
	uint64_t unkept;	    /* blocks that memory ran out for */
};

/* 0 or -ENOMEM. */
int ledger_init(struct ledger *ledger);
void ledger_clear(struct ledger *ledger);

/* Apply one event; fills ended, old_size, old_born_ns and unmatched. */
void ledger_apply(struct ledger *ledger, struct placed *placed);

#endif
