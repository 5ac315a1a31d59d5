// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* values.c - the values of ints that were not written yet when they were seen being made. */
#include "values.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mwbpf/intobject.h>

#include "base/clean.h"

#define EVERY_NS   20000000ULL
#define LOOKS	   16384	 /* at a time: 30 ms of reading */
#define CALLS	   64
#define REUSED	   "its memory was used again before it was read"
#define GIVE_UP_NS 1000000000ULL /* lines behind it are not held back for longer */
#define MOST	   65536	 /* that wait at a time */

struct value_wait {
	struct value_wait *before, *after; /* older, younger */
	uint64_t number, addr;		   /* its keys */
	uint64_t hole;
	uint64_t born_ns;
	uint64_t at; /* address of the int */
	uint64_t sp; /* stack pointer of the thread, when it made the int */
	uint64_t call; /* the system call that the thread was found in, as a hash; 0: none yet */
	bool is_read;
	struct pyint value; /* once it is */
	pid_t pid, tid;
};

void values_init(struct values *values, struct place *place, struct sink *sink, uint64_t *unknown)
{
	*values = (struct values){ .place = place, .sink = sink, .unknown = unknown };
}

static uint64_t number_key(uint32_t tid, uint32_t number)
{
	return (uint64_t)tid << 32 | number;
}

/* Addresses have 47 bits, and pids 22: they meet in few. */
static uint64_t addr_key(uint32_t pid, uint64_t addr)
{
	return addr ^ (uint64_t)pid << 42;
}

static void forget(struct values *values, struct value_wait *wait)
{
	*(wait->before ? &wait->before->after : &values->first) = wait->after;
	*(wait->after ? &wait->after->before : &values->last) = wait->before;
	hash_remove(&values->by_number, wait->number);
	if (hash_get(&values->by_addr, wait->addr) == wait)
		hash_remove(&values->by_addr, wait->addr);
	values->n--;
	free(wait);
}

void values_clear(struct values *values)
{
	while (values->first)
		forget(values, values->first);
	hash_clear(&values->by_number);
	hash_clear(&values->by_addr);
}

static void resolve(struct values *values, struct value_wait *wait, const struct pyint *value)
{
	const bool told = values->sink->ops->value(values->sink, wait->hole, value);

	if (!told || value->state == PYINT_UNKNOWN)
		(*values->unknown)++;
	forget(values, wait);
}

static void give_up(struct values *values, struct value_wait *wait, const char *reason)
{
	struct pyint value;

	pyint_unknown(&value, reason);
	resolve(values, wait, &value);
}

void values_see(struct values *values, const struct mw_event *event)
{
	struct value_wait *wait, *next;

	if (!values->first)
		return;
	if (event->kind == MW_PYLONG && !(event->flags & (MW_F_CACHED | MW_F_FAILED))) {
		wait = hash_get(&values->by_addr, addr_key(event->pid, event->addr));
		if (wait)
			give_up(values, wait, REUSED);
	}
	if (event->kind != MW_EXEC && event->kind != MW_EXIT)
		return;
	for (wait = values->first; wait; wait = next) {
		next = wait->after;
		if (wait->pid == (pid_t)event->pid)
			give_up(values, wait, "the program ended before it was read");
	}
}

void values_await(struct values *values, const struct mw_event *event)
{
	struct value_wait *wait = calloc(1, sizeof(*wait));
	struct pyint value;

	if (!wait) {
		pyint_unknown(&value, SINK_LATE);
		values->sink->ops->value(values->sink, values->sink->hole, &value);
		(*values->unknown)++;
		return;
	}
	*wait = (struct value_wait){ .before = values->last,
				     .number = number_key(event->tid, event->took_ns),
				     .addr = addr_key(event->pid, event->addr),
				     .hole = values->sink->hole,
				     .born_ns = event->ts_ns,
				     .at = event->addr,
				     .sp = event->sp,
				     .pid = event->pid,
				     .tid = event->tid };
	*(values->last ? &values->last->after : &values->first) = wait;
	values->last = wait;
	values->n++;
	if (hash_set(&values->by_number, wait->number, wait) ||
	    hash_set(&values->by_addr, wait->addr, wait))
		give_up(values, wait, SINK_LATE);
	else if (values->n > MOST)
		give_up(values, values->first, SINK_LATE);
}

/* What a record says of an int. */
static void decode(const struct pyints *ints, const struct mw_event *event, struct pyint *value)
{
	const uint64_t words[] = { event->sp, event->caller, event->stack };
	const struct mw_event_digits *more = (const struct mw_event_digits *)event;
	uint64_t n = mw_int_digits(event->size, ints->tagged);

	if (!ints->type)
		pyint_unknown(value, "how ints are laid out is not known");
	else if (event->addr != ints->type)
		pyint_unknown(value, REUSED);
	else if (event->kind == MW_DIGITS)
		pyint_decode(event->size, ints->tagged, more->digits,
			     event->aux < MW_DIGITS_MAX ? event->aux : MW_DIGITS_MAX, value);
	else if (n > MW_VALUE_DIGITS)
		pyint_unknown(value, "it could not be read as a whole");
	else
		pyint_decode(event->size, ints->tagged, (const uint32_t *)words, n, value);
}

void values_take(struct values *values, const struct mw_event *event)
{
	const struct space *space = place_space(values->place, event->pid);
	struct value_wait *wait =
		hash_get(&values->by_number, number_key(event->tid, event->took_ns));
	struct pyint value;

	if (!wait || !space) /* not shown, or given up */
		return;
	if (event->kind == MW_VALUE && event->aux == MW_VALUE_CROWDED)
		return; /* it is read from here, later */
	if (event->kind == MW_VALUE && event->aux == MW_VALUE_REUSED)
		pyint_unknown(&value, REUSED);
	else if (event->kind == MW_VALUE && event->aux == MW_VALUE_FAULT)
		pyint_unknown(&value, "its memory is gone");
	else
		decode(&space->ints, event, &value);
	resolve(values, wait, &value);
}

/* The system call that a thread was found in. */
struct call {
	pid_t tid;
	uint64_t hash; /* of all that is said of it, arguments and both pointers too; 0: in none */
	uint64_t sp;
};

/* What /proc/PID/task/TID/syscall says. */
static struct call look_at(pid_t pid, pid_t tid)
{
	struct call call = { .tid = tid };
	char path[64], line[256];
	int fd __fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	line[n > 0 ? n : 0] = '\0';
	/* number, six arguments, stack pointer, program counter */
	if (line[0] < '0' || line[0] > '9' ||
	    sscanf(line, "%*d %*x %*x %*x %*x %*x %*x %" SCNx64, &call.sp) != 1)
		return call;
	for (ssize_t i = 0; i < n; i++)
		call.hash = hash_mix(call.hash ^ (uint8_t)line[i]);
	call.hash |= 1;
	return call;
}

/*
 * Read an int from here. Its thread must be found twice in the same system call: it waits,
 * and what made the int has returned, or it would be deeper in its stack. What was read only
 * counts once the events of up to then have been seen: one may say that the memory was used
 * again.
 */
static void look_for(struct values *values, struct value_wait *wait, const struct call *call)
{
	const struct space *space = place_space(values->place, wait->pid);
	const uint64_t hash = call->sp > wait->sp ? call->hash : 0;

	if (space && hash && hash == wait->call) {
		pyint_read(wait->pid, &space->ints, wait->at, &wait->value);
		wait->is_read = true;
	}
	wait->call = hash;
}

void values_tick(struct values *values, uint64_t now_ns, uint64_t patience_ns)
{
	struct call calls[CALLS] = { 0 }; /* of the threads that were looked at, by their tids */
	struct value_wait *wait, *next;
	unsigned looks = 0;

	if (!values->first || now_ns - values->looked_ns < EVERY_NS)
		return;
	values->looked_ns = now_ns;
	for (wait = values->first; wait && now_ns - wait->born_ns >= patience_ns; wait = next) {
		next = wait->after;
		if (wait->is_read) {
			resolve(values, wait, &wait->value);
		} else if (now_ns - wait->born_ns > GIVE_UP_NS) {
			give_up(values, wait, "it was not certain to be whole in time");
		} else if (looks++ < LOOKS) {
			struct call *call = &calls[wait->tid % CALLS];

			if (call->tid != wait->tid)
				*call = look_at(wait->pid, wait->tid);
			look_for(values, wait, call);
		}
	}
}

void values_lost(struct values *values)
{
	while (values->first)
		give_up(values, values->first, "events were lost before it was read");
}

void values_end(struct values *values)
{
	while (values->first)
		give_up(values, values->first, "the trace ended before it was whole");
}
