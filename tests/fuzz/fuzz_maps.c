// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fuzz_maps.c - /proc/PID/maps holds file names of the target's choosing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "target/maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct maps maps;

	memcpy(text, data, size);
	text[size] = '\0';
	if (maps_parse(text, size, &maps))
		return 0;
	for (size_t i = 0; i < maps.n; i++) {
		if (maps.at[i].start >= maps.at[i].end || strlen(maps.at[i].name) > size)
			abort();
		if (maps_find(&maps, maps.at[i].start) != &maps.at[i] ||
		    maps_find(&maps, maps.at[i].end - 1) != &maps.at[i])
			abort();
	}
	maps_clear(&maps);
	return 0;
}
