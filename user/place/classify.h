/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * classify.h - what a range of memory is, from the kernel's map and the mapped file.
 */
#ifndef MWBPF_CLASSIFY_H
#define MWBPF_CLASSIFY_H

#include "base/intern.h"
#include "place/segment.h"
#include "target/image.h"

/* Where the zeroed data of a mapped image lies; only its file says so. */
struct bss {
	uint64_t start, end;
	const char *name; /* of the file; interned */
};

struct bss_list {
	struct bss *at;
	size_t n;
};

/* Where images have been found to lie: their biases, for mappings that fit two PT_LOADs. */
struct placement {
	const struct image *image;
	uint64_t bias;
};

/* What classification needs to know of the process. */
struct classify {
	pid_t pid;
	struct images *images;
	struct intern *names;
	struct bss_list bss;
	struct placement *placements;
	size_t n_placements;
};

#define CLASSIFY_MAX 2 /* parts one mapping can have: data and bss */

/*
 * Cut a mapping into segments of one kind each; born_ns and id are left 0. Returns how
 * many, 1 to CLASSIFY_MAX. Remembers the bss of images it meets.
 */
size_t classify(struct classify *classify, const struct mapping *m,
		struct segment parts[CLASSIFY_MAX]);

void classify_clear(struct classify *classify);

#endif
