// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* jsonl.c - one JSON object a line; include/mwbpf/events.schema.json says what is in them. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/json.h"
#include "sink/sink.h"
#include "sink/words.h"

#define SCHEMA 1

static void begin_line(struct sink *sink, struct json *json, const char *type, uint64_t ts_ns)
{
	json_begin(json, sink->out);
	json_str(json, "type", type);
	/* an event that BPF reserved while the clock of the header was being read */
	json_u64(json, "ts_ns", ts_ns > sink->start_ns ? ts_ns - sink->start_ns : 0);
}

static void put_probe(struct json *json, const struct sink_probe *probe)
{
	json_u64(json, "pid", probe->pid);
	json_str(json, "symbol", probe->symbol);
	json_str(json, "family", probe->family);
	json_str(json, "file", probe->file);
	json_str(json, "build_id", probe->build_id[0] ? probe->build_id : NULL);
	json_hex(json, "offset", probe->offset);
	json_u64(json, "moved", probe->moved);
	json_hex(json, "addr", probe->addr);
	json_str(json, "instruction", probe->instruction);
	json_bool(json, "emulated", probe->emulated);
	json_str(json, "why", probe->why);
	if (probe->shares)
		json_str(json, "shares", probe->shares);
}

static void put_ints(struct json *json, const struct sink_ints *ints)
{
	json_str(json, "file", ints->file);
	json_u64(json, "functions", ints->exported);
	json_u64(json, "sites", ints->sites);
	json_object(json, "by");
	for (size_t way = 0; way < SINK_WAYS; way++)
		json_u64(json, sink_way(way), ints->by_way[way]);
	json_object_end(json);
	json_u64(json, "emulated", ints->emulated);
	json_u64(json, "stepped", ints->sites - ints->emulated);
	json_u64(json, "unsure", ints->unsure);
	json_bool(json, "cached", ints->cached);
	json_u64(json, "took_ns", ints->took_ns);
	if (ints->reason)
		json_str(json, "reason", ints->reason);
}

static void put_target(struct json *json, const struct sink_target *target)
{
	const char state[2] = { target->state, '\0' };

	json_object(json, NULL);
	json_u64(json, "pid", target->pid);
	json_str(json, "exe", target->exe);
	json_array(json, "command");
	for (char *const *arg = target->argv; *arg; arg++)
		json_str(json, NULL, *arg);
	json_array_end(json);
	json_str(json, "state", state);
	json_bool(json, "launched", target->launched);
	json_str(json, "allocator", target->allocator);
	json_str(json, "allocator_why", target->allocator_why);
	json_str(json, "python", target->python);
	json_str(json, "python_why", target->python_why);
	json_u64(json, "int_sites", target->ints.sites);
	if (target->ints.file) {
		json_object(json, "ints");
		put_ints(json, &target->ints);
		json_object_end(json);
	} else {
		json_null(json, "ints");
	}
	json_object_end(json);
}

static void put_time(struct json *json, uint64_t realtime_ns)
{
	time_t seconds = realtime_ns / 1000000000;
	char text[64], whole[80];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(whole, sizeof(whole), "%s.%09uZ", text, (unsigned)(realtime_ns % 1000000000));
	json_str(json, "time", whole);
}

static void jsonl_begin(struct sink *sink, const struct sink_header *header)
{
	struct json json;

	begin_line(sink, &json, "header", header->start_ns);
	json_u64(&json, "schema", SCHEMA);
	json_str(&json, "tool", "mwbpf");
	json_str(&json, "version", header->version);
	json_str(&json, "kernel", header->kernel);
	put_time(&json, header->realtime_ns);
	json_u64(&json, "monotonic_ns", header->start_ns);
	json_str(&json, "tier", header->tier);
	json_str(&json, "tier_why", header->tier_why);
	json_str(&json, "syscalls", header->syscalls);
	json_object(&json, "options");
	json_u64(&json, "buffer", header->buffer);
	json_str(&json, "events", header->events);
	json_u64(&json, "min_size", header->min_size);
	if (header->max_size == UINT64_MAX)
		json_null(&json, "max_size");
	else
		json_u64(&json, "max_size", header->max_size);
	json_object_end(&json);
	json_array(&json, "targets");
	for (size_t i = 0; i < header->n_targets; i++)
		put_target(&json, &header->targets[i]);
	json_array_end(&json);
	json_array(&json, "probes");
	for (size_t i = 0; i < header->n_probes; i++) {
		json_object(&json, NULL);
		put_probe(&json, &header->probes[i]);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_end(&json);
}

static void jsonl_probe(struct sink *sink, const struct sink_probe *probe, uint64_t ts_ns)
{
	struct json json;

	begin_line(sink, &json, "probe", ts_ns);
	put_probe(&json, probe);
	json_end(&json);
}

static void jsonl_ints(struct sink *sink, const struct sink_ints *ints, uint64_t ts_ns)
{
	struct json json;

	begin_line(sink, &json, "ints", ts_ns);
	json_u64(&json, "pid", ints->pid);
	put_ints(&json, ints);
	json_end(&json);
}

static void jsonl_segment(struct sink *sink, pid_t pid, const struct segment_change *change,
			  uint64_t ts_ns)
{
	const struct segment *segment = &change->segment;
	struct json json;
	char perms[5];

	sink_perms(segment, perms);
	begin_line(sink, &json, "segment", ts_ns);
	json_u64(&json, "pid", pid);
	json_u64(&json, "id", segment->id);
	json_hex(&json, "start", segment->start);
	json_hex(&json, "end", segment->end);
	json_str(&json, "perms", perms);
	json_str(&json, "kind", segment_kind_name(segment->kind));
	json_str(&json, "layer", segment_kind_layer(segment->kind));
	json_str(&json, "name", segment->name);
	if (segment->tid)
		json_u64(&json, "tid", segment->tid);
	if (change->what == SEGMENT_GONE)
		json_u64(&json, "end_ts_ns", ts_ns > sink->start_ns ? ts_ns - sink->start_ns : 0);
	json_end(&json);
}

static void put_place(struct json *json, const struct placed *placed)
{
	const struct segment *segment = &placed->segment;

	json_str(json, "segment", segment_kind_name(segment->kind));
	if (!segment->id)
		return;
	json_u64(json, "map", segment->id);
	json_u64(json, "off", placed_addr(placed->event) - segment->start);
	if (segment->tid)
		json_u64(json, "stack_of", segment->tid);
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

static void put_block(struct json *json, const struct placed *placed)
{
	const struct mw_event *event = placed->event;

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

	begin_line(sink, &json, thread ? "thread" : kind_name(event->kind), event->ts_ns);
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
	begin_line(sink, &json, kind_name(event->kind), event->ts_ns);
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
		put_place(&json, placed);
	if (event->kind == MW_VMA_NAME)
		json_str(&json, "name", ((const struct mw_event_name *)event)->name);
	else if (is_call)
		put_call(&json, (const struct mw_event_map *)event);
	else
		put_block(&json, placed);
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

	begin_line(sink, &json, "stack", event->ts_ns);
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

	begin_line(sink, &json, "lost", ts_ns);
	json_u64(&json, "events", events);
	put_losses(&json, counters);
	json_end(&json);
}

static void jsonl_warning(struct sink *sink, uint64_t ts_ns, const char *text)
{
	struct json json;

	begin_line(sink, &json, "warning", ts_ns);
	json_str(&json, "text", text);
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
	put_losses(json, counters);
	json_object_end(json);
}

static void jsonl_end(struct sink *sink, const struct sink_summary *summary)
{
	struct json json;

	begin_line(sink, &json, "summary", summary->ts_ns);
	json_str(&json, "reason", summary->reason);
	json_array(&json, "targets");
	for (size_t i = 0; i < summary->n_ends; i++) {
		const struct sink_end *end = &summary->ends[i];

		json_object(&json, NULL);
		json_u64(&json, "pid", end->pid);
		json_bool(&json, "ended", end->ended);
		if (end->ended && end->status >= 0)
			put_status(&json, end->status);
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
	.stack = jsonl_stack,
	.lost = jsonl_lost,
	.warning = jsonl_warning,
	.end = jsonl_end,
};
