// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* sitelog.c - what each stack allocated, in time. */
#include "report/sitelog.h"

#include <math.h>
#include <stdlib.h>

#include "report/amount.h"

#define SLOPE_LEAST 3 /* allocations below which a line through them says nothing */

void sitelogs_clear(struct sitelogs *logs)
{
	struct sitelog *log;
	size_t at = 0;

	while ((log = hash_next(&logs->by_id, &at, NULL)))
		free(log);
	hash_clear(&logs->by_id);
}

struct sitelog *sitelogs_add(struct sitelogs *logs, uint32_t id)
{
	struct sitelog *log;

	if (!id || hash_get(&logs->by_id, hash_scatter(id)))
		return NULL;
	log = calloc(1, sizeof(*log));
	if (!log || hash_set(&logs->by_id, hash_scatter(id), log)) {
		free(log);
		return NULL;
	}
	log->id = id;
	return log;
}

struct sitelog *sitelogs_find(struct sitelogs *logs, uint32_t id)
{
	struct sitelog *log = id ? hash_get(&logs->by_id, hash_scatter(id)) : NULL;

	return log ? log : &logs->unknown;
}

/* To be called before live changes. */
void sitelog_settle(const struct sitelogs *logs, struct sitelog *log, uint64_t now_ns)
{
	double from, to, bytes = log->live.bytes;

	if (log->epoch != logs->epoch) {
		log->at_peak = log->live;
		log->epoch = logs->epoch;
	}
	if (now_ns <= log->changed_ns)
		return;
	from = (log->changed_ns - log->first_ns) / 1e9;
	to = (now_ns - log->first_ns) / 1e9;
	log->area += bytes * (to - from);
	log->moment += bytes * (to - from) * (to + from) / 2;
	log->changed_ns = now_ns;
}

void sitelog_in(const struct sitelogs *logs, struct sitelog *log, uint64_t bytes, uint64_t now_ns)
{
	if (!log->total.blocks) {
		log->first_ns = log->changed_ns = now_ns;
		log->first_call = logs->calls;
	}
	sitelog_settle(logs, log, now_ns);
	amount_add(&log->total, bytes);
	amount_add(&log->live, bytes);
	if (log->live.bytes > log->most_bytes) {
		log->most_bytes = log->live.bytes;
		log->most_call = logs->calls;
	}
}

void sitelog_out(const struct sitelogs *logs, struct sitelog *log, uint64_t bytes, uint64_t now_ns)
{
	sitelog_settle(logs, log, now_ns);
	amount_sub(&log->live, bytes);
}

/* slope = integral of (t - L/2) x / integral of (t - L/2)^2, both over [0, L] */
double sitelog_slope(const struct sitelog *log)
{
	double length = (log->changed_ns - log->first_ns) / 1e9;

	if (log->total.blocks < SLOPE_LEAST || length <= 0)
		return NAN;
	return (log->moment - length / 2 * log->area) / (length * length * length / 12);
}

struct sitelog *sitelogs_next(struct sitelogs *logs, size_t *at)
{
	struct sitelog *log;

	if (*at == SIZE_MAX)
		return NULL;
	log = hash_next(&logs->by_id, at, NULL);
	if (log)
		return log;
	*at = SIZE_MAX;
	return &logs->unknown;
}
