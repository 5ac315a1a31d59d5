// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* tracees.c - the threads of held processes, as ptrace(2) shows them to their tracer. */
#include "survey/tracees.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/clean.h"
#include "target/proc.h"

#define OPTIONS (PTRACE_O_TRACEEXIT | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC)

struct held *tracees_held(const struct tracees *tracees, pid_t pid)
{
	for (size_t i = 0; i < tracees->n_held; i++)
		if (tracees->held[i].pid == pid)
			return &tracees->held[i];
	return NULL;
}

static struct held *hold(struct tracees *tracees, pid_t pid)
{
	struct held *more = reallocarray(tracees->held, tracees->n_held + 1, sizeof(*more));

	if (!more)
		return NULL;
	tracees->held = more;
	more += tracees->n_held++;
	*more = (struct held){ .pid = pid };
	return more;
}

static struct tracee *add(struct tracees *tracees, pid_t pid, pid_t tid)
{
	struct tracee *tracee = hash_get(&tracees->threads, tid);

	if (tracee)
		return tracee;
	tracee = calloc(1, sizeof(*tracee));
	if (!tracee)
		return NULL;
	*tracee = (struct tracee){ .tid = tid, .pid = pid };
	if (!hash_set(&tracees->threads, tid, tracee))
		return tracee;
	free(tracee);
	return NULL;
}

static void drop(struct tracees *tracees, pid_t tid)
{
	free(hash_remove(&tracees->threads, tid));
}

/* Not to be seized any more, and nothing of it runs. */
static bool has_ended(pid_t tid)
{
	char state;

	return !proc_status(tid, "State: %c", &state) || state == 'Z' || state == 'X';
}

/* Also of one that has begun just now, and of which no event has come. */
static bool is_ours(pid_t tid)
{
	int tracer;

	return proc_status(tid, "TracerPid: %d", &tracer) && tracer == (int)gettid();
}

/* Of a thread that cannot be seized: 0 when that is no obstacle, else -errno. */
static int excuse(struct tracees *tracees, pid_t pid, pid_t tid)
{
	if (is_ours(tid))
		return add(tracees, pid, tid) ? 0 : -ENOMEM;
	return has_ended(tid) ? 0 : -EPERM;
}

/* Those that are not known yet. How many; -errno. */
static int seize_new(struct tracees *tracees, pid_t pid)
{
	pid_t *tids = NULL;
	ssize_t n = proc_threads(pid, &tids);
	int seized = 0, err = n < 0 ? n : 0;

	for (ssize_t i = 0; i < n && !err; i++) {
		if (hash_get(&tracees->threads, tids[i]))
			continue;
		if (!ptrace(PTRACE_SEIZE, tids[i], NULL, (void *)OPTIONS)) {
			err = add(tracees, pid, tids[i]) ? 0 : -ENOMEM;
			seized++;
		} else {
			err = excuse(tracees, pid, tids[i]);
		}
	}
	free(tids);
	return err ? err : seized;
}

int tracees_seize(struct tracees *tracees, pid_t pid)
{
	int seized;

	if (!hold(tracees, pid))
		return -ENOMEM;
	do
		seized = seize_new(tracees, pid);
	while (seized > 0);
	return seized;
}

/* Let a stopped thread do what it would do without us. */
static void resume(struct tracee *tracee)
{
	if (tracee->in_group && !ptrace(PTRACE_LISTEN, tracee->tid, NULL, NULL)) {
		tracee->state = TRACEE_LISTENS;
		return;
	}
	ptrace(PTRACE_CONT, tracee->tid, NULL, (void *)(long)tracee->signal);
	tracee->state = TRACEE_RUNS;
	tracee->signal = 0;
}

int tracees_adopt(struct tracees *tracees, pid_t pid)
{
	struct tracee *tracee = hold(tracees, pid) ? add(tracees, pid, pid) : NULL;

	if (!tracee)
		return -ENOMEM;
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)OPTIONS))
		return -errno;
	resume(tracee);
	return 0;
}

/* The process of a thread; 0: it has gone. */
static pid_t process_of(pid_t tid)
{
	int pid;

	return proc_status(tid, "Tgid: %d", &pid) ? pid : 0;
}

/* A first stop: of a thread, or of a process that a thread made by clone(). */
static struct tracee *meet(struct tracees *tracees, pid_t tid)
{
	pid_t pid = process_of(tid);
	struct tracee *tracee = tracees_held(tracees, pid) ? add(tracees, pid, tid) : NULL;

	if (!tracee)
		ptrace(PTRACE_DETACH, tid, NULL, NULL);
	return tracee;
}

size_t tracees_running(const struct tracees *tracees, pid_t pid, size_t *leaving)
{
	const struct tracee *tracee;
	size_t at = 0, running = 0;

	*leaving = 0;
	while ((tracee = hash_next(&tracees->threads, &at, NULL))) {
		if (tracee->pid != pid)
			continue;
		running += tracee->state == TRACEE_RUNS || tracee->state == TRACEE_LISTENS;
		*leaving += tracee->state == TRACEE_LEAVES;
	}
	return running;
}

static void let_go(struct tracees *tracees, const struct tracee *tracee)
{
	ptrace(PTRACE_DETACH, tracee->tid, NULL, (void *)(long)tracee->signal);
	drop(tracees, tracee->tid);
}

/* Whether it is the last thread, or the last but those that are on their way out. */
static bool is_last(const struct tracees *tracees, const struct tracee *one)
{
	const struct tracee *tracee;
	size_t at = 0;

	while ((tracee = hash_next(&tracees->threads, &at, NULL)))
		if (tracee->pid == one->pid && tracee != one && tracee->state != TRACEE_LEAVES)
			return false;
	return true;
}

/*
 * A thread on its way out: by exit(2) alone, with all others by exit_group(2) or a signal,
 * or because another one executes a program. The wait status says which signal it was; one
 * that is killed by SIGKILL should give back its memory, at once when that is short.
 */
static void leave(struct tracees *tracees, struct held *held, struct tracee *tracee)
{
	struct user_regs_struct regs = { 0 };
	unsigned long status = 0;
	bool last = is_last(tracees, tracee);

	ptrace(PTRACE_GETEVENTMSG, tracee->tid, NULL, &status);
	ptrace(PTRACE_GETREGS, tracee->tid, NULL, &regs);
	held->killed |= WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	tracee->alone = regs.orig_rax == SYS_exit && !last && !held->leaving_ns;
	if (tracee->alone && tracee->tid == tracee->pid)
		held->last_sp = regs.rsp;
	if (held->killed || held->released || (tracee->alone && !held->frozen)) {
		let_go(tracees, tracee);
		return;
	}
	if (!held->leaving_ns && !tracee->alone)
		held->leaving_ns = now_ns();
	tracee->state = TRACEE_LEAVES;
}

/* Another program: of the threads there is one, and it has the number of the first. */
static void forget_others(struct tracees *tracees, pid_t pid)
{
	const struct tracee *tracee;
	size_t at = 0;

	while ((tracee = hash_next(&tracees->threads, &at, NULL))) {
		if (tracee->pid != pid || tracee->tid == pid)
			continue;
		drop(tracees, tracee->tid);
		at--; /* what came behind it is there now */
	}
}

static void begin_anew(struct tracees *tracees, struct held *held)
{
	forget_others(tracees, held->pid);
	held->leaving_ns = held->last_sp = 0;
	held->released = false;
}

static bool stops_group(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void take_stop(struct tracees *tracees, pid_t tid, int status)
{
	struct tracee *tracee = hash_get(&tracees->threads, tid);
	unsigned long message = 0;
	struct held *held;
	int event = status >> 16;

	if (!tracee)
		tracee = meet(tracees, tid);
	held = tracee ? tracees_held(tracees, tracee->pid) : NULL;
	if (!held)
		return;
	tracee->state = TRACEE_STOPPED;
	tracee->signal = event ? 0 : WSTOPSIG(status);
	tracee->in_group = event == PTRACE_EVENT_STOP && stops_group(WSTOPSIG(status));
	if (event == PTRACE_EVENT_EXIT) {
		leave(tracees, held, tracee);
		return;
	}
	if (event == PTRACE_EVENT_EXEC)
		begin_anew(tracees, held);
	/*
	 * It may not have stopped yet: whoever stops the process is to wait for it. Or it has
	 * been let go already, on its way out.
	 */
	if (event == PTRACE_EVENT_CLONE && !ptrace(PTRACE_GETEVENTMSG, tid, NULL, &message) &&
	    process_of(message) == tracee->pid && is_ours(message))
		add(tracees, tracee->pid, message);
	if (!held->frozen)
		resume(tracee);
}

static void take_end(struct tracees *tracees, pid_t tid, int status)
{
	struct held *held = tracees_held(tracees, tid);

	drop(tracees, tid);
	if (held) {
		held->reaped = true;
		held->status = status;
	}
}

void tracees_tend(struct tracees *tracees)
{
	int status;
	pid_t tid;

	/* of this thread only: other children are waited for by those who made them */
	while ((tid = waitpid(-1, &status, __WALL | __WNOTHREAD | WNOHANG)) > 0) {
		if (WIFSTOPPED(status))
			take_stop(tracees, tid, status);
		else
			take_end(tracees, tid, status);
	}
}

void tracees_interrupt(struct tracees *tracees, pid_t pid)
{
	const struct tracee *tracee;
	size_t at = 0;

	while ((tracee = hash_next(&tracees->threads, &at, NULL)))
		if (tracee->pid == pid &&
		    (tracee->state == TRACEE_RUNS || tracee->state == TRACEE_LISTENS))
			ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL);
}

void tracees_resume(struct tracees *tracees, pid_t pid)
{
	struct tracee *tracee;
	size_t at = 0;

	while ((tracee = hash_next(&tracees->threads, &at, NULL))) {
		if (tracee->pid == pid && tracee->state == TRACEE_STOPPED) {
			resume(tracee);
		} else if (tracee->pid == pid && tracee->state == TRACEE_LEAVES && tracee->alone) {
			let_go(tracees, tracee);
			at--;
		}
	}
}

void tracees_detach(struct tracees *tracees, pid_t pid)
{
	const struct tracee *tracee;
	size_t at = 0;

	while ((tracee = hash_next(&tracees->threads, &at, NULL))) {
		if (tracee->pid != pid ||
		    (tracee->state != TRACEE_STOPPED && tracee->state != TRACEE_LEAVES))
			continue;
		let_go(tracees, tracee);
		at--;
	}
}

bool tracees_execs(const struct tracees *tracees, pid_t pid)
{
	const struct tracee *tracee;
	size_t at = 0;

	while ((tracee = hash_next(&tracees->threads, &at, NULL))) {
		char path[64], text[32] = "";
		FILE *file __file = NULL;
		int number;

		if (tracee->pid != pid || tracee->state != TRACEE_RUNS)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", (int)pid,
			 (int)tracee->tid);
		file = fopen(path, "re");
		if (file && fgets(text, sizeof(text), file) && sscanf(text, "%d", &number) == 1 &&
		    (number == SYS_execve || number == SYS_execveat))
			return true;
	}
	return false;
}

void tracees_clear(struct tracees *tracees)
{
	struct tracee *tracee;
	size_t at = 0;

	while ((tracee = hash_next(&tracees->threads, &at, NULL)))
		free(tracee);
	hash_clear(&tracees->threads);
	free(tracees->held);
	*tracees = (struct tracees){ 0 };
}
