/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * codemap.h - which file an address of code lies in, for callers that have no other name.
 */
#ifndef MWBPF_CODEMAP_H
#define MWBPF_CODEMAP_H

#include <stdbool.h>

#include "base/intern.h"

#define CODEMAP_MAX 4096 /* segments kept: a look-up looks at all of them */

/* A segment that shows a file. */
struct code_segment {
	uint32_t pid, id;
	uint64_t start, end;
	const char *name; /* a path */
};

struct codemap {
	struct hash by_id; /* of the segment */
	struct intern names;
};

/* A segment appeared or changed, or is gone. Those that show no file are left out. */
void codemap_segment(struct codemap *map, const struct code_segment *segment, bool gone);
void codemap_clear(struct codemap *map);

/*
 * The file that an address of a process lies in, and how far behind the lowest address of that
 * file. NULL: in none. The name lives as long as the map.
 */
const char *codemap_find(const struct codemap *map, uint32_t pid, uint64_t addr, uint64_t *offset);

#endif
