/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * ring.h - events off the ring, in the order in which they were reserved.
 */
#ifndef MWBPF_RING_H
#define MWBPF_RING_H

#include <stddef.h>
#include <stdint.h>

#include <mwbpf/config.h>

struct ring;

/* Takes one event, which is gone when it returns; other than 0 ends the pump. */
typedef int (*ring_fn)(void *context, const struct mw_event *event);

/* Where the programs put what they see: see event.h. */
struct ring_source {
	int ring_fd;
	int slots_fd; /* of an array that can be mapped */
	uint32_t n_slots; /* a power of two; 0: all events are in the ring */
	struct mw_positions *positions; /* of the slots; shared with the programs */
};

/* 0 or -errno. The source's descriptors and positions must outlive the ring. */
int ring_new(const struct ring_source *source, ring_fn fn, void *context, struct ring **out);
void ring_free(struct ring *ring);

/*
 * Take what is there, but at most budget records, so that the caller's other business
 * is never far. Returns how many were taken, or -errno.
 */
int ring_pump(struct ring *ring, size_t budget);

/*
 * Becomes readable when BPF wakes the reader, which it does only for urgent events, and
 * stays so until ring_woken.
 */
int ring_poll_fd(const struct ring *ring);
void ring_woken(const struct ring *ring);

/* Records that were not what event.h says; they are counted and skipped. */
uint64_t ring_malformed(const struct ring *ring);

#endif
