// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walkhold.c - the process stands still while it is walked. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "verb/walking.h"

static int hold(struct walk *walk, pid_t pid)
{
	int err = freeze_new(&walk->freeze);

	if (!err)
		err = freeze_watch(walk->freeze, pid);
	if (!err)
		err = freeze_stop(walk->freeze, pid, &walk->frozen);
	return err;
}

/* Stopped by its terminal, mwbpf would hold the process until it is told to go on. */
static void block_stops(struct walk *walk)
{
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTSTP);
	sigaddset(&stops, SIGTTIN);
	sigaddset(&stops, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &stops, &walk->signals);
}

static void end_hold(struct walk *walk)
{
	freeze_free(walk->freeze);
	walk->freeze = NULL;
	pthread_sigmask(SIG_SETMASK, &walk->signals, NULL);
}

void walk_hold(struct walk *walk)
{
	int err;

	block_stops(walk);
	err = hold(walk, walk->options->pids[0]);
	if (!err)
		return;
	end_hold(walk);
	walk->hold_why = err == -EPERM ? "another program traces it, or it may not be traced"
				       : strerror(-err);
}

void walk_name_stacks(struct walk *walk)
{
	for (size_t i = 0; i < walk->frozen.n; i++) {
		const struct frozen_thread *thread = &walk->frozen.threads[i];

		if (thread->sp)
			space_name_stack(walk->space, (uint32_t)thread->tid, thread->sp);
	}
	segments_settle(&walk->space->segments);
}

void walk_let_go(struct walk *walk)
{
	const uint64_t held_ns = now_ns() - walk->frozen.since_ns;

	if (!walk->freeze)
		return;
	end_hold(walk);
	frozen_clear(&walk->frozen);
	log_info("the process was held for %.1f ms", (double)held_ns / 1e6);
}
