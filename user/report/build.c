// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* build.c - from a history that has ended to a report. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/complete.h"
#include "report/report.h"

/* A site that grows has most near the end: in the last part of the calls since its first. */
#define GROWS_PART 4

static int more_live(const struct ledger_amount *a, const struct ledger_amount *b)
{
	return (a->bytes < b->bytes) - (a->bytes > b->bytes);
}

static int compare_sites(const void *left, const void *right)
{
	const struct report_site *a = left, *b = right;
	int order = more_live(&a->live, &b->live);

	if (!order)
		order = more_live(&a->total, &b->total);
	return order ? order : (a->id > b->id) - (a->id < b->id);
}

static int compare_threads(const void *left, const void *right)
{
	const struct report_thread *a = left, *b = right;
	int order = more_live(&a->live, &b->live);

	if (!order)
		order = more_live(&a->total, &b->total);
	if (!order)
		order = (a->pid > b->pid) - (a->pid < b->pid);
	return order ? order : (a->tid > b->tid) - (a->tid < b->tid);
}

/*
 * Without a look at the target's memory a leak is at most likely: blocks of an age that was
 * asked for, never freed, of a site that keeps growing. When events were lost after they were
 * made, their free may be among them.
 */
static enum report_verdict judge(const struct sitelog *log, double slope, uint64_t calls)
{
	uint64_t life = calls - log->first_call;

	if (!log->old.blocks || !(slope > 0))
		return VERDICT_NONE;
	if (log->most_call < calls - life / GROWS_PART)
		return VERDICT_NONE;
	return log->certain.blocks ? VERDICT_LIKELY : VERDICT_UNPROVEN;
}

static void fill_site(struct report_site *site, const struct sitelog *log,
		      const struct history *history, const struct suppressions *suppressions)
{
	uint64_t end_ns = history->last_ns;

	*site = (struct report_site){
		.id = log->id,
		.frames = log->frames,
		.n_frames = log->n_frames,
		.truncated = log->truncated,
		.reason = log->reason,
		.total = log->total,
		.freed = log->freed,
		.live = log->live,
		.at_peak = log->at_peak,
		.temporary = log->temporary,
		.oldest_ns = log->oldest_ns <= end_ns ? end_ns - log->oldest_ns : 0,
		.slope = sitelog_slope(log),
		.suppressed = suppressions_find(suppressions, log->frames, log->n_frames),
		.reallocs = log->reallocs,
		.moved_bytes = log->moved_bytes,
		.chain = log->chain,
	};
	site->verdict = judge(log, site->slope, history->sites.calls);
}

static int fill_sites(struct report *report, const struct history *history,
		      const struct suppressions *suppressions)
{
	struct sitelogs *logs = (struct sitelogs *)&history->sites;
	const struct sitelog *log;
	size_t at = 0;

	report->sites = calloc(logs->by_id.n + 1, sizeof(*report->sites));
	if (!report->sites)
		return -ENOMEM;
	while ((log = sitelogs_next(logs, &at))) {
		struct report_site *site = &report->sites[report->n_sites];

		if (!log->total.blocks)
			continue;
		fill_site(site, log, history, suppressions);
		report->n_sites++;
		if (!site->suppressed)
			continue;
		report->suppressed.blocks += site->live.blocks;
		report->suppressed.bytes += site->live.bytes;
	}
	qsort(report->sites, report->n_sites, sizeof(*report->sites), compare_sites);
	return 0;
}

/* The kinds, where the enumerations of the two sides meet. */
static enum report_leak leak_of(enum leaks_kind kind)
{
	static const enum report_leak kinds[] = { [LEAKS_DEFINITE] = LEAK_DEFINITE,
						  [LEAKS_INDIRECT] = LEAK_INDIRECT,
						  [LEAKS_POSSIBLE] = LEAK_POSSIBLE,
						  [LEAKS_REACHABLE] = LEAK_REACHABLE };

	return kinds[kind];
}

static void add_amount(struct ledger_amount *sum, const struct ledger_amount *amount)
{
	sum->blocks += amount->blocks;
	sum->bytes += amount->bytes;
}

/* What was searched for, by site, and over all that are not suppressed. */
static int fill_leaks(struct report *report, const struct history *history)
{
	const struct leaklog *log;
	struct hash by_id = { 0 };
	size_t at = 0;
	int err = 0;

	for (size_t i = 0; i < report->n_sites && !err; i++)
		err = hash_set(&by_id, report->sites[i].id, &report->sites[i]);
	while (!err && (log = leaklogs_next(&history->leaks, &at))) {
		report->scanned |= !log->failed;
		for (size_t i = 0; i < log->n; i++) {
			const struct leaklog_part *part = &log->parts[i];
			struct report_site *site = hash_get(&by_id, part->site);

			if (site)
				add_amount(&site->leak[leak_of(part->kind)], &part->amount);
			/* a free that was lost is the only doubt */
			if (site && site->leak[LEAK_DEFINITE].blocks)
				site->verdict = report->lost ? VERDICT_UNPROVEN : VERDICT_PROVEN;
			if (!site || !site->suppressed)
				add_amount(&report->leaks[leak_of(part->kind)], &part->amount);
		}
	}
	hash_clear(&by_id);
	return err;
}

static int fill_threads(struct report *report, const struct history *history)
{
	report->threads = calloc(history->n_threads + 1, sizeof(*report->threads));
	if (!report->threads)
		return -ENOMEM;
	for (uint32_t i = 0; i < history->n_threads; i++)
		report->threads[report->n_threads++] = *history->thread_at[i];
	qsort(report->threads, report->n_threads, sizeof(*report->threads), compare_threads);
	return 0;
}

static int fill_title(struct report *report, const struct facts *facts)
{
	size_t size;
	FILE *to = open_memstream(&report->owned_title, &size);

	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < facts->n_targets; i++)
		fprintf(to, "%s%s (process %u)", i ? ", " : "", facts->targets[i].command,
			facts->targets[i].pid);
	if (!facts->n_targets)
		fprintf(to, "a process that is not known");
	if (fclose(to))
		return -ENOMEM;
	report->title = report->owned_title;
	return 0;
}

static void fill_plain(struct report *report, const struct facts *facts,
		       const struct history *history)
{
	const struct ledger *ledger = history->ledger;

	report->time = facts->time;
	report->version = facts->version;
	report->kernel = facts->kernel;
	report->duration_ns = history->last_ns;
	report->totals = ledger->totals;
	memcpy(report->by_kind, ledger->by_kind, sizeof(report->by_kind));
	memcpy(report->by_kind_at_peak, history->by_kind_at_peak, sizeof(report->by_kind_at_peak));
	report->timeline = (struct report_moment *)history->timeline.at;
	report->n_moments = history->timeline.n;
	report->peak_ns = history->peak_ns;
	report->sizes = report->size_buckets;
	report->n_sizes = histogram_sizes(&history->histogram, report->size_buckets);
	report->lifetimes = report->lifetime_buckets;
	report->n_lifetimes = histogram_lifetimes(&history->histogram, report->lifetime_buckets);
	report->reuse = history->reuse;
	report->pins = history->pins.found;
	report->n_pins = history->pins.n;
	report->lost = facts->has_summary ? facts->lost : history->lost;
}

int report_build(struct report *report, const struct facts *facts, const struct history *history,
		 const struct suppressions *suppressions)
{
	int err;

	*report = (struct report){ 0 };
	fill_plain(report, facts, history);
	err = fill_title(report, facts);
	if (!err)
		err = fill_sites(report, history, suppressions);
	if (!err)
		err = fill_threads(report, history);
	if (!err)
		err = fill_leaks(report, history);
	if (!err)
		err = report_complete(report, facts, history);
	if (err)
		report_clear(report);
	return err;
}

void report_clear(struct report *report)
{
	for (size_t i = 0; i < report->n_completeness; i++)
		free(report->completeness[i]);
	free(report->completeness);
	free(report->sites);
	free(report->threads);
	free(report->owned_title);
	free(report->owned_end);
	*report = (struct report){ 0 };
}

const char *report_verdict_name(enum report_verdict verdict)
{
	static const char *const names[] = { "", "unproven", "likely", "proven" };

	return names[verdict];
}

const char *report_leak_name(enum report_leak leak)
{
	static const char *const names[LEAK_KINDS] = { "definitely lost", "indirectly lost",
						       "possibly lost", "still reachable" };

	return names[leak];
}

uint64_t report_leaked(const struct report *report)
{
	if (!report->scanned)
		return report->totals.live.bytes - report->suppressed.bytes;
	return report->leaks[LEAK_DEFINITE].bytes + report->leaks[LEAK_INDIRECT].bytes +
	       report->leaks[LEAK_POSSIBLE].bytes;
}
