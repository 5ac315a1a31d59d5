/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * jitmap.h - names of code made at run time, from the file that its maker writes for perf.
 *
 * /tmp/perf-PID.map of the target, a line a function: start, size (both in hex), name. It
 * grows while the program runs (Linux, tools/perf/Documentation/jit-interface.txt).
 */
#ifndef MWBPF_JITMAP_H
#define MWBPF_JITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct jit_function {
	uint64_t start, end; /* half-open */
	const char *name;    /* in text */
	size_t line;	     /* of two for one address the later is right */
};

struct jitmap {
	struct jit_function *at;
	size_t n;
	char *text;
	uint64_t size, looked_ns; /* of the file when it was read; when it was looked at last */
};

/*
 * The function that holds addr, and where it begins; NULL. Reads the file, again when it
 * has grown, but not more often than every JITMAP_EVERY_NS. A zeroed struct is an empty map.
 */
const char *jitmap_find(struct jitmap *map, pid_t pid, uint64_t addr, uint64_t *start);

/* As read, from text of len bytes allocated with malloc, which becomes the map's. */
void jitmap_parse(struct jitmap *map, char *text, size_t len);

void jitmap_clear(struct jitmap *map);

#define JITMAP_EVERY_NS 100000000ULL
#define JITMAP_MAX	(64u << 20) /* bytes; a larger file is read so far */

#endif
