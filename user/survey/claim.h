/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * claim.h - what anonymous memory is, by those who manage it.
 */
#ifndef MWBPF_SURVEY_CLAIM_H
#define MWBPF_SURVEY_CLAIM_H

#include "place/segment.h"

/*
 * Make [start, end) a segment of a kind, of a thread or of none (tid 0). False, and nothing
 * is done, when it is not all writable memory that nobody manages so far: mmap-chunk is but
 * what memory looks like.
 */
bool claim(struct segments *segments, uint64_t start, uint64_t end, enum segment_kind kind,
	   uint32_t tid);

#endif
