/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * suppress.h - sites that are known and no leaks, named as for LeakSanitizer: lines of
 * leak:PATTERN, where # begins a comment. PATTERN is part of a function's, file's or object's
 * name in the stack; * stands for any text, ^ in front and $ behind for its ends.
 */
#ifndef MWBPF_SUPPRESS_H
#define MWBPF_SUPPRESS_H

#include "place/site.h"

struct suppressions {
	char **patterns;
	size_t n;
};

/* Read a file. Says what is wrong with it; 0 or -errno. NULL path: none. */
int suppressions_read(struct suppressions *suppressions, const char *path);
void suppressions_clear(struct suppressions *suppressions);

/* The first pattern that a frame fits; NULL: none. */
const char *suppressions_find(const struct suppressions *suppressions, const struct frame *frames,
			      size_t n);

/* Whether a pattern is part of the text. */
bool suppress_match(const char *pattern, const char *text);

#endif
