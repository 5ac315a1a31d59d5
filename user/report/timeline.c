// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* timeline.c - live bytes by segment kind over time. */
#include "report/timeline.h"

#include <string.h>

void timeline_init(struct timeline *timeline)
{
	*timeline = (struct timeline){ .width_ns = TIMELINE_WIDTH, .n = 1 };
}

static uint64_t sum(const struct report_moment *moment)
{
	uint64_t bytes = 0;

	for (int kind = 0; kind < SEGMENT_KINDS; kind++)
		bytes += moment->bytes[kind];
	return bytes;
}

static void note(struct timeline *timeline, struct report_moment *moment,
		 const struct ledger_amount *by_kind, uint64_t now_ns)
{
	moment->ts_ns = now_ns;
	moment->rss = timeline->rss;
	for (int kind = 0; kind < SEGMENT_KINDS; kind++)
		moment->bytes[kind] = by_kind[kind].bytes;
}

/* Slots twice as long: of two the moment when more was live. */
static void halve(struct timeline *timeline)
{
	struct report_moment *at = timeline->at;

	for (size_t i = 0; i < timeline->n; i += 2) {
		const struct report_moment *second = i + 1 < timeline->n ? &at[i + 1] : &at[i];

		at[i / 2] = sum(second) > sum(&at[i]) ? *second : at[i];
	}
	timeline->n = (timeline->n + 1) / 2;
	timeline->width_ns *= 2;
	timeline->most = sum(&at[timeline->n - 1]);
}

/* Slots in which nothing happened have what was there before. */
static void advance(struct timeline *timeline, const struct ledger_amount *before, uint64_t now_ns)
{
	while (now_ns / timeline->width_ns >= TIMELINE_SLOTS)
		halve(timeline);
	while (timeline->n <= now_ns / timeline->width_ns) {
		note(timeline, &timeline->at[timeline->n], before,
		     timeline->n * timeline->width_ns);
		timeline->n++;
	}
	timeline->most = sum(&timeline->at[timeline->n - 1]);
}

static bool is_next(const struct timeline *timeline, uint64_t now_ns)
{
	return now_ns / timeline->width_ns >= timeline->n;
}

bool timeline_asks(const struct timeline *timeline, uint64_t now_ns, bool ended)
{
	return (timeline->pending && ended) || is_next(timeline, now_ns);
}

/* The moment that is over now. */
static void settle(struct timeline *timeline, const struct ledger_amount *before)
{
	if (timeline->pending)
		note(timeline, &timeline->at[timeline->n - 1], before, timeline->now_ns);
	timeline->pending = false;
}

void timeline_change(struct timeline *timeline, const struct ledger_amount *before,
		     const struct ledger *after, uint64_t now_ns)
{
	if (now_ns < timeline->now_ns)
		now_ns = timeline->now_ns;
	if (before) {
		settle(timeline, before);
		if (is_next(timeline, now_ns))
			advance(timeline, before, now_ns);
	}
	timeline->now_ns = now_ns;
	if (after->totals.live.bytes <= timeline->most)
		return;
	timeline->most = after->totals.live.bytes;
	timeline->pending = true;
}

void timeline_rss(struct timeline *timeline, uint64_t bytes)
{
	timeline->rss = bytes;
}

void timeline_end(struct timeline *timeline, const struct ledger *ledger, uint64_t now_ns)
{
	if (now_ns < timeline->now_ns)
		now_ns = timeline->now_ns;
	settle(timeline, ledger->by_kind);
	if (is_next(timeline, now_ns))
		advance(timeline, ledger->by_kind, now_ns);
	note(timeline, &timeline->at[timeline->n++], ledger->by_kind, now_ns);
}
