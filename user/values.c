// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* values.c - the values of ints that were not written yet when they were seen being made. */
#include "values.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clean.h"

#define LATE_NS	   100000000ULL	 /* a value that has not come by then is looked for */
#define EVERY_NS   20000000ULL
#define GIVE_UP_NS 1000000000ULL /* lines behind it are not held back for longer */
#define RAN_NS	   1000000ULL	 /* of CPU time: in less, an int is written */
#define MOST	   65536	 /* that wait at a time */

struct value_wait {
	struct value_wait *before, *after; /* older, younger */
	uint64_t number, addr;		   /* its keys */
	uint64_t hole;
	uint64_t born_ns;
	uint64_t ran_ns; /* CPU time of the thread when it was first looked at; 0 */
	uint64_t at;	 /* address of the int */
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
	if (value->state == PYINT_UNKNOWN)
		(*values->unknown)++;
	values->sink->ops->value(values->sink, wait->hole, value);
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
			give_up(values, wait, "its memory was used again before it was read");
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

	if (!wait) {
		(*values->unknown)++;
		return; /* the sink says so itself */
	}
	*wait = (struct value_wait){ .before = values->last,
				     .number = number_key(event->tid, event->took_ns),
				     .addr = addr_key(event->pid, event->addr),
				     .hole = values->sink->hole,
				     .born_ns = event->ts_ns,
				     .at = event->addr,
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
	uint64_t n = pyint_digits(event->size, ints->tagged);

	if (event->addr != ints->type)
		pyint_unknown(value, "its memory was used again before it was read");
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
		pyint_unknown(&value, "its memory was used again before it was read");
	else if (event->kind == MW_VALUE && event->aux == MW_VALUE_FAULT)
		pyint_unknown(&value, "its memory is gone");
	else
		decode(&space->ints, event, &value);
	resolve(values, wait, &value);
}

/* A line of /proc/PID/task/TID/NAME, or an empty one. */
static void read_line(const struct value_wait *wait, const char *name, char *line, size_t cap)
{
	char path[64];
	int fd __fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", wait->pid, wait->tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, line, cap - 1);
	line[n > 0 ? n : 0] = '\0';
}

/*
 * Whether the thread has gone on since: it is in a system call, of which there are none
 * between the making of an int and its last digit, or has run for some time.
 */
static bool has_gone_on(struct value_wait *wait)
{
	char line[128];
	uint64_t ran_ns;

	read_line(wait, "syscall", line, sizeof(line));
	if (line[0] >= '0' && line[0] <= '9')
		return true;
	read_line(wait, "schedstat", line, sizeof(line));
	if (!line[0])
		return true; /* it has ended */
	ran_ns = strtoull(line, NULL, 10);
	if (!wait->ran_ns)
		wait->ran_ns = ran_ns;
	return ran_ns - wait->ran_ns >= RAN_NS;
}

/*
 * Read it from here, if that can be done by now. gone_on: a thread that has gone on since it
 * made its youngest int, found a moment ago; 0.
 */
static bool look_for(struct values *values, struct value_wait *wait, pid_t *gone_on)
{
	const struct space *space = place_space(values->place, wait->pid);
	struct pyint value;

	if (!space || (wait->tid != *gone_on && !has_gone_on(wait)))
		return false;
	*gone_on = wait->tid;
	pyint_read(wait->pid, &space->ints, wait->at, &value);
	resolve(values, wait, &value);
	return true;
}

void values_tick(struct values *values, uint64_t now_ns)
{
	struct value_wait *wait, *next;
	pid_t gone_on = 0;

	if (!values->first || now_ns - values->looked_ns < EVERY_NS)
		return;
	values->looked_ns = now_ns;
	for (wait = values->first; wait && now_ns - wait->born_ns > LATE_NS; wait = next) {
		next = wait->after;
		if (!look_for(values, wait, &gone_on) && now_ns - wait->born_ns > GIVE_UP_NS)
			give_up(values, wait, "it was not certain to be whole in time");
	}
}

void values_end(struct values *values)
{
	pid_t gone_on = 0;

	while (values->first)
		if (!look_for(values, values->first, &gone_on))
			give_up(values, values->first, "the trace ended before it was whole");
}
