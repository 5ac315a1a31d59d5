// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* views.c - the tables of a report in text: by segment, thread, size, lifetime and time. */
#include "report/views.h"

#include "base/fmt.h"
#include "report/words.h"

#define N(value) fmt_thousands((char[28]){ 0 }, value)
#define BAR	 40 /* characters */
#define ROWS	 48 /* of a timeline */

static void add_amount(struct table *table, const struct ledger_amount *amount)
{
	table_cell(table, "%s", N(amount->bytes));
	table_cell(table, "%s", N(amount->blocks));
}

static const struct report_site *site_of(const struct report *report, uint32_t id)
{
	for (size_t i = 0; i < report->n_sites; i++)
		if (report->sites[i].id == id)
			return &report->sites[i];
	return NULL;
}

/* What keeps malloc's memory from shrinking. */
static void view_pins(const struct view *view)
{
	static const char *const titles[] = { "PID", "<HEAP", "BYTES", "LIVE", "HOLES", "ABOVE", "PIN",
					      "SIZE", "<MADE BY", NULL };
	const struct report *report = view->report;
	struct table table;
	size_t n = report->n_pins;
	char text[1024];

	if (view->options->top && view->options->top < n)
		n = view->options->top;
	if (!n)
		return;
	view_title(view, "WHAT PINS MALLOC'S MEMORY (above the pin: free top; holes: free pages below it)");
	table_init(&table, titles);
	for (size_t i = 0; i < n; i++) {
		const struct pinned *heap = &report->pins[i];
		const struct report_site *site = heap->pin.addr ? site_of(report, heap->pin.site) : NULL;

		table_cell(&table, "%u", heap->pid);
		table_cell(&table, "%s", segment_kind_name(heap->kind));
		table_cell(&table, "%s", N(heap->end - heap->start));
		table_cell(&table, "%s", N(heap->live.bytes));
		table_cell(&table, "%s", N(heap->holes));
		table_cell(&table, "%s", N(heap->above));
		if (site) {
			table_cell(&table, "+0x%llx",
				   (unsigned long long)(heap->pin.addr - heap->start));
			table_cell(&table, "%s", N(heap->pin.size));
		} else {
			table_cell(&table, "-");
			table_cell(&table, "-");
		}
		table_cell(&table, "%s", site ? words_site(text, sizeof(text), site) : "");
	}
	table_print(&table, view->width, view->to);
}

static void view_segments(const struct view *view)
{
	static const char *const titles[] = { "<SEGMENT", "<LAYER", "LIVE", "BLOCKS", "AT-PEAK",
					      "BLOCKS", "<", NULL };
	const struct report *report = view->report;
	char bar[BAR + 1];
	struct table table;

	view_title(view, "BY SEGMENT");
	table_init(&table, titles);
	for (int kind = 0; kind < SEGMENT_KINDS; kind++) {
		const struct ledger_amount *live = &report->by_kind[kind];

		if (!live->blocks && !report->by_kind_at_peak[kind].blocks)
			continue;
		table_cell(&table, "%s", segment_kind_name(kind));
		table_cell(&table, "%s", segment_kind_layer(kind));
		add_amount(&table, live);
		add_amount(&table, &report->by_kind_at_peak[kind]);
		table_cell(&table, "%s",
			   table_bar(bar, BAR, live->bytes, report->totals.live.bytes));
	}
	table_print(&table, view->width, view->to);
	view_pins(view);
}

static void view_threads(const struct view *view)
{
	static const char *const titles[] = { "PID", "TID", "LIVE", "BLOCKS", "ALLOCATED", "ALLOCS",
					      "FREED", "FREES", NULL };
	const struct report *report = view->report;
	size_t n = report->n_threads;
	struct table table;

	if (view->options->top && view->options->top < n)
		n = view->options->top;
	view_title(view, "BY THREAD (%zu of %zu); freed: by it, whoever allocated", n,
		   report->n_threads);
	table_init(&table, titles);
	for (size_t i = 0; i < n; i++) {
		const struct report_thread *thread = &report->threads[i];

		table_cell(&table, "%u", thread->pid);
		table_cell(&table, "%u", thread->tid);
		add_amount(&table, &thread->live);
		add_amount(&table, &thread->total);
		add_amount(&table, &thread->freed);
	}
	table_print(&table, view->width, view->to);
}

static void view_buckets(const struct view *view, const char *title,
			 const struct report_bucket *buckets, size_t n,
			 char *(*words)(char text[32], uint64_t value))
{
	static const char *const titles[] = { "FROM", "BELOW", "BLOCKS", "BYTES", "<", NULL };
	char from[32], to[32], bar[BAR + 1];
	uint64_t most = 0;
	struct table table;

	for (size_t i = 0; i < n; i++)
		if (buckets[i].amount.blocks > most)
			most = buckets[i].amount.blocks;
	view_title(view, "%s", title);
	table_init(&table, titles);
	for (size_t i = 0; i < n; i++) {
		table_cell(&table, "%s", words(from, buckets[i].from));
		table_cell(&table, "%s",
			   buckets[i].to == UINT64_MAX ? "" : words(to, buckets[i].to));
		table_cell(&table, "%s", N(buckets[i].amount.blocks));
		table_cell(&table, "%s", N(buckets[i].amount.bytes));
		table_cell(&table, "%s", table_bar(bar, BAR, buckets[i].amount.blocks, most));
	}
	table_print(&table, view->width, view->to);
}

static void view_sizes(const struct view *view)
{
	view_buckets(view, "BLOCKS ALLOCATED BY SIZE", view->report->sizes, view->report->n_sizes,
		     words_size);
}

static void view_lifetimes(const struct view *view)
{
	view_buckets(view, "BLOCKS FREED BY LIFETIME", view->report->lifetimes,
		     view->report->n_lifetimes, words_duration);
}

static uint64_t sum(const struct report_moment *moment)
{
	uint64_t bytes = 0;

	for (int kind = 0; kind < SEGMENT_KINDS; kind++)
		bytes += moment->bytes[kind];
	return bytes;
}

/* Of several moments that share a row, the one when most was live. */
static const struct report_moment *best(const struct report *report, size_t from, size_t to)
{
	const struct report_moment *most = &report->timeline[from];

	for (size_t i = from + 1; i < to; i++)
		if (sum(&report->timeline[i]) > sum(most))
			most = &report->timeline[i];
	return most;
}

static void view_times(const struct view *view)
{
	static const char *const titles[] = { "TIME", "LIVE", "RSS", "<", NULL };
	const struct report *report = view->report;
	size_t n = report->n_moments, rows = n < ROWS ? n : ROWS;
	char time[32], bar[BAR + 1];
	struct table table;

	view_title(view, "LIVE BYTES OVER TIME");
	table_init(&table, titles);
	for (size_t i = 0; i < rows; i++) {
		const struct report_moment *moment =
			best(report, n * i / rows, n * (i + 1) / rows);

		table_cell(&table, "%s", words_duration(time, moment->ts_ns));
		table_cell(&table, "%s", N(sum(moment)));
		table_cell(&table, "%s", moment->rss ? N(moment->rss) : "-");
		table_cell(&table, "%s",
			   table_bar(bar, BAR, sum(moment), report->totals.peak.bytes));
	}
	table_print(&table, view->width, view->to);
}

static void (*const writers[REPORT_BYS])(const struct view *view) = {
	[REPORT_BY_SITE] = view_sites,	   [REPORT_BY_SEGMENT] = view_segments,
	[REPORT_BY_THREAD] = view_threads, [REPORT_BY_SIZE] = view_sizes,
	[REPORT_BY_LIFETIME] = view_lifetimes, [REPORT_BY_TIME] = view_times,
};

void view_write(const struct view *view, enum report_by by)
{
	writers[by](view);
}
