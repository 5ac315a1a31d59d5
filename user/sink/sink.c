// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* sink.c - words that all sinks share. */
#include "sink/sink.h"


const struct sink_ops sink_none = { 0 };

const char *sink_way(size_t way)
{
	static const char *const ways[SINK_WAYS] = { "immediate", "rip_relative", "got", "register",
						     "freelist" };

	return way < SINK_WAYS ? ways[way] : NULL;
}

uint64_t sink_sum(const __u64 counts[MW_KIND_MAX])
{
	uint64_t sum = 0;

	for (int kind = 0; kind < MW_KIND_MAX; kind++)
		sum += counts[kind];
	return sum;
}
