/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * parts.h - internal to source/: the records by their types.
 */
#ifndef MWBPF_SOURCE_PARTS_H
#define MWBPF_SOURCE_PARTS_H

#include "base/scan.h"
#include "source/source.h"

struct source {
	struct facts *facts;
	struct history *history;
	struct source_watch watch;
	uint32_t program[FACTS_TARGETS_MAX]; /* numbers of what the targets run */
	uint32_t next_program;
	uint32_t execs;		/* each looks at all blocks: so many, and not more, are taken */
	size_t last_target;	/* of the last event: the next is often of the same */
	uint8_t last_kind;	/* likewise the kind of its segment */
	uint64_t line;		/* number of the current one, from 1 */
	uint64_t good;		/* lines that were taken */
	bool second;		/* another trace began: it was not read */
	struct kept *kept;	/* memory that the history points to */
};

/* Memory that lives as long as the source; zeroed. NULL without. */
void *source_keep(struct source *source, size_t bytes);

/* The kept copy of a string; "" without memory. */
const char *source_intern(struct source *source, const struct scan_text *text);

/* Index of a target, which is added when there was no header; -1: it is none. */
int source_target(struct source *source, uint64_t pid);

/* The kind of segment of that name; unknown for others. */
uint8_t source_kind(struct source *source, const struct scan_text *text);

/*
 * Take the members behind "type" and "ts_ns" of a record. False: it lacks something. Whether
 * it is well-formed is asked before: each scans a line that is.
 */
bool source_header(struct source *source, struct scan *scan, uint64_t ts_ns);
bool source_stack(struct source *source, struct scan *scan, uint64_t ts_ns);
bool source_lost(struct source *source, struct scan *scan, uint64_t ts_ns);
bool source_warning(struct source *source, struct scan *scan, uint64_t ts_ns);
bool source_leaks(struct source *source, struct scan *scan, uint64_t ts_ns);
bool source_leak(struct source *source, struct scan *scan, uint64_t ts_ns);
bool source_resident(struct source *source, struct scan *scan, uint64_t ts_ns);
bool source_segment(struct source *source, struct scan *scan, uint64_t ts_ns);
bool source_summary(struct source *source, struct scan *scan, uint64_t ts_ns);

/* The same of an event. */
bool source_event(struct source *source, struct scan *scan, unsigned kind, uint64_t ts_ns);

#endif
