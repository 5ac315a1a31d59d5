// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* detach.c - probes out of a process again: by the kernel itself, or side by side in a child. */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "probe/apart.h"
#include "probe/attach.h"
#include "probe/pins.h"
#include "target/mem.h"

#define RESTORED_NS 3000000000ULL /* at most so long for the code to be as it was */

void detach_hold(const struct attach *attach, struct attach_hold *hold)
{
	if (hold->pinned)
		pins_remove(attach->pins, hold->number);
	else if (hold->fd >= 0)
		close(hold->fd);
	else
		bpf_link__destroy(hold->link);
}

/* The holds of [next, n) to let go, taken by whichever thread comes first. */
struct closing {
	const struct attach *attach;
	struct attach_hold *holds;
	size_t n, next;
};

static void *close_some(void *arg)
{
	struct closing *closing = arg;
	size_t i;

	while ((i = __atomic_fetch_add(&closing->next, 1, __ATOMIC_RELAXED)) < closing->n)
		detach_hold(closing->attach, &closing->holds[i]);
	return NULL;
}

/*
 * Each close waits for a grace period of the kernel (28 to 50 ms), which those that wait
 * at the same time share: 17 links took 0.95 s one after the other.
 */
static void close_all(void *arg)
{
	struct closing *closing = arg;
	pthread_t threads[32];
	size_t n = 0;

	while (n < sizeof(threads) / sizeof(*threads) && n + 1 < closing->n &&
	       !pthread_create(&threads[n], NULL, close_some, closing))
		n++;
	close_some(closing);
	while (n > 0)
		pthread_join(threads[--n], NULL);
}

/* Let n holds go in a child; returns it, or 0 when it had to be done here. */
static pid_t let_go_apart(const struct attach *attach, struct attach_hold *holds, size_t n)
{
	struct closing closing = { .attach = attach, .holds = holds, .n = n };
	int ready;
	pid_t child = apart_begin(close_all, &closing, &ready);

	if (child < 0) {
		close_all(&closing);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		detach_hold(attach, &holds[i]);
	close(ready);
	return child;
}

/* A child that takes probes out. */
struct attach_removal {
	struct attach_removal *next;
	pid_t child;
};

static void begin_removal(struct attach *attach, struct attach_hold *holds, size_t n)
{
	struct attach_removal *removal = malloc(sizeof(*removal));
	pid_t child = let_go_apart(attach, holds, n);

	if (!removal || !child) {
		if (child)
			apart_wait(child);
		free(removal);
		return;
	}
	*removal = (struct attach_removal){ attach->removals, child };
	attach->removals = removal;
}

void attach_remove(struct attach *attach, pid_t pid, const struct image *image)
{
	size_t kept = 0;

	for (size_t i = 0; i < attach->n_holds; i++) {
		struct attach_hold *hold = &attach->holds[i];

		if (hold->pid != pid || hold->image != image)
			attach->holds[kept++] = *hold;
		else if (hold->pinned)
			detach_hold(attach, hold);
		else
			begin_removal(attach, hold, 1);
	}
	attach->n_holds = kept;
}

/* Those that a test is true of to the front; returns how many. */
static size_t bring_forward(struct attach_hold *holds, size_t n,
			    bool (*test)(const struct attach_hold *))
{
	size_t first = 0;

	for (size_t i = 0; i < n; i++)
		if (test(&holds[i])) {
			struct attach_hold hold = holds[i];

			holds[i] = holds[first];
			holds[first++] = hold;
		}
	return first;
}

static bool is_pinned(const struct attach_hold *hold)
{
	return hold->pinned;
}

static bool is_probe(const struct attach_hold *hold)
{
	return hold->pid;
}

/* Whether the code is as it was, or the process or the mapping has gone. */
static bool is_restored(const struct attach_hold *hold)
{
	uint8_t byte;

	return !hold->addr || mem_read(hold->pid, hold->addr, &byte, 1) || byte != DETACH_INT3;
}

/* The kernel takes the probes of pinned links out behind a grace period or two. */
static void wait_restored(const struct attach_hold *holds, size_t n)
{
	const uint64_t began = now_ns();

	for (size_t i = 0; i < n; i++)
		while (!is_restored(&holds[i])) {
			if (now_ns() - began > RESTORED_NS) {
				log_detail("the kernel is still taking probes out of process %d",
					   (int)holds[i].pid);
				return;
			}
			poll(NULL, 0, 1);
		}
}

void attach_end(struct attach *attach)
{
	const size_t pinned = bring_forward(attach->holds, attach->n_holds, is_pinned);
	struct attach_hold *rest = attach->holds + pinned;
	const size_t n = attach->n_holds - pinned, probes = bring_forward(rest, n, is_probe);
	pid_t child;

	for (size_t i = 0; i < pinned; i++)
		detach_hold(attach, &attach->holds[i]);
	child = probes ? let_go_apart(attach, rest, probes) : 0;
	if (n > probes)
		begin_removal(attach, rest + probes, n - probes);
	if (child)
		apart_wait(child);
	wait_restored(attach->holds, pinned);
	free(attach->holds);
	attach->holds = NULL;
	attach->n_holds = 0;
}

void attach_clear(struct attach *attach)
{
	attach_end(attach);
	while (attach->removals) {
		struct attach_removal *removal = attach->removals;

		attach->removals = removal->next;
		apart_wait(removal->child);
		free(removal);
	}
	refusals_clear(&attach->refusals);
	if (attach->has_pins && attach->pins >= 0)
		close(attach->pins);
	attach->has_pins = false;
}
