/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * census.h - censuses that were saved, and what has become of them.
 */
#ifndef MWBPF_SOURCE_CENSUS_H
#define MWBPF_SOURCE_CENSUS_H

#include "base/intern.h"
#include "cpython/census.h"

/* One type in two censuses; types of one name are one. */
struct census_change {
	const char *name; /* interned */
	struct census_sum {
		uint64_t count, bytes;
	} before, after;
};

struct census_diff {
	struct census_change *at; /* the largest change of bytes first */
	size_t n, cap;
	struct census_sum before, after; /* of all */
	struct hash rows; /* an interned name -> index + 1 */
	struct intern names;
};

/*
 * Compare two files that mwbpf walk --census=FILE wrote, plain or compressed with zstd; *diff
 * is the caller's, ended by census_diff_clear, also after an error. 0, or -errno after saying
 * what is wrong.
 */
int census_diff(const char *before, const char *after, struct census_diff *diff);
void census_diff_clear(struct census_diff *diff);

#endif
