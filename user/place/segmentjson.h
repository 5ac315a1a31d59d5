/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * segmentjson.h - what JSON records say of segments: events.schema.json.
 */
#ifndef MWBPF_SEGMENTJSON_H
#define MWBPF_SEGMENTJSON_H

#include <sys/types.h>

#include "base/json.h"
#include "place/segment.h"

/* All fields of a segment itself, behind type and ts_ns. */
void segmentjson_put(struct json *json, pid_t pid, const struct segment *segment);

/* In which segment an address is, and how far from its start; a hole has id 0. */
void segmentjson_put_place(struct json *json, const struct segment *segment, uint64_t addr);

#endif
