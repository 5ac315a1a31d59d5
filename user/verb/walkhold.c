// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walkhold.c - the process stands still while it is walked. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fmt.h"
#include "base/log.h"
#include "target/proc.h"
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

static void end_hold(struct walk *walk)
{
	freeze_free(walk->freeze);
	walk->freeze = NULL;
}

/* What is in the way of holding it. */
static void say_why(struct walk *walk, int err)
{
	char name[PROC_NAME], safe[PROC_NAME];
	pid_t tracer = err == -EPERM ? proc_tracer(walk->options->pids[0], name) : 0;

	if (tracer)
		snprintf(walk->hold_why, sizeof(walk->hold_why), "process %d (%s) traces it",
			 (int)tracer, fmt_safe(safe, sizeof(safe), name));
	else
		snprintf(walk->hold_why, sizeof(walk->hold_why), "%s",
			 err == -EPERM ? "it may not be traced" : strerror(-err));
}

/* Threads that do not stop, as the parent of a vfork does not: they are not held. */
static void count_loose(struct walk *walk)
{
	const struct frozen *frozen = &walk->frozen;
	size_t loose = 0;

	for (size_t i = 0; i < frozen->n; i++)
		loose += !frozen->threads[i].stopped;
	if (loose)
		snprintf(walk->hold_why, sizeof(walk->hold_why),
			 "threads that wait in the kernel, where they cannot be stopped: %zu of %zu",
			 loose, frozen->n);
}

void walk_hold(struct walk *walk)
{
	const int err = hold(walk, walk->options->pids[0]);

	if (!err) {
		count_loose(walk);
		return;
	}
	end_hold(walk);
	say_why(walk, err);
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
