/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * ledger.h - what is alive, and how it came and went.
 */
#ifndef MWBPF_LEDGER_H
#define MWBPF_LEDGER_H

#include "ledger/blocks.h"
#include "place/segment.h"

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

/* One event as far as the ledger goes: the same from the ring and from a file. */
struct ledger_event {
	uint8_t kind;	   /* enum mw_kind; of others than these nothing is applied: malloc,
			      calloc, realloc, memalign, free, pylong, exec */
	uint8_t segment;   /* enum segment_kind, of addr */
	bool failed;	   /* nothing was made */
	bool cached;	   /* pylong: nor was this */
	bool by_allocator; /* free: by the allocator's own code */
	bool overtaken;	   /* realloc: its old block had ended before; what is at old_addr is younger */
	bool reused;	   /* at the address that the thread freed last */
	uint32_t program;  /* a number for what a process runs: another one after an exec. At
			      exec the one that ends */
	uint32_t pid, tid;
	uint32_t site;	   /* as in struct block, and so are these */
	uint32_t thread;
	uint32_t birth;
	uint64_t ts_ns;	   /* by one clock for all events */
	uint64_t before_ns; /* realloc: what was made at old_addr since is younger, too */
	uint64_t addr;	   /* free: the block that ends; 0: realloc made none */
	uint64_t size;	   /* bytes asked for */
	uint64_t old_addr; /* realloc: the block that ends; 0: none */
};

/* What an event came to. */
struct ledger_outcome {
	bool made;	   /* there is a new block: block */
	bool ended;	   /* a block ended: old */
	bool unmatched;	   /* a block should have ended, but is not in the ledger */
	bool internal;	   /* and the allocator's own code freed it: not the program */
	bool replaced;	   /* a block ended by another one at its address: lost */
	struct block block, old, lost;
};

void ledger_apply(struct ledger *ledger, const struct ledger_event *event,
		  struct ledger_outcome *outcome);

#endif
