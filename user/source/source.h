/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * source.h - a saved trace, read as the live one is taken: into facts and a history.
 */
#ifndef MWBPF_SOURCE_H
#define MWBPF_SOURCE_H

#include "report/facts.h"
#include "report/history.h"

struct source;

/* Who is told of each event once the ledger has it; may be NULL. */
struct source_watch {
	void (*event)(void *context, const struct ledger_event *event,
		      const struct ledger_outcome *outcome);
	void *context;
};

/* Facts and history stay the caller's, and are to go before the source. NULL without memory. */
struct source *source_new(struct facts *facts, struct history *history,
			  const struct source_watch *watch);
void source_free(struct source *source);

/*
 * Read all lines of a file; "-" is standard input. Lines that are wrong are counted in the
 * facts, which also say where the file ends too early. 0, or -errno after saying why nothing
 * of it could be read.
 */
int source_read(struct source *source, const char *path);

/* One line of a trace. False: it is none of ours, and nothing of it was taken. */
bool source_line(struct source *source, const char *line, size_t len);

/* After the last line: facts that follow from what was there and what was not. */
void source_settle(struct source *source);

#endif
