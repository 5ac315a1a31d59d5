// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* jsonl.c - one JSON object a line; include/mwbpf/events.schema.json says what is in them. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/json.h"
#include "place/segmentjson.h"
#include "sink/jsonl.h"
#include "sink/words.h"

static void jsonl_segment(struct sink *sink, pid_t pid, const struct segment_change *change,
			  uint64_t ts_ns)
{
	struct json json;

	jsonl_line(sink, &json, "segment", ts_ns);
	segmentjson_put(&json, pid, &change->segment);
	if (change->what == SEGMENT_GONE)
		json_u64(&json, "end_ts_ns", ts_ns > sink->start_ns ? ts_ns - sink->start_ns : 0);
	json_end(&json);
}

/* Fields of the records of group "map". */
static void put_call(struct json *json, const struct mw_event_map *event)
{
	char prot[4] = "---";

	prot[0] = event->prot & 1 ? 'r' : '-';
	prot[1] = event->prot & 2 ? 'w' : '-';
	prot[2] = event->prot & 4 ? 'x' : '-';
	switch (event->head.kind) {
	case MW_MMAP:
		json_str(json, "prot", prot);
		json_hex(json, "flags", event->map_flags);
		json_bool(json, "file", event->head.flags & MW_F_FILE);
		json_u64(json, "file_off", event->file_off);
		break;
	case MW_MPROTECT:
		json_str(json, "prot", prot);
		break;
	case MW_MREMAP:
		json_hex(json, "old_addr", event->head.aux);
		json_u64(json, "old_size", event->old_size);
		break;
	case MW_BRK:
		json_hex(json, "requested", event->head.addr);
		break;
	}
	if (event->head.flags & MW_F_IN_ALLOC && event->head.kind != MW_MREMAP)
		json_u64(json, "for_size", event->head.aux);
	if (event->head.flags & MW_F_FAILED && event->result < 0)
		json_i64(json, "errno", -event->result);
}

#define VALUE_ROOM 160 /* bytes of members that say a value, or why there is none */

/* A shortened value is digits of the target's, a reason a literal: nothing to escape. */
static size_t write_value(char text[VALUE_ROOM], const struct pyint *value)
{
	int n;

	if (value->state == PYINT_UNKNOWN)
		n = snprintf(text, VALUE_ROOM, "\"value\":null,\"no_value\":\"%s\"", value->reason);
	else if (value->decimals)
		n = snprintf(text, VALUE_ROOM, "\"value\":\"%s\",\"digits\":%llu", value->text,
			     (unsigned long long)value->decimals);
	else
		n = snprintf(text, VALUE_ROOM, "\"value\":\"%s\"", value->text);
	return n < VALUE_ROOM ? (size_t)n : VALUE_ROOM - 1;
}

static void put_value(struct sink *sink, struct json *json, const struct pyint *value)
{
	char text[VALUE_ROOM];

	if (value->state == PYINT_LATER)
		sink->hole = json_hole(json, VALUE_ROOM,
				       "\"value\":null,\"no_value\":\"" SINK_LATE "\"");
	else if (value->state != PYINT_NONE)
		json_members(json, text, write_value(text, value));
}

static bool jsonl_value(struct sink *sink, uint64_t hole, const struct pyint *value)
{
	char text[VALUE_ROOM];

	return out_fill(sink->out, hole, text, write_value(text, value));
}

static void put_block(struct sink *sink, struct json *json, const struct placed *placed)
{
	const struct mw_event *event = placed->event;

	put_value(sink, json, &placed->value);

	if (event->kind == MW_REALLOC && event->aux)
		json_hex(json, "old_addr", event->aux);
	if (placed->maker)
		json_str(json, "site", placed->maker);
	if (event->flags & MW_F_CACHED)
		json_bool(json, "cached", true);
	if (event->kind == MW_MEMALIGN && event->aux)
		json_u64(json, "align", event->aux);
	if (placed->ended) {
		json_u64(json, event->kind == MW_FREE ? "size" : "old_size", placed->old_size);
		json_u64(json, "age_ns", event->ts_ns - placed->old_born_ns);
	}
	if (placed->unmatched)
		json_bool(json, "unmatched", true);
	if (placed->internal)
		json_bool(json, "internal", true);
	if (placed->reused)
		json_bool(json, "reused", true);
}

static void put_status(struct json *json, int status)
{
	if (WIFEXITED(status))
		json_u64(json, "status", WEXITSTATUS(status));
	else
		json_u64(json, "signal", WTERMSIG(status));
}

/* thread fork exec exit: no address, and what is particular to each */
static void process_event(struct sink *sink, const struct placed *placed)
{
	const struct mw_event *event = placed->event;
	bool thread = event->kind == MW_THREAD || event->kind == MW_THREAD_EXIT;
	struct json json;

	jsonl_line(sink, &json, thread ? "thread" : kind_name(event->kind), event->ts_ns);
	json_u64(&json, "pid", event->pid);
	json_u64(&json, "tid", event->tid);
	if (thread)
		json_str(&json, "what", event->kind == MW_THREAD ? "start" : "end");
	if (event->kind == MW_FORK)
		json_u64(&json, "child", event->aux);
	if (event->kind == MW_EXEC)
		json_str(&json, "exe", ((const struct mw_event_exec *)event)->file);
	if (event->kind == MW_EXIT)
		put_status(&json, event->aux);
	json_end(&json);
}

/* The calls that say how many bytes they are about. */
static bool has_size(unsigned kind)
{
	return kind != MW_FREE && kind != MW_PYLONG && kind != MW_BRK && kind != MW_SHMAT &&
	       kind != MW_SHMDT;
}

static void jsonl_event(struct sink *sink, const struct placed *placed)
{
	const struct mw_event *event = placed->event;
	bool is_call = event->kind >= MW_MMAP && event->kind <= MW_SHMDT;
	bool failed = event->flags & MW_F_FAILED;
	const char *via = probe_name(event->probe);
	struct json json;

	if (event->kind >= MW_THREAD) {
		process_event(sink, placed);
		return;
	}
	jsonl_line(sink, &json, kind_name(event->kind), event->ts_ns);
	json_u64(&json, "pid", event->pid);
	json_u64(&json, "tid", event->tid);
	if (failed && !event->addr)
		json_null(&json, "addr");
	else
		json_hex(&json, "addr", event->kind == MW_BRK ? placed_addr(event) + 1 : event->addr);
	if (has_size(event->kind))
		json_u64(&json, "size", event->size);
	if (failed)
		json_bool(&json, "failed", true);
	else
		segmentjson_put_place(&json, &placed->segment, placed_addr(event));
	if (event->kind == MW_VMA_NAME)
		json_str(&json, "name", ((const struct mw_event_name *)event)->name);
	else if (is_call)
		put_call(&json, (const struct mw_event_map *)event);
	else
		put_block(sink, &json, placed);
	json_hex(&json, "sp", event->sp);
	if (placed->stack_used >= 0)
		json_u64(&json, "stack_used", placed->stack_used);
	if (event->caller)
		json_hex(&json, "caller", event->caller);
	if (placed->at)
		json_str(&json, "at", placed->at);
	if (placed->site)
		json_u64(&json, "stack", placed->site->id);
	if (via)
		json_str(&json, is_call || event->kind == MW_VMA_NAME ? "in" : "via", via);
	json_end(&json);
}

static void put_code(struct json *json, const struct frame *frame)
{
	if (frame->inlined)
		json_bool(json, "inlined", true);
	else if (frame->object)
		json_u64(json, "offset", frame->offset);
	if (frame->gap)
		json_bool(json, "gap", true);
	if (frame->object)
		json_str(json, "file", frame->object);
}

static void put_frame(struct json *json, const struct frame *frame)
{
	bool native = frame->language == FRAME_NATIVE;

	json_object(json, NULL);
	json_str(json, "lang", native ? "native" : "python");
	if (frame->function)
		json_str(json, "function", frame->function);
	if (native)
		put_code(json, frame);
	if (frame->file)
		json_str(json, native ? "source" : "file", frame->file);
	if (frame->line)
		json_u64(json, "line", frame->line);
	json_hex(json, "addr", frame->addr);
	if (frame->reason)
		json_str(json, "reason", frame->reason);
	json_object_end(json);
}

static void jsonl_stack(struct sink *sink, const struct mw_event *event, const struct site *site)
{
	struct json json;

	jsonl_line(sink, &json, "stack", event->ts_ns);
	json_u64(&json, "pid", event->pid);
	json_u64(&json, "id", site->id);
	if (site->truncated)
		json_bool(&json, "truncated", true);
	if (site->reason)
		json_str(&json, "reason", site->reason);
	if (site->native_reason)
		json_str(&json, "native_reason", site->native_reason);
	json_array(&json, "frames");
	for (size_t i = 0; i < site->n; i++)
		put_frame(&json, &site->frames[i]);
	json_array_end(&json);
	json_end(&json);
}

static void put_losses(struct json *json, const struct mw_counters *counters)
{
	json_object(json, "lost_by_type");
	for (int kind = 0; kind < MW_KIND_MAX; kind++)
		if (counters->lost[kind])
			json_u64(json, kind_name(kind), counters->lost[kind]);
	json_object_end(json);
	json_object(json, "lost_by_cause");
	for (int cause = 0; cause < MW_LOSS_MAX; cause++)
		if (counters->cause[cause])
			json_u64(json, loss_name(cause), counters->cause[cause]);
	json_object_end(json);
}

static void jsonl_lost(struct sink *sink, uint64_t ts_ns, uint32_t events,
		       const struct mw_counters *counters)
{
	struct json json;

	jsonl_line(sink, &json, "lost", ts_ns);
	json_u64(&json, "events", events);
	put_losses(&json, counters);
	json_end(&json);
}

static void jsonl_warning(struct sink *sink, uint64_t ts_ns, const char *text)
{
	struct json json;

	jsonl_line(sink, &json, "warning", ts_ns);
	json_str(&json, "text", text);
	json_end(&json);
}

static void jsonl_resident(struct sink *sink, uint64_t ts_ns, const struct resident *resident)
{
	struct json json;

	jsonl_line(sink, &json, "resident", ts_ns);
	json_u64(&json, "pid", resident->pid);
	json_u64(&json, "rss", resident->rss);
	json_u64(&json, "anon", resident->anon);
	json_u64(&json, "file", resident->file);
	json_u64(&json, "shmem", resident->shmem);
	json_u64(&json, "most", resident->most);
	json_end(&json);
}

static void put_amount(struct json *json, const char *key, const struct ledger_amount *amount)
{
	json_object(json, key);
	json_u64(json, "bytes", amount->bytes);
	json_u64(json, "blocks", amount->blocks);
	json_object_end(json);
}

static void put_ledger(struct json *json, const struct ledger *ledger)
{
	const struct ledger_totals *totals = &ledger->totals;

	put_amount(json, "in_use", &totals->live);
	put_amount(json, "peak", &totals->peak);
	json_u64(json, "allocs", totals->allocs);
	json_u64(json, "frees", totals->frees);
	json_u64(json, "bytes_allocated", totals->bytes);
	json_u64(json, "failed", totals->failed);
	json_u64(json, "pylongs", totals->pylongs);
	if (totals->ended.blocks)
		put_amount(json, "ended_by_exec", &totals->ended);
	json_array(json, "by_segment");
	for (int kind = 0; kind < SEGMENT_KINDS; kind++) {
		if (!ledger->by_kind[kind].blocks)
			continue;
		json_object(json, NULL);
		json_str(json, "segment", segment_kind_name(kind));
		json_u64(json, "bytes", ledger->by_kind[kind].bytes);
		json_u64(json, "blocks", ledger->by_kind[kind].blocks);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_completeness(struct json *json, const struct sink_summary *summary)
{
	const struct mw_counters *counters = summary->counters;

	json_object(json, "completeness");
	json_u64(json, "hits", sink_sum(counters->hits));
	json_u64(json, "delivered", sink_sum((const __u64 *)summary->delivered));
	json_u64(json, "lost", sink_sum(counters->lost));
	json_u64(json, "shown", summary->shown);
	json_u64(json, "nested", counters->nested);
	json_u64(json, "unmatched_frees", summary->ledger->totals.unmatched);
	json_u64(json, "internal_frees", summary->ledger->totals.internal);
	json_u64(json, "superseded_blocks", summary->ledger->totals.superseded);
	json_u64(json, "unkept_blocks", summary->ledger->unkept);
	json_u64(json, "malformed", summary->malformed);
	json_u64(json, "output_lines_lost", summary->output_lost);
	json_u64(json, "values_unknown", summary->values_unknown);
	put_losses(json, counters);
	json_object_end(json);
}

static void put_coverage(struct json *json, const struct coverage *coverage)
{
	const char *doubt = coverage_doubt(coverage);

	json_object(json, "ints");
	json_u64(json, "by_sites", coverage->by_sites);
	json_u64(json, "by_functions", coverage->by_functions);
	json_u64(json, "cached", coverage->cached);
	json_u64(json, "strays", coverage->strays);
	if (doubt)
		json_str(json, "doubt", doubt);
	json_object_end(json);
}

static void jsonl_end(struct sink *sink, const struct sink_summary *summary)
{
	struct json json;

	jsonl_line(sink, &json, "summary", summary->ts_ns);
	json_str(&json, "reason", summary->reason);
	json_array(&json, "targets");
	for (size_t i = 0; i < summary->n_ends; i++) {
		const struct sink_end *end = &summary->ends[i];

		json_object(&json, NULL);
		json_u64(&json, "pid", end->pid);
		json_bool(&json, "ended", end->ended);
		if (end->ended && end->status >= 0)
			put_status(&json, end->status);
		if (end->has_ints)
			put_coverage(&json, &end->ints);
		json_object_end(&json);
	}
	json_array_end(&json);
	put_ledger(&json, summary->ledger);
	put_completeness(&json, summary);
	json_end(&json);
}

const struct sink_ops sink_jsonl = {
	.begin = jsonl_begin,
	.probe = jsonl_probe,
	.ints = jsonl_ints,
	.segment = jsonl_segment,
	.event = jsonl_event,
	.value = jsonl_value,
	.stack = jsonl_stack,
	.lost = jsonl_lost,
	.warning = jsonl_warning,
	.resident = jsonl_resident,
	.leaks = sink_jsonl_leaks,
	.end = jsonl_end,
};
