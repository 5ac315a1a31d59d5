/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * jsonl.h - internal to the JSON lines sink: one JSON object a line.
 */
#ifndef MWBPF_SINK_JSONL_H
#define MWBPF_SINK_JSONL_H

#include "base/json.h"
#include "sink/sink.h"

/* Begin the line of a record; json_end ends it. */
void jsonl_line(struct sink *sink, struct json *json, const char *type, uint64_t ts_ns);

/* The first record, and those of code that was mapped later. */
void jsonl_begin(struct sink *sink, const struct sink_header *header);
void jsonl_probe(struct sink *sink, const struct sink_probe *probe, uint64_t ts_ns);
void jsonl_ints(struct sink *sink, const struct sink_ints *ints, uint64_t ts_ns);

#endif
