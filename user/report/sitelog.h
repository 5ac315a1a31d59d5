/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * sitelog.h - what each stack allocated, in time: a constant cost an event, nothing of it kept.
 *
 * What a site held at the peak is known without looking at all sites when there is a new one:
 * peaks are numbered, and a site that is about to change, or the report in the end, sees from
 * the number of its last change whether there was one since. The slope is that of the
 * least-squares line through live bytes as a function of time, which is constant between
 * events: two integrals, of bytes and of time times bytes, are all it takes.
 */
#ifndef MWBPF_SITELOG_H
#define MWBPF_SITELOG_H

#include "base/hash.h"
#include "ledger/ledger.h"
#include "place/site.h"

struct sitelog {
	uint32_t id;		/* of the stack record; 0: calls whose stack is not known */
	const struct frame *frames; /* innermost first; the caller's */
	size_t n_frames;
	bool truncated;
	const char *reason;	/* why the stack is not whole; NULL */
	struct ledger_amount total, freed, live, at_peak, temporary;
	uint64_t epoch;		/* number of the peak that at_peak is about */
	uint64_t first_ns;	/* of its first allocation ... */
	uint64_t changed_ns;	/* ... and of its last change, since the start */
	uint64_t most_bytes;	/* live at once ... */
	uint64_t most_ns;	/* ... and when first */
	double area;		/* integral of live bytes, byte seconds */
	double moment;		/* integral of time times live bytes, since first_ns */
	uint64_t reallocs;	/* that made a block of another one */
	uint64_t moved_bytes;	/* copied by them to another address */
	unsigned chain;		/* most reallocs in a row */

	/* filled in the end, from the live blocks */
	uint64_t oldest_ns;	/* birth of the oldest; UINT64_MAX: none is live */
	struct ledger_amount old;     /* older than was asked */
	struct ledger_amount certain; /* of them, made since events were lost last */
};

struct sitelogs {
	struct hash by_id;
	struct sitelog unknown; /* id 0 */
	uint64_t epoch;		/* peaks so far */
};

void sitelogs_clear(struct sitelogs *logs);

/* Begin the log of a stack. NULL without memory, or when there is one already. */
struct sitelog *sitelogs_add(struct sitelogs *logs, uint32_t id);

/* That of a stack; of all stacks not known for one that was not added. */
struct sitelog *sitelogs_find(struct sitelogs *logs, uint32_t id);

/* A block came or went; now_ns since the start. */
void sitelog_in(const struct sitelogs *logs, struct sitelog *log, uint64_t bytes, uint64_t now_ns);
void sitelog_out(const struct sitelogs *logs, struct sitelog *log, uint64_t bytes, uint64_t now_ns);

/* Bring at_peak and the integrals up to the end. */
void sitelog_settle(const struct sitelogs *logs, struct sitelog *log, uint64_t now_ns);

/* Live bytes a second, from its first allocation to its last change; NAN: too few of them. */
double sitelog_slope(const struct sitelog *log);

/* Visit all, id 0 last: *at begins as 0; NULL at the end. */
struct sitelog *sitelogs_next(struct sitelogs *logs, size_t *at);

#endif
