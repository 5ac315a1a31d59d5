// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* histogram.c - how large blocks are and how long they live. */
#include "report/histogram.h"

#include "report/amount.h"

#define LIFETIME_LEAST 1000 /* ns: where the second bucket begins */

/* 0; 1; 2 and 3; 4 to 7; ... */
void histogram_size(struct histogram *histogram, uint64_t bytes)
{
	amount_add(&histogram->sizes[bytes ? 64 - __builtin_clzll(bytes) : 0], bytes);
}

void histogram_lifetime(struct histogram *histogram, uint64_t bytes, uint64_t ns)
{
	uint64_t to = LIFETIME_LEAST;
	size_t i = 0;

	for (; i + 1 < LIFETIMES_MAX && ns >= to; i++)
		to *= 10;
	amount_add(&histogram->lifetimes[i], bytes);
}

static size_t trim(struct report_bucket *buckets, size_t n)
{
	size_t first = 0;

	while (n && !buckets[n - 1].amount.blocks)
		n--;
	while (first < n && !buckets[first].amount.blocks)
		first++;
	for (size_t i = first; i < n; i++)
		buckets[i - first] = buckets[i];
	return n - first;
}

size_t histogram_sizes(const struct histogram *histogram, struct report_bucket buckets[SIZES_MAX])
{
	for (size_t i = 0; i < SIZES_MAX; i++)
		buckets[i] = (struct report_bucket){ .from = i ? 1ULL << (i - 1) : 0,
						     .to = i < 64 ? 1ULL << i : UINT64_MAX,
						     .amount = histogram->sizes[i] };
	return trim(buckets, SIZES_MAX);
}

size_t histogram_lifetimes(const struct histogram *histogram,
			   struct report_bucket buckets[LIFETIMES_MAX])
{
	uint64_t from = 0, to = LIFETIME_LEAST;

	for (size_t i = 0; i < LIFETIMES_MAX; i++) {
		bool last = i + 1 == LIFETIMES_MAX;

		buckets[i] = (struct report_bucket){ .from = from,
						     .to = last ? UINT64_MAX : to,
						     .amount = histogram->lifetimes[i] };
		from = to;
		to *= 10;
	}
	return trim(buckets, LIFETIMES_MAX);
}
