// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_values.c - ints whose value comes later than they do. */
#include <setjmp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "values.h"

#define PID   1000
#define TYPE  0x9000
#define ADDR  0x7f0000001000
#define HOLES 8
#define MS    1000000ULL

/* What the sink was told of each hole. */
static struct pyint told[HOLES];
static unsigned times[HOLES];
static bool too_late;

static bool take_value(struct sink *sink, uint64_t hole, const struct pyint *value)
{
	(void)sink;
	told[hole] = *value;
	times[hole]++;
	return !too_late;
}

struct world {
	struct place place;
	struct space space;
	struct sink sink;
	struct values values;
	uint64_t unknown;
};

static struct world *world;

static int setup(void **state)
{
	static const struct sink_ops ops = { .value = take_value };

	(void)state;
	world = calloc(1, sizeof(*world));
	world->space.pid = PID;
	world->space.ints = (struct pyints){ .type = TYPE, .ob_type = 8 };
	world->sink.ops = &ops;
	hash_set(&world->place.spaces, PID, &world->space);
	values_init(&world->values, &world->place, &world->sink, &world->unknown);
	memset(told, 0, sizeof(told));
	memset(times, 0, sizeof(times));
	too_late = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	values_clear(&world->values);
	hash_clear(&world->place.spaces);
	free(world);
	return 0;
}

/* An int of a thread, the number-th whose value comes later, for the hole of that number. */
static struct mw_event await(pid_t pid, uint32_t tid, uint32_t number, uint64_t addr)
{
	const struct mw_event event = { .kind = MW_PYLONG,
					.flags = MW_F_SITE | MW_F_LATER,
					.pid = pid,
					.tid = tid,
					.addr = addr,
					.sp = 1,
					.took_ns = number };

	values_see(&world->values, &event);
	world->sink.hole = number;
	values_await(&world->values, &event);
	return event;
}

static void take(uint32_t tid, uint32_t number, uint64_t type, uint64_t size, uint64_t words)
{
	const struct mw_event event = { .kind = MW_VALUE,
					.pid = PID,
					.tid = tid,
					.took_ns = number,
					.addr = type,
					.size = size,
					.sp = words };

	values_take(&world->values, &event);
}

static void is_unknown(unsigned hole, const char *reason)
{
	assert_int_equal(times[hole], 1);
	assert_int_equal(told[hole].state, PYINT_UNKNOWN);
	assert_non_null(strstr(told[hole].reason, reason));
}

static void test_taken(void **state)
{
	(void)state;
	await(PID, 1, 1, ADDR);
	await(PID, 1, 2, ADDR + 32);
	take(2, 1, TYPE, 1, 5); /* another thread's */
	take(1, 3, TYPE, 1, 5); /* one that was not shown */
	assert_int_equal(times[1] + times[2], 0);
	take(1, 2, TYPE, -1ULL, 42);
	take(1, 2, TYPE, 1, 43);
	assert_int_equal(times[1], 0);
	assert_int_equal(times[2], 1);
	assert_string_equal(told[2].text, "-42");
	assert_int_equal(world->unknown, 0);
	assert_int_equal(world->values.n, 1);
}

static void test_no_longer_an_int(void **state)
{
	struct mw_event event = { .kind = MW_VALUE, .pid = PID, .tid = 1 };

	(void)state;
	await(PID, 1, 1, ADDR);
	take(1, 1, TYPE + 8, 1, 5);
	is_unknown(1, "used again");
	await(PID, 1, 2, ADDR);
	event.took_ns = 2;
	event.aux = MW_VALUE_REUSED;
	values_take(&world->values, &event);
	is_unknown(2, "used again");
	await(PID, 1, 3, ADDR);
	event.took_ns = 3;
	event.aux = MW_VALUE_FAULT;
	values_take(&world->values, &event);
	is_unknown(3, "gone");
	await(PID, 1, 4, ADDR);
	event.took_ns = 4;
	event.aux = MW_VALUE_CROWDED; /* nothing is said yet */
	values_take(&world->values, &event);
	assert_int_equal(times[4], 0);
	assert_int_equal(world->unknown, 3);
}

static void test_digits(void **state)
{
	struct mw_event_digits event = { .head = { .kind = MW_DIGITS,
						   .pid = PID,
						   .tid = 1,
						   .took_ns = 1,
						   .addr = TYPE,
						   .size = 7,
						   .aux = 7 },
					 .digits = { [6] = 1 } };

	(void)state;
	await(PID, 1, 1, ADDR);
	values_take(&world->values, &event.head);
	assert_string_equal(told[1].text, "1532495540865888858358347027150309183618739122183602176");
	/* more digits than the record can hold are not believed */
	await(PID, 1, 2, ADDR);
	event.head.took_ns = 2;
	event.head.aux = UINT64_MAX;
	values_take(&world->values, &event.head);
	assert_int_equal(times[2], 1);
}

/* Where another int is made, there is none any longer; a cached one given out is not made. */
static void test_memory_used_again(void **state)
{
	struct mw_event cached;

	(void)state;
	cached = await(PID, 1, 1, ADDR);
	cached.flags = MW_F_CACHED;
	values_see(&world->values, &cached);
	assert_int_equal(times[1], 0);
	await(PID + 1, 1, 2, ADDR); /* of another process */
	assert_int_equal(times[1], 0);
	await(PID, 2, 3, ADDR);
	is_unknown(1, "used again");
	assert_int_equal(times[3], 0);
	take(2, 3, TYPE, 1, 5);
	assert_string_equal(told[3].text, "5");
}

static void test_ends(void **state)
{
	const struct mw_event exec = { .kind = MW_EXEC, .pid = PID };

	(void)state;
	await(PID, 1, 1, ADDR);
	await(PID + 1, 2, 2, ADDR);
	await(PID, 3, 3, ADDR + 32);
	values_see(&world->values, &exec);
	is_unknown(1, "ended before");
	is_unknown(3, "ended before");
	assert_int_equal(times[2], 0);
	values_lost(&world->values);
	is_unknown(2, "events were lost");
	await(PID, 1, 4, ADDR);
	values_end(&world->values);
	is_unknown(4, "trace ended");
	assert_int_equal(world->values.n, 0);
	assert_int_equal(world->unknown, 4);
}

/* The line has gone without it: it is not known, though it could be read. */
static void test_too_late(void **state)
{
	(void)state;
	await(PID, 1, 1, ADDR);
	too_late = true;
	take(1, 1, TYPE, 1, 5);
	assert_int_equal(world->unknown, 1);
}

static struct {
	uint64_t references;
	uint64_t type;
	uint64_t size;
	uint32_t digit;
} object = { 1, TYPE, 1, 77 };

/* Until a process waits in pause(), whose number is 34. */
static void await_pause(pid_t pid)
{
	char path[64], line[8] = "";

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	while (strncmp(line, "34 ", 3)) {
		FILE *file = fopen(path, "re");

		assert_non_null(file);
		if (!fgets(line, sizeof(line), file))
			line[0] = '\0';
		fclose(file);
		sched_yield();
	}
}

/* A thread that waits in one system call is read: seen, read, and told once events are through. */
static void test_read_from_here(void **state)
{
	const pid_t child = fork();
	struct mw_event deep = { .kind = MW_PYLONG, .flags = MW_F_LATER, .sp = UINT64_MAX };
	unsigned looks = 0;
	uint64_t now = 0;

	(void)state;
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* when a check below fails, too */
		for (;;)
			pause();
	}
	await_pause(child);
	world->space.pid = child;
	hash_set(&world->place.spaces, child, &world->space);
	await(child, child, 1, (uint64_t)&object);
	/* what makes this one has not returned: the thread is deeper in its stack than then */
	deep.pid = deep.tid = child;
	deep.addr = (uint64_t)&object + 64;
	deep.took_ns = world->sink.hole = 2;
	values_await(&world->values, &deep);

	values_tick(&world->values, now, 100 * MS);
	assert_int_equal(times[1], 0); /* not even looked at */
	for (; !times[1]; looks++, now += 21 * MS) {
		now = now ? now : 100 * MS;
		values_tick(&world->values, now, 100 * MS);
		assert_true(now < 1000 * MS || times[1]);
	}
	assert_int_equal(looks, 3); /* seen, read, told: not before */
	assert_string_equal(told[1].text, "77");
	assert_int_equal(times[2], 0);
	values_tick(&world->values, 1100 * MS, 100 * MS);
	is_unknown(2, "not certain to be whole");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_taken),
		TEST(test_no_longer_an_int),
		TEST(test_digits),
		TEST(test_memory_used_again),
		TEST(test_ends),
		TEST(test_too_late),
		TEST(test_read_from_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
