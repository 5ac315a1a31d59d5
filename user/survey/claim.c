// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* claim.c - what anonymous memory is, by those who manage it. */
#include "survey/claim.h"

#include <sys/mman.h>

static bool is_free(const struct segment *segment)
{
	return segment && segment->prot & PROT_WRITE &&
	       (segment->kind == SEGMENT_ANON || segment->kind == SEGMENT_MMAP_CHUNK);
}

bool claim(struct segments *segments, uint64_t start, uint64_t end, enum segment_kind kind,
	   uint32_t tid)
{
	const struct segment *around;
	struct segment segment = { 0 };

	for (uint64_t at = start; at < end; at = around->end) {
		around = segments_find(segments, at);
		if (!is_free(around))
			return false;
		if (at == start)
			segment = *around;
	}
	if (start >= end)
		return false;
	segment.start = start;
	segment.end = end;
	segment.kind = kind;
	segment.tid = tid;
	segments_add(segments, &segment);
	return true;
}
