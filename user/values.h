/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * values.h - the values of ints that were not written yet when the ints were seen being made.
 *
 * The BPF programs read them at a later event of the thread and send them behind. Where no
 * such event comes, they are read from here, once the thread waits in a system call.
 */
#ifndef MWBPF_VALUES_H
#define MWBPF_VALUES_H

#include "base/hash.h"
#include "place/place.h"
#include "sink/sink.h"

struct value_wait;

struct values {
	struct place *place;
	struct sink *sink;
	uint64_t *unknown;	/* counts the values that are not known */
	struct hash by_number;	/* of thread and number -> struct value_wait */
	struct hash by_addr;	/* of process and address, likewise: the last one there */
	struct value_wait *first, *last; /* the oldest and the youngest */
	size_t n;
	uint64_t looked_ns; /* for those that wait for long */
};

void values_init(struct values *values, struct place *place, struct sink *sink, uint64_t *unknown);
void values_clear(struct values *values);

/* At each event that is placed: what lies where an int is made now is no longer there. */
void values_see(struct values *values, const struct mw_event *event);

/* The value of this int is to come; it goes into the sink's last hole. */
void values_await(struct values *values, const struct mw_event *event);

/* A VALUE or DIGITS record. */
void values_take(struct values *values, const struct mw_event *event);

/*
 * Now and then, when all events of up to now have been seen: see to those that have waited for
 * patience. now: CLOCK_MONOTONIC.
 */
void values_tick(struct values *values, uint64_t now_ns, uint64_t patience_ns);

/* Events were lost: one of them may have told that memory was used again. */
void values_lost(struct values *values);

/* The end: no more records will come. */
void values_end(struct values *values);

#endif
