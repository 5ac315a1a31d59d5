/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * facts.h - what a trace says of itself: its header and its summary, and how a file of it read.
 */
#ifndef MWBPF_FACTS_H
#define MWBPF_FACTS_H

#include <mwbpf/event.h>

#include "base/intern.h"
#include "sink/sink.h"

#define FACTS_TARGETS_MAX 256 /* as many as --pid can name */

#define FACTS_WARNINGS_MAX 32
#define FACTS_COMMAND_MAX 512 /* bytes of a command line that are kept */

struct fact_target {
	uint32_t pid;
	const char *command; /* its arguments with spaces between them */
	bool launched;
	bool ended;
	int status;	     /* of wait(); -1: not known */
	const char *doubt;   /* why ints may be missing; NULL */
};

/* Strings live as long as the facts. */
struct facts {
	struct intern strings;
	bool has_header;
	const char *time, *version, *kernel;
	const char *events;  /* of --events; NULL: all were shown */
	uint64_t min_size, max_size; /* of the events shown */
	struct fact_target targets[FACTS_TARGETS_MAX];
	size_t n_targets;

	bool has_summary;
	const char *reason;  /* what ended the trace */
	uint64_t end_ns;     /* since the start */
	uint64_t hits, delivered, lost;
	uint64_t lost_by_kind[MW_KIND_MAX];
	uint64_t lost_by_cause[MW_LOSS_MAX];
	uint64_t output_lost, values_unknown, malformed;

	const char *warnings[FACTS_WARNINGS_MAX];
	size_t n_warnings;   /* those beyond are not kept */

	/* of a file */
	bool is_file;
	bool cut;	     /* in the middle of a line */
	uint64_t bad_lines, first_bad; /* lines that are none of ours, and the first's number */
	uint64_t unknown;    /* records of types that this mwbpf does not know */
	const char *error;   /* why reading ended early; NULL */
};

void facts_init(struct facts *facts);
void facts_clear(struct facts *facts);

/* Of a live trace. */
void facts_header(struct facts *facts, const struct sink_header *header);
void facts_summary(struct facts *facts, const struct sink_summary *summary, uint64_t start_ns);

/* Something that was said to the person during the trace. */
void facts_warn(struct facts *facts, const char *text);

/* The target of that pid; NULL. */
struct fact_target *facts_target(struct facts *facts, uint32_t pid);

/* A target to fill in; NULL: there are too many. */
struct fact_target *facts_add_target(struct facts *facts, uint32_t pid);

/* Add a word to a command line of at most cap bytes. */
void facts_append(char *line, size_t cap, const char *word);

#endif
