// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* ring.c - events off the slots and the ring, in the order in which they were reserved. */
#include "capture/ring.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/decode.h"

#define GIVE_BACK 1024 /* slots that are given back to the writers at a time */

/* A long record that came before its turn. */
struct early {
	struct early *next;
	uint32_t number;
	size_t len;
	struct mw_event event[];
};

struct ring {
	struct ring_buffer *buffer;
	ring_fn fn;
	void *context;
	int wake_fd; /* an epoll set of our own: libbpf's stays readable while there are events */
	size_t taken, budget; /* of the pump going on */
	uint64_t malformed;

	/* slots; NULL: all is in the ring */
	const struct mw_event *slots;
	uint32_t n_slots;
	struct mw_positions *positions;
	uint64_t at;	  /* the next slot */
	uint32_t wanted;  /* number of the long record whose turn it is */
	bool found, stop; /* it came; the caller wants no more */
	struct early *early;
};

/* Hand one record on. True when the caller wants no more. */
static bool hand_on(struct ring *ring, const void *record, size_t len)
{
	const struct mw_event *event = decode(record, len);

	ring->taken++;
	if (event)
		return ring->fn(ring->context, event) != 0;
	ring->malformed++;
	return false;
}

/* All events are in the ring. */
static int take(void *context, void *record, size_t len)
{
	struct ring *ring = context;
	bool stop = len != MW_BELL && hand_on(ring, record, len);

	/* an error ends the pump; the record is consumed all the same */
	return ring->taken < ring->budget && !stop ? 0 : -EAGAIN;
}

static int keep_early(struct ring *ring, const struct mw_event *record, size_t len)
{
	struct early *early = malloc(sizeof(*early) + len);

	if (!early)
		return -ENOMEM;
	early->number = record->seq;
	early->len = len;
	memcpy(early->event, record, len);
	early->next = ring->early;
	ring->early = early;
	return 0;
}

/* Only long records are in the ring, and not quite in the order of their slots. */
static int take_long(void *context, void *record, size_t len)
{
	struct ring *ring = context;
	const struct mw_event *event = record;

	if (len < sizeof(*event)) {
		ring->malformed += len != MW_BELL;
		return 0;
	}
	if (event->seq != ring->wanted)
		return keep_early(ring, event, len);
	ring->found = true;
	ring->stop = hand_on(ring, record, len);
	return -EAGAIN;
}

static bool take_early(struct ring *ring)
{
	for (struct early **at = &ring->early; *at; at = &(*at)->next) {
		struct early *early = *at;

		if (early->number != ring->wanted)
			continue;
		*at = early->next;
		ring->found = true;
		ring->stop = hand_on(ring, early->event, early->len);
		free(early);
		return true;
	}
	return false;
}

/*
 * The long record of a slot. It is in the ring before the slot is whole, but may be
 * behind another that is still being written: then its turn comes later. 0 or -errno.
 */
static int pump_long(struct ring *ring, uint32_t number)
{
	int err = 0;

	ring->wanted = number;
	ring->found = ring->stop = false;
	if (!take_early(ring))
		err = ring_buffer__consume(ring->buffer);
	return err < 0 && err != -EAGAIN ? err : 0;
}

static void give_back(struct ring *ring)
{
	__atomic_store_n(&ring->positions->tail, ring->at, __ATOMIC_RELEASE);
}

static int pump_slots(struct ring *ring)
{
	int err = 0;

	ring->stop = false;
	while (ring->taken < ring->budget && !ring->stop) {
		const struct mw_event *slot = &ring->slots[ring->at & (ring->n_slots - 1)];

		if (__atomic_load_n(&slot->seq, __ATOMIC_ACQUIRE) != (uint32_t)(ring->at + 1))
			break;
		if (slot->kind == MW_LONG) {
			err = pump_long(ring, slot->aux);
			if (err || !ring->found)
				break;
		} else if (slot->kind != MW_KIND_NONE) { /* none: its record did not fit */
			ring->stop = hand_on(ring, slot, sizeof(*slot));
		}
		if (++ring->at % GIVE_BACK == 0)
			give_back(ring);
	}
	give_back(ring);
	return err;
}

static int map_slots(struct ring *ring, const struct ring_source *source)
{
	void *slots = mmap(NULL, source->n_slots * sizeof(*ring->slots), PROT_READ, MAP_SHARED,
			   source->slots_fd, 0);

	if (slots == MAP_FAILED)
		return -errno;
	ring->slots = slots;
	ring->n_slots = source->n_slots;
	ring->positions = source->positions;
	return 0;
}

static int open_ring(struct ring *ring, const struct ring_source *source)
{
	struct epoll_event edge = { .events = EPOLLIN | EPOLLET };
	int err = source->n_slots ? map_slots(ring, source) : 0;

	if (err)
		return err;
	ring->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	if (ring->wake_fd < 0 || epoll_ctl(ring->wake_fd, EPOLL_CTL_ADD, source->ring_fd, &edge))
		return -errno;
	ring->buffer = ring_buffer__new(source->ring_fd, ring->slots ? take_long : take, ring, NULL);
	return ring->buffer ? 0 : -errno;
}

int ring_new(const struct ring_source *source, ring_fn fn, void *context, struct ring **out)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int err;

	*out = NULL;
	if (!ring)
		return -ENOMEM;
	ring->fn = fn;
	ring->context = context;
	ring->wake_fd = -1;
	err = open_ring(ring, source);
	if (err) {
		ring_free(ring);
		return err;
	}
	*out = ring;
	return 0;
}

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	while (ring->early) {
		struct early *next = ring->early->next;

		free(ring->early);
		ring->early = next;
	}
	if (ring->slots)
		munmap((void *)ring->slots, ring->n_slots * sizeof(*ring->slots));
	ring_buffer__free(ring->buffer);
	if (ring->wake_fd >= 0)
		close(ring->wake_fd);
	free(ring);
}

int ring_pump(struct ring *ring, size_t budget)
{
	int err;

	ring->taken = 0;
	ring->budget = budget;
	err = ring->slots ? pump_slots(ring) : ring_buffer__consume(ring->buffer);
	return err < 0 && err != -EAGAIN ? err : (int)ring->taken;
}

int ring_poll_fd(const struct ring *ring)
{
	return ring->wake_fd;
}

void ring_woken(const struct ring *ring)
{
	struct epoll_event event;

	epoll_wait(ring->wake_fd, &event, 1, 0);
}

uint64_t ring_malformed(const struct ring *ring)
{
	return ring->malformed;
}
