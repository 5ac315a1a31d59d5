// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* htmldata.c - a report as JSON, for the scripts of the page. */
#include "format/htmldata.h"

#include <math.h>

#include "base/json.h"
#include "format/names.h"
#include "format/path.h"

struct page {
	struct json json;
	const struct report *report;
	struct names names;
	struct path path;
};

/* Bytes, blocks. */
static void put_amount(struct json *json, const char *key, const struct ledger_amount *amount)
{
	json_array(json, key);
	json_u64(json, NULL, amount->bytes);
	json_u64(json, NULL, amount->blocks);
	json_array_end(json);
}

static void put_head(struct page *page, enum report_weight weight)
{
	const struct report *report = page->report;
	struct json *json = &page->json;

	json_str(json, "title", report->title);
	json_str(json, "time", report->time);
	json_str(json, "version", report->version);
	json_str(json, "kernel", report->kernel);
	json_u64(json, "durationNs", report->duration_ns);
	json_str(json, "endedBy", report->ended_by);
	json_bool(json, "scanned", report->scanned);
	json_bool(json, "complete", report->complete);
	json_str(json, "weight", weight_name(weight));
	json_array(json, "completeness");
	for (size_t i = 0; i < report->n_completeness; i++)
		json_str(json, NULL, report->completeness[i]);
	json_array_end(json);
}

static void put_totals(struct json *json, const struct ledger_totals *totals)
{
	json_object(json, "totals");
	put_amount(json, "live", &totals->live);
	put_amount(json, "peak", &totals->peak);
	json_u64(json, "allocs", totals->allocs);
	json_u64(json, "frees", totals->frees);
	json_u64(json, "bytes", totals->bytes);
	json_u64(json, "failed", totals->failed);
	json_u64(json, "ints", totals->pylongs);
	json_u64(json, "unmatched", totals->unmatched);
	json_object_end(json);
}

/* Of all sites together. */
static void put_leaks(struct json *json, const struct report *report)
{
	json_array(json, "leaks");
	for (int kind = 0; report->scanned && kind < LEAK_KINDS; kind++)
		put_amount(json, NULL, &report->leaks[kind]);
	json_array_end(json);
	put_amount(json, "suppressed", &report->suppressed);
}

/* By number, what is and was live in each. */
static void put_kinds(struct page *page)
{
	const struct report *report = page->report;
	struct json *json = &page->json;

	json_array(json, "kinds");
	for (int kind = 0; kind < SEGMENT_KINDS; kind++) {
		json_object(json, NULL);
		json_str(json, "name", segment_kind_name(kind));
		put_amount(json, "live", &report->by_kind[kind]);
		put_amount(json, "peak", &report->by_kind_at_peak[kind]);
		json_object_end(json);
	}
	json_array_end(json);
}

/* Per moment: time, RSS, and bytes of each kind. */
static void put_timeline(struct page *page)
{
	const struct report *report = page->report;
	struct json *json = &page->json;

	json_u64(json, "peakNs", report->peak_ns);
	json_array(json, "timeline");
	for (size_t i = 0; i < report->n_moments; i++) {
		const struct report_moment *moment = &report->timeline[i];

		json_array(json, NULL);
		json_u64(json, NULL, moment->ts_ns);
		json_u64(json, NULL, moment->rss);
		for (int kind = 0; kind < SEGMENT_KINDS; kind++)
			json_u64(json, NULL, moment->bytes[kind]);
		json_array_end(json);
	}
	json_array_end(json);
}

/* Per bucket: from, to, bytes, blocks. */
static void put_histogram(struct json *json, const char *key, const struct report_bucket *buckets,
			  size_t n)
{
	json_array(json, key);
	for (size_t i = 0; i < n; i++) {
		json_array(json, NULL);
		json_u64(json, NULL, buckets[i].from);
		json_u64(json, NULL, buckets[i].to);
		json_u64(json, NULL, buckets[i].amount.bytes);
		json_u64(json, NULL, buckets[i].amount.blocks);
		json_array_end(json);
	}
	json_array_end(json);
}

static void put_figures(struct json *json, const struct report_site *site, bool scanned)
{
	const struct ledger_amount *const amounts[] = { &site->live, &site->at_peak, &site->total,
							&site->temporary };

	for (size_t i = 0; i < sizeof(amounts) / sizeof(*amounts); i++)
		put_amount(json, NULL, amounts[i]);
	for (int kind = 0; scanned && kind < LEAK_KINDS; kind++)
		put_amount(json, NULL, &site->leak[kind]);
}

static int put_path(struct page *page, const struct report_site *site)
{
	struct json *json = &page->json;
	int err = path_of(&page->path, site);

	if (err)
		return err;
	json_array(json, NULL);
	for (size_t i = 0; i < page->path.n; i++) {
		int64_t number = names_number(&page->names, page->path.frames[i]);

		if (number < 0)
			return number;
		json_u64(json, NULL, number);
	}
	json_array_end(json);
	return 0;
}

/* Without keys: of 100,000 sites, they were most of the page. */
static int put_site(struct page *page, const struct report_site *site)
{
	struct json *json = &page->json;
	int err;

	json_array(json, NULL);
	err = put_path(page, site);
	if (err)
		return err;
	json_str(json, NULL, site->reason);
	json_str(json, NULL, site->suppressed);
	json_u64(json, NULL, site->verdict);
	json_u64(json, NULL, site->oldest_ns);
	if (isfinite(site->slope))
		json_i64(json, NULL, llround(site->slope));
	else
		json_null(json, NULL);
	put_figures(json, site, page->report->scanned);
	json_array_end(json);
	out_end_line(json->out);
	return 0;
}

/* Per frame: name, file, line, whether it is Python's, and why it has no better name. */
static void put_frames(struct page *page)
{
	struct json *json = &page->json;
	char text[NAME_ROOM];

	json_array(json, "frames");
	for (size_t i = 0; i < page->names.n; i++) {
		const struct frame *frame = page->names.frames[i];

		json_array(json, NULL);
		json_str(json, NULL, name_of(frame, text));
		json_str(json, NULL, frame->file ? frame->file : frame->object);
		json_i64(json, NULL, frame->line);
		json_bool(json, NULL, frame->language == FRAME_PYTHON);
		json_str(json, NULL, frame->reason);
		json_array_end(json);
		out_end_line(json->out);
	}
	json_array_end(json);
}

int html_data(const struct report *report, enum report_weight weight, struct out *out)
{
	struct page page = { .report = report };
	struct json *json = &page.json;
	int err = 0;

	json_begin(json, out);
	json->html = true;
	put_head(&page, weight);
	put_totals(json, &report->totals);
	put_leaks(json, report);
	put_kinds(&page);
	put_timeline(&page);
	put_histogram(json, "sizes", report->sizes, report->n_sizes);
	put_histogram(json, "lifetimes", report->lifetimes, report->n_lifetimes);
	json_array(json, "sites");
	for (size_t i = 0; i < report->n_sites && !err; i++)
		err = put_site(&page, &report->sites[i]);
	json_array_end(json);
	put_frames(&page);
	json_end(json);
	path_clear(&page.path);
	names_clear(&page.names);
	return err;
}
