/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * place.h - an event, and where everything it names lies.
 */
#ifndef MWBPF_PLACE_H
#define MWBPF_PLACE_H

#include "place/native.h"
#include "place/pyint.h"
#include "place/site.h"
#include "place/space.h"

/* An event with all that is known of it. Valid until the next one is placed. */
struct placed {
	const struct mw_event *event;
	struct space *space;
	const struct site *site; /* where the call was made; NULL: not known */
	const char *at;		 /* the innermost frame in words; NULL: not known */
	const char *maker;	 /* of an int: the function or file offset that made it; NULL */
	struct pyint value;	/* of an int */
	bool new_site;		/* the first time: for an event of kind STACK only */
	uint32_t program;	/* space->number, at exec that of the program that ends */
	struct segment segment;	/* of its address; kind unknown and id 0 in a hole */
	int64_t stack_used;	/* bytes; -1: not known */
	bool reused;		/* a new block at the address the thread freed last */
	bool by_allocator;	/* the call came from the allocator's own file */

	/* filled by the ledger */
	bool ended;		/* free and realloc ended a block: */
	uint64_t old_size;	/* its bytes */
	uint64_t old_born_ns;	/* its birth */
	bool unmatched;		/* free or realloc of a block that is not in the ledger */
	bool internal;		/* and the allocator's own code freed it: not the program */
};

struct place {
	struct hash spaces;	/* pid -> struct space */
	struct images *images;
	struct intern names;
	uint32_t next_segment_id;
	struct sites sites;
	struct native native;
	const char **makers;	/* by the number of an int site */
	size_t n_makers;
};

void place_init(struct place *place, struct images *images);
void place_clear(struct place *place);

/* From now on code has names; debug_dir: of --debug-dir, NULL: none. */
void place_name_code(struct place *place, const char *debug_dir);

/* Begin with a process, from its map as it is now. 0 or -errno. */
int place_add(struct place *place, pid_t pid, struct space **space);

/* Name the next int site. 0 or -ENOMEM. */
int place_add_maker(struct place *place, const char *name);

/* NULL for a process that was not added. */
struct space *place_space(const struct place *place, pid_t pid);

/* What an event is about: the address that is placed. */
uint64_t placed_addr(const struct mw_event *event);

/*
 * Place one event: applies what it changes, then looks up what it names. The changes of
 * segments wait in placed->space->segments until segments_settle. 0, or -ESRCH for an
 * event of a process that was not added.
 */
int place_event(struct place *place, const struct mw_event *event, struct placed *placed);

#endif
