// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fuzz_jitmap.c - any bytes as a perf map: what is found holds what was looked for. */
#include <stdlib.h>
#include <string.h>
#include "place/jitmap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jitmap map = { 0 };
	char *text = malloc(size + 1);
	const char *name;
	uint64_t start;

	memcpy(text, data, size);
	jitmap_parse(&map, text, size);
	map.looked_ns = UINT64_MAX;
	for (size_t i = 0; i < map.n; i++) {
		if (map.at[i].end <= map.at[i].start || !map.at[i].name[0])
			abort();
		name = jitmap_find(&map, 0, map.at[i].start, &start);
		if (!name || start != map.at[i].start || strlen(name) > size)
			abort();
	}
	jitmap_clear(&map);
	return 0;
}
