/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * freeze.h - a process held still: for a moment, or once more before it ends.
 *
 * By ptrace(2), from a thread of our own, the keeper: the kernel takes orders for a thread
 * from its tracer only, signals of the target must be passed on at once whatever else
 * mwbpf does, and when mwbpf is killed, everything it held goes on. (The alternatives: the
 * freezer moves the process into a cgroup of ours and gives no registers; SIGSTOP is seen by
 * its parent; neither stops it on its way out.) All functions are for one other thread, the only one that
 * takes signals by which a terminal stops mwbpf: until what is held goes on, they wait.
 */
#ifndef MWBPF_FREEZE_H
#define MWBPF_FREEZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

struct freeze;

struct frozen_thread {
	pid_t tid;
	bool stopped; /* else it waits in the kernel, and of its registers only sp is known */
	struct user_regs_struct regs;
	uint64_t sp;
};

struct frozen {
	pid_t pid;
	bool leaving; /* held on its way out */
	uint64_t since_ns; /* when the first thread stopped, CLOCK_MONOTONIC */
	uint64_t last_sp;  /* of the first thread, which has ended before the others; 0 */
	struct frozen_thread *threads;
	size_t n;
};

/* 0 or -errno. */
int freeze_new(struct freeze **freeze);

/* Everything that is still held goes on. NULL is fine. */
void freeze_free(struct freeze *freeze);

/* Call a function on the keeper's thread and wait for it: what it returns. */
int freeze_call(struct freeze *freeze, int (*function)(void *arg), void *arg);

/* Watch a running process. 0; -EPERM: another program traces it, or it is not allowed. */
int freeze_watch(struct freeze *freeze, pid_t pid);

/* Watch a child that was seized by the keeper's thread and is stopped: lets it run. */
int freeze_adopt(struct freeze *freeze, pid_t pid);

/* To be polled: readable when a process waits for freeze_leaving on its way out. */
int freeze_fd(const struct freeze *freeze);

/* A process all of whose threads wait in their last stop, until freeze_release; 0: none. */
pid_t freeze_leaving(struct freeze *freeze);

/*
 * Stop all threads, at most for half a second, and read their registers. *frozen is the
 * caller's, for frozen_clear. 0, -ESRCH: it is not watched or has ended; -ENOMEM. Whatever it
 * returns, freeze_release or freeze_free is to follow.
 */
int freeze_stop(struct freeze *freeze, pid_t pid, struct frozen *frozen);

/* Let them go on, or end. */
void freeze_release(struct freeze *freeze, pid_t pid);

/* Not to be watched any more: as if it never had been. */
void freeze_forget(struct freeze *freeze, pid_t pid);

/* The wait status of a child of ours, if the keeper took it. */
bool freeze_status(struct freeze *freeze, pid_t pid, int *status);

void frozen_clear(struct frozen *frozen);

#endif
