// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* json.c - a report as one JSON object on one line; include/mwbpf/report.schema.json says what is in it. */
#include "base/json.h"

#include <errno.h>
#include <math.h>

#include "report/format.h"

#define SCHEMA 1

static void put_amount(struct json *json, const char *key, const struct ledger_amount *amount)
{
	json_object(json, key);
	json_u64(json, "bytes", amount->bytes);
	json_u64(json, "blocks", amount->blocks);
	json_object_end(json);
}

static void put_totals(struct json *json, const struct ledger_totals *totals)
{
	put_amount(json, "in_use", &totals->live);
	put_amount(json, "peak", &totals->peak);
	json_u64(json, "allocs", totals->allocs);
	json_u64(json, "frees", totals->frees);
	json_u64(json, "bytes_allocated", totals->bytes);
	json_u64(json, "failed", totals->failed);
	json_u64(json, "pylongs", totals->pylongs);
	json_u64(json, "unmatched_frees", totals->unmatched);
	json_u64(json, "internal_frees", totals->internal);
	json_u64(json, "superseded_blocks", totals->superseded);
	put_amount(json, "ended_by_exec", &totals->ended);
}

static void put_frame(struct json *json, const struct frame *frame)
{
	bool native = frame->language == FRAME_NATIVE;

	json_object(json, NULL);
	json_str(json, "lang", native ? "native" : "python");
	json_str(json, "function", frame->function);
	json_str(json, "file", frame->file);
	json_u64(json, "line", frame->line);
	if (native) {
		json_str(json, "object", frame->object);
		json_u64(json, "offset", frame->offset);
		json_bool(json, "inlined", frame->inlined);
	}
	if (frame->reason)
		json_str(json, "reason", frame->reason);
	json_object_end(json);
}

static void put_site(struct json *json, const struct report *report, const struct report_site *site)
{
	json_object(json, NULL);
	json_u64(json, "stack", site->id);
	put_amount(json, "live", &site->live);
	put_amount(json, "total", &site->total);
	put_amount(json, "freed", &site->freed);
	put_amount(json, "at_peak", &site->at_peak);
	put_amount(json, "temporary", &site->temporary);
	json_u64(json, "oldest_ns", site->oldest_ns);
	if (isnan(site->slope))
		json_null(json, "bytes_per_second");
	else
		json_i64(json, "bytes_per_second", llround(site->slope));
	json_str(json, "verdict", site->verdict ? report_verdict_name(site->verdict) : NULL);
	json_str(json, "suppressed", site->suppressed);
	if (report->scanned) {
		put_amount(json, "definitely_lost", &site->leak[LEAK_DEFINITE]);
		put_amount(json, "indirectly_lost", &site->leak[LEAK_INDIRECT]);
		put_amount(json, "possibly_lost", &site->leak[LEAK_POSSIBLE]);
		put_amount(json, "still_reachable", &site->leak[LEAK_REACHABLE]);
	}
	json_u64(json, "reallocs", site->reallocs);
	json_u64(json, "moved_bytes", site->moved_bytes);
	json_u64(json, "realloc_chain", site->chain);
	json_bool(json, "truncated", site->truncated);
	json_str(json, "reason", site->reason);
	json_array(json, "frames");
	for (size_t i = 0; i < site->n_frames; i++)
		put_frame(json, &site->frames[i]);
	json_array_end(json);
	json_object_end(json);
}

static void put_kinds(struct json *json, const char *key, const struct ledger_amount *by_kind)
{
	json_object(json, key);
	for (int kind = 0; kind < SEGMENT_KINDS; kind++)
		if (by_kind[kind].blocks)
			put_amount(json, segment_kind_name(kind), &by_kind[kind]);
	json_object_end(json);
}

static void put_timeline(struct json *json, const struct report *report)
{
	json_array(json, "timeline");
	for (size_t i = 0; i < report->n_moments; i++) {
		const struct report_moment *moment = &report->timeline[i];

		json_object(json, NULL);
		json_u64(json, "ts_ns", moment->ts_ns);
		for (int kind = 0; kind < SEGMENT_KINDS; kind++)
			if (moment->bytes[kind])
				json_u64(json, segment_kind_name(kind), moment->bytes[kind]);
		if (moment->rss)
			json_u64(json, "rss", moment->rss);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_buckets(struct json *json, const char *key, const struct report_bucket *buckets,
			size_t n)
{
	json_array(json, key);
	for (size_t i = 0; i < n; i++) {
		json_object(json, NULL);
		json_u64(json, "from", buckets[i].from);
		if (buckets[i].to == UINT64_MAX)
			json_null(json, "to");
		else
			json_u64(json, "to", buckets[i].to);
		json_u64(json, "bytes", buckets[i].amount.bytes);
		json_u64(json, "blocks", buckets[i].amount.blocks);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_threads(struct json *json, const struct report *report)
{
	json_array(json, "threads");
	for (size_t i = 0; i < report->n_threads; i++) {
		const struct report_thread *thread = &report->threads[i];

		json_object(json, NULL);
		json_u64(json, "pid", thread->pid);
		json_u64(json, "tid", thread->tid);
		put_amount(json, "live", &thread->live);
		put_amount(json, "total", &thread->total);
		put_amount(json, "freed", &thread->freed);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_reuse(struct json *json, const struct report_reuse *reuse)
{
	json_object(json, "reuse");
	json_u64(json, "reused", reuse->reused);
	json_u64(json, "reallocs", reuse->reallocs);
	json_u64(json, "moved", reuse->moved);
	json_u64(json, "copied_bytes", reuse->copied);
	json_u64(json, "longest_chain", reuse->chain);
	json_object_end(json);
}

static void put_pins(struct json *json, const struct report *report)
{
	json_array(json, "heaps");
	for (size_t i = 0; i < report->n_pins; i++) {
		const struct pinned *heap = &report->pins[i];

		json_object(json, NULL);
		json_u64(json, "pid", heap->pid);
		json_str(json, "segment", segment_kind_name(heap->kind));
		json_hex(json, "start", heap->start);
		json_hex(json, "end", heap->end);
		put_amount(json, "live", &heap->live);
		json_u64(json, "above_pin", heap->above);
		json_u64(json, "holes", heap->holes);
		if (heap->pin.addr) {
			json_object(json, "pin");
			json_hex(json, "addr", heap->pin.addr);
			json_u64(json, "size", heap->pin.size);
			json_u64(json, "stack", heap->pin.site);
			json_object_end(json);
		} else {
			json_null(json, "pin");
		}
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_leaks(struct json *json, const struct report *report)
{
	if (!report->scanned) {
		json_null(json, "leaks");
		return;
	}
	json_object(json, "leaks");
	put_amount(json, "definitely_lost", &report->leaks[LEAK_DEFINITE]);
	put_amount(json, "indirectly_lost", &report->leaks[LEAK_INDIRECT]);
	put_amount(json, "possibly_lost", &report->leaks[LEAK_POSSIBLE]);
	put_amount(json, "still_reachable", &report->leaks[LEAK_REACHABLE]);
	json_object_end(json);
}

static void put_report(struct json *json, const struct report *report)
{
	json_str(json, "type", "report");
	json_u64(json, "schema", SCHEMA);
	json_str(json, "title", report->title);
	json_str(json, "time", report->time);
	json_str(json, "version", report->version);
	json_str(json, "kernel", report->kernel);
	json_u64(json, "duration_ns", report->duration_ns);
	json_str(json, "ended_by", report->ended_by);
	put_totals(json, &report->totals);
	json_u64(json, "peak_ns", report->peak_ns);
	put_kinds(json, "by_segment", report->by_kind);
	put_kinds(json, "by_segment_at_peak", report->by_kind_at_peak);
	put_leaks(json, report);
	put_amount(json, "suppressed", &report->suppressed);
	put_reuse(json, &report->reuse);
	json_u64(json, "lost", report->lost);
	json_bool(json, "complete", report->complete);
	json_array(json, "completeness");
	for (size_t i = 0; i < report->n_completeness; i++)
		json_str(json, NULL, report->completeness[i]);
	json_array_end(json);
	json_array(json, "sites");
	for (size_t i = 0; i < report->n_sites; i++)
		put_site(json, report, &report->sites[i]);
	json_array_end(json);
	put_threads(json, report);
	put_pins(json, report);
	put_buckets(json, "sizes", report->sizes, report->n_sizes);
	put_buckets(json, "lifetimes", report->lifetimes, report->n_lifetimes);
	put_timeline(json, report);
}

int report_write_json(const struct report *report, const struct report_options *options, FILE *to)
{
	struct json json;
	struct out out;
	int err = fflush(to) ? -errno : 0;

	(void)options;
	err = err ? err : out_init(&out, fileno(to));
	if (err)
		return err;
	json_begin(&json, &out);
	put_report(&json, report);
	json_end(&json);
	err = out_close(&out);
	return !err && out.lines_lost ? -ENOMEM : err;
}
