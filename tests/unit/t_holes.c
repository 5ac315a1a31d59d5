// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_holes.c - lines that wait for something to be filled in, and all behind them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/out.h"

#define ROOM 40

static struct out out;
static int fd;

static int setup(void **state)
{
	(void)state;
	fd = memfd_create("holes", 0);
	return out_init(&out, fd);
}

static int teardown(void **state)
{
	(void)state;
	close(fd);
	return 0;
}

static void put(const char *text)
{
	memcpy(out_room(&out, strlen(text)), text, strlen(text));
	out_put(&out, strlen(text));
}

static uint64_t put_hole(const char *otherwise)
{
	uint64_t hole;

	memset(out_room(&out, ROOM), 0, ROOM);
	hole = out_hole(&out, 0, ROOM, otherwise);
	out_put(&out, ROOM);
	return hole;
}

static void line(const char *text)
{
	put(text);
	out_end_line(&out);
}

static void fill(uint64_t hole, const char *text)
{
	out_fill(&out, hole, text, strlen(text));
}

static void expect(const char *text)
{
	const size_t len = strlen(text), size = lseek(fd, 0, SEEK_END);
	char *got = malloc(size + 1);

	assert_int_equal(pread(fd, got, size, 0), size);
	got[size] = '\0';
	if (size != len || memcmp(got, text, len) != 0)
		fail_msg("'%s', not '%s'", got, text);
	free(got);
}

static void test_held_back(void **state)
{
	uint64_t one, two;

	(void)state;
	line("before");
	put("a=");
	one = put_hole("?");
	line(";");
	line("between");
	put("b=");
	two = put_hole("?");
	line(";");
	line("behind");
	out_flush(&out);
	expect("before\n");
	fill(two, "22");
	out_flush(&out);
	expect("before\n");
	fill(one, "1");
	assert_false(out_is_held(&out));
	out_flush(&out);
	expect("before\na=1;\nbetween\nb=22;\nbehind\n");
	fill(one, "too late");
	line("end");
	assert_int_equal(out_close(&out), 0);
	expect("before\na=1;\nbetween\nb=22;\nbehind\nend\n");
	assert_int_equal(out.lines, 6);
	assert_int_equal(out.written, 37);
}

static void test_first_filled_first(void **state)
{
	uint64_t one, two;

	(void)state;
	one = put_hole("?");
	line("");
	two = put_hole("?");
	line("");
	fill(one, "1");
	out_flush(&out);
	expect("1\n");
	fill(two, "2");
	out_close(&out);
	expect("1\n2\n");
}

static void test_never_filled(void **state)
{
	char most[ROOM + 1];

	(void)state;
	put("a=");
	put_hole("none");
	line(";");
	memset(most, 'x', ROOM);
	most[ROOM] = '\0';
	fill(put_hole("?"), most);
	line("");
	put_hole("not a line");
	out_close(&out);
	expect("a=none;\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
}

/* Memory has an end: then what waits for longest is closed, and all lines are there. */
static void test_too_many(void **state)
{
	const unsigned n = 300000;
	size_t len = 0, size;
	char *got, *at;

	(void)state;
	for (unsigned i = 0; i < n; i++) {
		char text[600];

		memset(text, '.', sizeof(text));
		snprintf(text, sizeof(text), "%u", i);
		text[strlen(text)] = '.';
		text[sizeof(text) - 1] = '\0';
		put(text);
		put_hole("closed");
		line("");
	}
	assert_true(out.cap <= 256 << 20);
	out_close(&out);
	assert_int_equal(out.lines, n);
	size = lseek(fd, 0, SEEK_END);
	got = malloc(size);
	while (len < size)
		len += pread(fd, got + len, size - len, len);
	at = got;
	for (unsigned i = 0; i < n; i++) {
		char *end = memchr(at, '\n', got + size - at);

		assert_non_null(end);
		assert_int_equal(strtoul(at, NULL, 10), i);
		assert_memory_equal(end - 6, "closed", 6);
		assert_int_equal(end - at, 599 + 6);
		at = end + 1;
	}
	assert_ptr_equal(at, got + size);
	free(got);
}

static void test_disk_full(void **state)
{
	const int full = open("/dev/full", O_WRONLY);
	struct out lost;

	(void)state;
	out_close(&out);
	assert_int_equal(out_init(&lost, full), 0);
	out = lost;
	line("written too late");
	put_hole("?");
	line("held");
	line("behind");
	assert_int_equal(out_flush(&out), -ENOSPC);
	assert_int_equal(out.lines_lost, 1);
	put_hole("?");
	line("after the error");
	assert_int_equal(out_close(&out), -ENOSPC);
	assert_int_equal(out.lines, 0);
	assert_int_equal(out.lines_lost, 4);
	close(full);
}

/* Holes filled in any order, flushes in between. */
static void test_any_order(void **state)
{
	static char all[1 << 20];
	uint64_t holes[2000];
	unsigned order[2000], n = 2000, filled = 0;
	size_t len = 0;

	(void)state;
	srand(1);
	for (unsigned i = 0; i < n; i++) {
		char text[32];

		snprintf(text, sizeof(text), "%u:", i);
		put(text);
		holes[i] = put_hole("?");
		line("");
		len += sprintf(all + len, "%u:%u\n", i, i * 7);
		order[i] = i;
	}
	for (unsigned i = n; i-- > 1;) {
		const unsigned k = rand() % (i + 1), swap = order[i];

		order[i] = order[k];
		order[k] = swap;
	}
	for (; filled < n; filled++) {
		char text[32];

		snprintf(text, sizeof(text), "%u", order[filled] * 7);
		fill(holes[order[filled]], text);
		if (rand() % 10 == 0)
			out_flush(&out);
	}
	out_close(&out);
	expect(all);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_held_back),	      TEST(test_first_filled_first), TEST(test_never_filled),
		TEST(test_too_many), TEST(test_disk_full),	    TEST(test_any_order),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
