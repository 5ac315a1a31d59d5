/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * histogram.h - how large blocks are and how long they live.
 */
#ifndef MWBPF_HISTOGRAM_H
#define MWBPF_HISTOGRAM_H

#include "ledger/ledger.h"

#define SIZES_MAX     65 /* 0 bytes, then powers of two */
#define LIFETIMES_MAX 12 /* powers of ten, from a microsecond on */

/* [from, to); to is UINT64_MAX in the last one. */
struct report_bucket {
	uint64_t from, to;
	struct ledger_amount amount;
};

struct histogram {
	struct ledger_amount sizes[SIZES_MAX];
	struct ledger_amount lifetimes[LIFETIMES_MAX]; /* of blocks that ended */
};

void histogram_size(struct histogram *histogram, uint64_t bytes);
void histogram_lifetime(struct histogram *histogram, uint64_t bytes, uint64_t ns);

/* From the first bucket that is not empty to the last, which is at most the size of the array. */
size_t histogram_sizes(const struct histogram *histogram, struct report_bucket buckets[SIZES_MAX]);
size_t histogram_lifetimes(const struct histogram *histogram,
			   struct report_bucket buckets[LIFETIMES_MAX]);

#endif
