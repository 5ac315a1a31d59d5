// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* detach.c - probes out of a process again: side by side, in a child. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "probe/apart.h"
#include "probe/attach.h"

void detach_hold(struct attach_hold *hold)
{
	if (hold->fd >= 0)
		close(hold->fd);
	else
		bpf_link__destroy(hold->link);
}

/* The holds of [next, n) to let go, taken by whichever thread comes first. */
struct closing {
	struct attach_hold *holds;
	size_t n, next;
};

static void *close_some(void *arg)
{
	struct closing *closing = arg;
	size_t i;

	while ((i = __atomic_fetch_add(&closing->next, 1, __ATOMIC_RELAXED)) < closing->n)
		detach_hold(&closing->holds[i]);
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
static pid_t let_go_apart(struct attach_hold *holds, size_t n)
{
	struct closing closing = { .holds = holds, .n = n };
	int ready;
	pid_t child = apart_begin(close_all, &closing, &ready);

	if (child < 0) {
		close_all(&closing);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		detach_hold(&holds[i]);
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
	pid_t child = let_go_apart(holds, n);

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

	for (size_t i = 0; i < attach->n_holds; i++)
		if (attach->holds[i].pid == pid && attach->holds[i].image == image)
			begin_removal(attach, &attach->holds[i], 1);
		else
			attach->holds[kept++] = attach->holds[i];
	attach->n_holds = kept;
}

/* Those of processes to the front; returns how many. */
static size_t probes_first(struct attach *attach)
{
	size_t n = 0;

	for (size_t i = 0; i < attach->n_holds; i++)
		if (attach->holds[i].pid) {
			struct attach_hold probe = attach->holds[i];

			attach->holds[i] = attach->holds[n];
			attach->holds[n++] = probe;
		}
	return n;
}

void attach_end(struct attach *attach)
{
	size_t probes = probes_first(attach);
	pid_t child = probes ? let_go_apart(attach->holds, probes) : 0;

	if (attach->n_holds > probes)
		begin_removal(attach, attach->holds + probes, attach->n_holds - probes);
	if (child)
		apart_wait(child);
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
}
