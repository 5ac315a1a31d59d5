// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* codemap.c - which file an address of code lies in. */
#include "report/codemap.h"

#include <stdlib.h>

void codemap_clear(struct codemap *map)
{
	struct code_segment *segment;
	size_t at = 0;

	while ((segment = hash_next(&map->by_id, &at, NULL)))
		free(segment);
	hash_clear(&map->by_id);
	intern_clear(&map->names);
}

void codemap_segment(struct codemap *map, const struct code_segment *segment, bool gone)
{
	struct code_segment *kept = hash_get(&map->by_id, segment->id);

	if (gone || *segment->name != '/') {
		free(hash_remove(&map->by_id, segment->id));
		return;
	}
	if (!kept && map->by_id.n < CODEMAP_MAX) {
		kept = malloc(sizeof(*kept));
		if (kept && hash_set(&map->by_id, segment->id, kept)) {
			free(kept);
			kept = NULL;
		}
	}
	if (!kept)
		return;
	*kept = *segment;
	kept->name = intern(&map->names, segment->name);
}

static const struct code_segment *segment_at(const struct codemap *map, uint32_t pid, uint64_t addr)
{
	const struct code_segment *segment;
	size_t at = 0;

	while ((segment = hash_next(&map->by_id, &at, NULL)))
		if (segment->pid == pid && addr >= segment->start && addr < segment->end)
			return segment;
	return NULL;
}

const char *codemap_find(const struct codemap *map, uint32_t pid, uint64_t addr, uint64_t *offset)
{
	const struct code_segment *found = segment_at(map, pid, addr), *segment;
	uint64_t lowest;
	size_t at = 0;

	if (!found)
		return NULL;
	lowest = found->start;
	while ((segment = hash_next(&map->by_id, &at, NULL)))
		if (segment->pid == pid && segment->name == found->name && segment->start < lowest)
			lowest = segment->start;
	*offset = addr - lowest;
	return found->name;
}
