/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * tracees.h - the threads of held processes, as ptrace(2) shows them to their tracer.
 *
 * Seized threads run as before: no system call of theirs stops, signals are passed on, a
 * stop by a signal stays one. Only on its way out of the process does a thread wait, with
 * its registers and all memory still there (PTRACE_EVENT_EXIT). All functions are for the
 * one thread of ours that is the tracer; when that ends, the kernel lets everything go on.
 */
#ifndef MWBPF_TRACEES_H
#define MWBPF_TRACEES_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/user.h>

#include "base/hash.h"

enum tracee_state {
	TRACEE_RUNS,
	TRACEE_STOPPED,	 /* in a ptrace stop: can be asked */
	TRACEE_LISTENS,	 /* in a stop by a signal, which SIGCONT ends */
	TRACEE_LEAVES,	 /* in its last stop */
};

struct tracee {
	pid_t tid, pid;
	enum tracee_state state;
	int signal;    /* to be delivered when it goes on */
	bool in_group; /* its stop is one of the whole process, by a signal */
	bool alone;    /* it leaves, and the others stay */
};

/* A process whose threads are traced. */
struct held {
	pid_t pid;
	bool frozen;	     /* what stops stays */
	bool released;	     /* it was held at its end, and is to go at last */
	bool killed;	     /* by SIGKILL: never held */
	uint64_t leaving_ns; /* when the first of all threads was on its way out; 0 */
	uint64_t last_sp;    /* stack pointer of the first thread, once that has ended alone */
	bool reaped;	     /* we took its wait status: */
	int status;
};

struct tracees {
	struct hash threads; /* tid -> struct tracee */
	struct held *held;
	size_t n_held;
};

struct held *tracees_held(const struct tracees *tracees, pid_t pid);

/* Seize a running process with all its threads. 0; -EPERM: may not, or it is traced; -ESRCH. */
int tracees_seize(struct tracees *tracees, pid_t pid);

/* A child that this thread has seized already, and that is stopped. Lets it run. */
int tracees_adopt(struct tracees *tracees, pid_t pid);

/* Take in what happened to whatever is traced; never waits. */
void tracees_tend(struct tracees *tracees);

/* How many threads of a process are not stopped; *leaving how many wait in their last stop. */
size_t tracees_running(const struct tracees *tracees, pid_t pid, size_t *leaving);

/* Ask all threads of a process to stop. */
void tracees_interrupt(struct tracees *tracees, pid_t pid);

/* Let all that is stopped go on; who waits in the last stop still does, with all others. */
void tracees_resume(struct tracees *tracees, pid_t pid);

/* Let go of stopped threads of a process for good, of those in their last stop, too. */
void tracees_detach(struct tracees *tracees, pid_t pid);

/* Whether a thread of the process waits for the others to end, so as to execute a program. */
bool tracees_execs(const struct tracees *tracees, pid_t pid);

void tracees_clear(struct tracees *tracees);

#endif
