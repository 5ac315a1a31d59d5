/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pins.h - fragmentation: which live block keeps malloc's heap and arenas from shrinking, and
 * what a trim could give back.
 */
#ifndef MWBPF_PINS_H
#define MWBPF_PINS_H

#include "base/hash.h"
#include "ledger/ledger.h"

#define PINS_SEGMENTS_MAX (1u << 16) /* more than a kernel lets a process have */

/* A heap or an arena of malloc's that is there. */
struct pinned {
	uint32_t pid, id;
	uint8_t kind;	     /* enum segment_kind */
	bool writable;	     /* else it is only reserved */
	uint64_t start, end;

	/* filled by pins_find */
	struct ledger_amount live;
	struct block pin;    /* the live block that ends last; addr 0: there is none */
	uint64_t above;	     /* bytes of whole pages above it: the top, which a free could return */
	uint64_t holes;	     /* bytes of whole pages below it without a live block: malloc_trim(3) */
	uint64_t *pages;     /* a bit for each that holds part of a block */
};

struct pins {
	struct hash by_id;   /* of the segment */
	struct pinned *found; /* by pid and address */
	size_t n;
};

/* A segment appeared or changed, or is gone. Others than heaps and arenas that are in use are left out. */
void pins_segment(struct pins *pins, const struct pinned *segment, bool gone);
void pins_clear(struct pins *pins);

/*
 * Look at all live blocks; pid_of says whose a block is. 0, or -ENOMEM: nothing is found. A
 * page counts as free when no block of the ledger is on it: those from before the trace are
 * not known, nor is what the allocator keeps for itself.
 */
int pins_find(struct pins *pins, const struct blocks *blocks,
	      uint32_t (*pid_of)(void *context, const struct block *block), void *context);

#endif
