// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* ring.c - events off the ring, in the order in which they were reserved. */
#include "capture/ring.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "capture/decode.h"

struct ring {
	struct ring_buffer *buffer;
	ring_fn fn;
	void *context;
	int wake_fd; /* an epoll set of our own: libbpf's stays readable while there are events */
	size_t taken, budget; /* of the pump going on */
	uint64_t malformed;
};

static int take(void *context, void *record, size_t len)
{
	struct ring *ring = context;
	const struct mw_event *event = decode(record, len);

	int stop = 0;

	if (event)
		stop = ring->fn(ring->context, event);
	else
		ring->malformed++;
	/* an error ends the pump; the record is consumed all the same */
	return ++ring->taken < ring->budget && !stop ? 0 : -EAGAIN;
}

int ring_new(int map_fd, ring_fn fn, void *context, struct ring **out)
{
	struct epoll_event edge = { .events = EPOLLIN | EPOLLET };
	struct ring *ring = calloc(1, sizeof(*ring));
	int err;

	*out = ring;
	if (!ring)
		return -ENOMEM;
	ring->fn = fn;
	ring->context = context;
	ring->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	if (ring->wake_fd >= 0 && !epoll_ctl(ring->wake_fd, EPOLL_CTL_ADD, map_fd, &edge))
		ring->buffer = ring_buffer__new(map_fd, take, ring, NULL);
	if (ring->buffer)
		return 0;
	err = -errno;
	ring_free(ring);
	*out = NULL;
	return err;
}

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
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
	err = ring_buffer__consume(ring->buffer);
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
