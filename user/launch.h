/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * launch.h - a command of the user's, from its start to its status.
 */
#ifndef MWBPF_LAUNCH_H
#define MWBPF_LAUNCH_H

#include "options.h"

#include "target/spawn.h"

/* Exit statuses of our own, as env(1) and timeout(1) have them. */
#define LAUNCH_FAILED	  125 /* mwbpf failed before the command ran */
#define LAUNCH_UNRUNNABLE 126
#define LAUNCH_NOT_FOUND  127

struct launch {
	pid_t pid;	/* 0: nothing launched */
	bool held;	/* it has not run an instruction of its own yet */
	bool reaped;
	int status;	/* of wait(), when reaped */
};

/*
 * Start the command of the options and hold it. Says what is wrong. 0, or the exit
 * status for mwbpf.
 */
int launch_start(struct launch *launch, const struct options *options,
		 const struct spawn_before *before, const char **caveat);

/* Let it run. 0 or -errno. */
int launch_release(struct launch *launch);

/* Take its status if it has ended. */
void launch_reap(struct launch *launch);

/* Its status as a shell gives it: 128 + signal. */
int launch_exit_status(const struct launch *launch);

/* End a command that is still held: it must not run untraced. */
void launch_abandon(struct launch *launch);

#endif
