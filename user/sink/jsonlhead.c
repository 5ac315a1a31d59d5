// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* jsonlhead.c - what is said of targets and probes: the header, and records that add to it. */
#include <stdio.h>

#include "base/fmt.h"
#include "sink/jsonl.h"

#define SCHEMA 1

void jsonl_line(struct sink *sink, struct json *json, const char *type, uint64_t ts_ns)
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

void jsonl_begin(struct sink *sink, const struct sink_header *header)
{
	struct json json;

	jsonl_line(sink, &json, "header", header->start_ns);
	json_u64(&json, "schema", SCHEMA);
	json_str(&json, "tool", "mwbpf");
	json_str(&json, "version", header->version);
	json_str(&json, "kernel", header->kernel);
	json_str(&json, "time", fmt_time((char[FMT_TIME]){ 0 }, header->realtime_ns));
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

void jsonl_probe(struct sink *sink, const struct sink_probe *probe, uint64_t ts_ns)
{
	struct json json;

	jsonl_line(sink, &json, "probe", ts_ns);
	put_probe(&json, probe);
	json_end(&json);
}

void jsonl_ints(struct sink *sink, const struct sink_ints *ints, uint64_t ts_ns)
{
	struct json json;

	jsonl_line(sink, &json, "ints", ts_ns);
	json_u64(&json, "pid", ints->pid);
	put_ints(&json, ints);
	json_end(&json);
}
