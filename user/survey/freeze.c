// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* freeze.c - a process held still: for a moment, or once more before it ends. */
#include "survey/freeze.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "survey/tracees.h"
#include "target/proc.h"

#define STOP_MOST_NS  500000000ULL /* for all threads to stop, or to come on their way out */
#define LOOK_AGAIN_MS 5

struct freeze {
	pthread_t thread;
	bool started, ends;
	int signals; /* SIGCHLD: something happened to what is traced */
	int orders;  /* there is a call to make */
	int leaving; /* a process waits on its way out */
	struct tracees tracees;

	pthread_mutex_t lock;
	pthread_cond_t done;
	int (*function)(void *arg); /* to be called; NULL: nothing */
	void *arg;
	int result;
	pid_t left; /* see freeze_leaving */

	bool stops_wait; /* of the other thread, whose signals these were: */
	sigset_t before;
};

/* What a terminal stops a program by: mwbpf would hold a process until it is told to go on. */
static const int stops[] = { SIGTSTP, SIGTTIN, SIGTTOU };

static void block_stops(sigset_t *before)
{
	sigset_t signals;

	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(stops) / sizeof(*stops); i++)
		sigaddset(&signals, stops[i]);
	pthread_sigmask(SIG_BLOCK, &signals, before);
}

/* While a process is held they wait. */
static void let_stops_wait(struct freeze *freeze)
{
	if (!freeze->stops_wait)
		block_stops(&freeze->before);
	freeze->stops_wait = true;
}

static void let_stops_come(struct freeze *freeze)
{
	if (freeze->stops_wait)
		pthread_sigmask(SIG_SETMASK, &freeze->before, NULL);
	freeze->stops_wait = false;
}

/* Tell the other thread that a process is ready, or that one no longer is. */
static void set_leaving(struct freeze *freeze, pid_t pid)
{
	uint64_t one = 1;

	pthread_mutex_lock(&freeze->lock);
	if (pid && !freeze->left && write(freeze->leaving, &one, sizeof(one)) < 0)
		pid = 0; /* looked at again soon */
	if (!pid && freeze->left && read(freeze->leaving, &one, sizeof(one)) < 0)
		errno = 0; /* it was empty */
	freeze->left = pid;
	pthread_mutex_unlock(&freeze->lock);
}

/*
 * Whether a process is ready to be looked at on its way out: all threads are there, or have
 * not come for too long. True: look again soon.
 */
static bool look_at_leaving(struct freeze *freeze, struct held *held)
{
	size_t leaving, running = tracees_running(&freeze->tracees, held->pid, &leaving);

	if (!held->leaving_ns || held->released)
		return false;
	if (!leaving) { /* killed meanwhile */
		if (freeze->left == held->pid)
			set_leaving(freeze, 0);
		held->leaving_ns = 0;
		return false;
	}
	/* another program is executed, for which all other threads must end: they may */
	if (running && tracees_execs(&freeze->tracees, held->pid)) {
		held->leaving_ns = 0;
		tracees_detach(&freeze->tracees, held->pid);
		return false;
	}
	if (running && now_ns() - held->leaving_ns < STOP_MOST_NS)
		return true;
	if (!freeze->left)
		set_leaving(freeze, held->pid);
	return freeze->left != held->pid;
}

static void run_order(struct freeze *freeze)
{
	int (*function)(void *arg);
	uint64_t count;
	int result;

	if (read(freeze->orders, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&freeze->lock);
	function = freeze->function;
	pthread_mutex_unlock(&freeze->lock);
	result = function ? function(freeze->arg) : 0;
	pthread_mutex_lock(&freeze->lock);
	freeze->function = NULL;
	freeze->result = result;
	pthread_cond_signal(&freeze->done);
	pthread_mutex_unlock(&freeze->lock);
}

/* Wait until something happened to a tracee; false: not within so long. */
static void wait_for_tracees(struct freeze *freeze, int timeout_ms)
{
	struct pollfd fd = { .fd = freeze->signals, .events = POLLIN };
	struct signalfd_siginfo info;

	poll(&fd, 1, timeout_ms);
	while (read(freeze->signals, &info, sizeof(info)) > 0)
		;
	tracees_tend(&freeze->tracees);
}

static void *keep(void *arg)
{
	struct freeze *freeze = arg;

	prctl(PR_SET_NAME, "mwbpf/keeper");
	while (!freeze->ends) {
		struct pollfd fds[2] = { { .fd = freeze->signals, .events = POLLIN },
					 { .fd = freeze->orders, .events = POLLIN } };
		bool soon = false;

		for (size_t i = 0; i < freeze->tracees.n_held; i++)
			soon |= look_at_leaving(freeze, &freeze->tracees.held[i]);
		poll(fds, 2, soon ? LOOK_AGAIN_MS : -1);
		wait_for_tracees(freeze, 0);
		if (fds[1].revents)
			run_order(freeze);
	}
	return NULL;
}

int freeze_call(struct freeze *freeze, int (*function)(void *arg), void *arg)
{
	uint64_t one = 1;
	int result;

	pthread_mutex_lock(&freeze->lock);
	freeze->function = function;
	freeze->arg = arg;
	if (write(freeze->orders, &one, sizeof(one)) != sizeof(one)) {
		freeze->function = NULL;
		freeze->result = -errno;
	}
	while (freeze->function)
		pthread_cond_wait(&freeze->done, &freeze->lock);
	result = freeze->result;
	pthread_mutex_unlock(&freeze->lock);
	return result;
}

static int start(struct freeze *freeze)
{
	sigset_t signals, before;

	/* blocked in the keeper, too, which inherits it: taken from the descriptor */
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	freeze->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	freeze->orders = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	freeze->leaving = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (freeze->signals < 0 || freeze->orders < 0 || freeze->leaving < 0)
		return -errno;
	block_stops(&before); /* in the keeper for good */
	freeze->started = !pthread_create(&freeze->thread, NULL, keep, freeze);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return freeze->started ? 0 : -EAGAIN;
}

int freeze_new(struct freeze **out)
{
	struct freeze *freeze = calloc(1, sizeof(*freeze));
	int err;

	*out = NULL;
	if (!freeze)
		return -ENOMEM;
	pthread_mutex_init(&freeze->lock, NULL);
	pthread_cond_init(&freeze->done, NULL);
	freeze->signals = freeze->orders = freeze->leaving = -1;
	err = start(freeze);
	if (err)
		freeze_free(freeze);
	else
		*out = freeze;
	return err;
}

static int stop_keeping(void *arg)
{
	((struct freeze *)arg)->ends = true;
	return 0;
}

void freeze_free(struct freeze *freeze)
{
	if (!freeze)
		return;
	if (freeze->started) {
		freeze_call(freeze, stop_keeping, freeze);
		pthread_join(freeze->thread, NULL);
	}
	let_stops_come(freeze);
	if (freeze->signals >= 0)
		close(freeze->signals);
	if (freeze->orders >= 0)
		close(freeze->orders);
	if (freeze->leaving >= 0)
		close(freeze->leaving);
	pthread_cond_destroy(&freeze->done);
	pthread_mutex_destroy(&freeze->lock);
	tracees_clear(&freeze->tracees);
	free(freeze);
}

/* What the keeper is asked about a process. */
struct order {
	struct freeze *freeze;
	pid_t pid;
	struct frozen *frozen;
	int *status;
};

static int watch(void *arg)
{
	const struct order *order = arg;

	return tracees_seize(&order->freeze->tracees, order->pid);
}

int freeze_watch(struct freeze *freeze, pid_t pid)
{
	struct order order = { .freeze = freeze, .pid = pid };

	return freeze_call(freeze, watch, &order);
}

static int adopt(void *arg)
{
	const struct order *order = arg;

	return tracees_adopt(&order->freeze->tracees, order->pid);
}

int freeze_adopt(struct freeze *freeze, pid_t pid)
{
	struct order order = { .freeze = freeze, .pid = pid };

	return freeze_call(freeze, adopt, &order);
}

int freeze_fd(const struct freeze *freeze)
{
	return freeze->leaving;
}

pid_t freeze_leaving(struct freeze *freeze)
{
	pid_t pid;

	pthread_mutex_lock(&freeze->lock);
	pid = freeze->left;
	pthread_mutex_unlock(&freeze->lock);
	return pid;
}

static int read_threads(const struct tracees *tracees, struct frozen *frozen)
{
	const struct tracee *tracee;
	size_t at = 0;

	frozen->threads = calloc(tracees->threads.n + 1, sizeof(*frozen->threads));
	if (!frozen->threads)
		return -ENOMEM;
	while ((tracee = hash_next(&tracees->threads, &at, NULL))) {
		struct frozen_thread *thread = &frozen->threads[frozen->n];
		uint64_t sp = 0, pc;

		if (tracee->pid != frozen->pid)
			continue;
		thread->tid = tracee->tid;
		thread->stopped = !ptrace(PTRACE_GETREGS, tracee->tid, NULL, &thread->regs);
		if (!thread->stopped)
			proc_thread_waits(tracee->pid, tracee->tid, &sp, &pc);
		thread->sp = thread->stopped ? thread->regs.rsp : sp;
		frozen->n++;
	}
	return frozen->n ? 0 : -ESRCH;
}

/* On its way out it is stopped already, as far as it ever will be. */
static void stop_all(struct freeze *freeze, struct held *held)
{
	uint64_t began_ns = now_ns();
	size_t leaving;

	held->frozen = true;
	tracees_interrupt(&freeze->tracees, held->pid);
	while (tracees_running(&freeze->tracees, held->pid, &leaving) &&
	       now_ns() - began_ns < STOP_MOST_NS)
		wait_for_tracees(freeze, LOOK_AGAIN_MS);
}

static int stop(void *arg)
{
	const struct order *order = arg;
	struct freeze *freeze = order->freeze;
	struct frozen *frozen = order->frozen;
	struct held *held = tracees_held(&freeze->tracees, order->pid);

	*frozen = (struct frozen){ .pid = order->pid, .since_ns = now_ns() };
	if (!held || held->released)
		return -ESRCH;
	frozen->leaving = freeze->left == order->pid;
	if (frozen->leaving)
		frozen->since_ns = held->leaving_ns;
	else
		stop_all(freeze, held);
	frozen->last_sp = held->last_sp;
	return read_threads(&freeze->tracees, frozen);
}

int freeze_stop(struct freeze *freeze, pid_t pid, struct frozen *frozen)
{
	struct order order = { .freeze = freeze, .pid = pid, .frozen = frozen };

	let_stops_wait(freeze);
	return freeze_call(freeze, stop, &order);
}

static int release(void *arg)
{
	const struct order *order = arg;
	struct freeze *freeze = order->freeze;
	struct held *held = tracees_held(&freeze->tracees, order->pid);

	if (!held)
		return -ESRCH;
	held->frozen = false;
	if (freeze->left == order->pid) {
		held->released = true;
		set_leaving(freeze, 0);
		tracees_detach(&freeze->tracees, order->pid);
	} else {
		tracees_resume(&freeze->tracees, order->pid);
	}
	return 0;
}

void freeze_release(struct freeze *freeze, pid_t pid)
{
	struct order order = { .freeze = freeze, .pid = pid };

	freeze_call(freeze, release, &order);
	let_stops_come(freeze);
}

static int forget(void *arg)
{
	const struct order *order = arg;
	struct freeze *freeze = order->freeze;
	struct held *held = tracees_held(&freeze->tracees, order->pid);

	if (!held)
		return -ESRCH;
	if (freeze->left == order->pid)
		set_leaving(freeze, 0);
	stop_all(freeze, held);
	held->frozen = false;
	held->released = true;
	tracees_detach(&freeze->tracees, order->pid);
	return 0;
}

void freeze_forget(struct freeze *freeze, pid_t pid)
{
	struct order order = { .freeze = freeze, .pid = pid };

	let_stops_wait(freeze);
	freeze_call(freeze, forget, &order);
	let_stops_come(freeze);
}

static int take_status(void *arg)
{
	const struct order *order = arg;
	const struct held *held = tracees_held(&order->freeze->tracees, order->pid);

	if (!held || !held->reaped)
		return -ECHILD;
	*order->status = held->status;
	return 0;
}

bool freeze_status(struct freeze *freeze, pid_t pid, int *status)
{
	struct order order = { .freeze = freeze, .pid = pid, .status = status };

	return !freeze_call(freeze, take_status, &order);
}

void frozen_clear(struct frozen *frozen)
{
	free(frozen->threads);
	*frozen = (struct frozen){ 0 };
}
