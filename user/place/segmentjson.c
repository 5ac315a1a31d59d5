// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* segmentjson.c - what JSON records say of segments. */
#include "place/segmentjson.h"

void segmentjson_put(struct json *json, pid_t pid, const struct segment *segment)
{
	char perms[5];

	segment_perms(segment, perms);
	json_u64(json, "pid", pid);
	json_u64(json, "id", segment->id);
	json_hex(json, "start", segment->start);
	json_hex(json, "end", segment->end);
	json_str(json, "perms", perms);
	json_str(json, "kind", segment_kind_name(segment->kind));
	json_str(json, "layer", segment_kind_layer(segment->kind));
	json_str(json, "name", segment->name);
	if (segment->tid)
		json_u64(json, "tid", segment->tid);
}

void segmentjson_put_place(struct json *json, const struct segment *segment, uint64_t addr)
{
	json_str(json, "segment", segment_kind_name(segment->kind));
	if (!segment->id)
		return;
	json_u64(json, "map", segment->id);
	json_u64(json, "off", addr - segment->start);
	if (segment->tid)
		json_u64(json, "stack_of", segment->tid);
}
