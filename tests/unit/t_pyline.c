// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_pyline.c - line tables written by hand, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "place/pyline.h"

#define LINE(version, first, lasti, ...)                                                \
	pyline(version, (const uint8_t[]){ __VA_ARGS__ },                               \
	       sizeof((const uint8_t[]){ __VA_ARGS__ }), first, lasti)

/* An entry of the location table: kind and code units. */
#define ENTRY(kind, units) (0x80 | (kind) << 3 | ((units) - 1))

static void versions(void **state)
{
	static const uint8_t table[] = { 2, 1 };

	(void)state;
	assert_int_equal(pyline(0x0305, table, 2, 5, 0), -ENOTSUP);
	assert_int_equal(pyline(0x0310, table, 2, 5, 0), -ENOTSUP);
	assert_int_equal(pyline(0x0205, table, 2, 5, -1), -ENOTSUP);
	for (unsigned version = 0x0306; version <= 0x030f; version++) {
		assert_int_equal(pyline(version, table, 2, 5, -1), 5);
		assert_int_equal(pyline(version, table, 2, 5, INT64_MIN), 5);
		assert_int_equal(pyline(version, table, 2, -1, -1), -EBADMSG);
	}
}

static void empty_tables(void **state)
{
	(void)state;
	for (unsigned version = 0x0306; version <= 0x0309; version++)
		assert_int_equal(pyline(version, NULL, 0, 7, 100), 7);
	for (unsigned version = 0x030a; version <= 0x030f; version++)
		assert_int_equal(pyline(version, NULL, 0, 7, 0), PYLINE_NONE);
}

/* Objects/lnotab_notes.txt: increments of more than a byte are split. */
static void lnotab(void **state)
{
	(void)state;
	for (unsigned version = 0x0306; version <= 0x0309; version++) {
#define AT(lasti)                                                                                 \
	LINE(version, 1, lasti, 0, 1, 6, 1, 44, 5, 255, 0, 45, 127, 0, 73, 6, 0x80, 2, 0xff)
		assert_int_equal(AT(0), 2);
		assert_int_equal(AT(5), 2);
		assert_int_equal(AT(6), 3);
		assert_int_equal(AT(49), 3);
		assert_int_equal(AT(50), 8);
		assert_int_equal(AT(349), 8);
		assert_int_equal(AT(350), 208);
		assert_int_equal(AT(355), 208);
		assert_int_equal(AT(356), 80);
		assert_int_equal(AT(358), 79);
		assert_int_equal(AT(INT64_MAX), 79);
#undef AT
	}
}

static void ranges(void **state)
{
	(void)state;
#define AT(lasti) LINE(0x030a, 10, lasti, 4, 0, 2, 0x80, 0, 127, 6, 10, 254, 0x81, 4, 1, 2, 0x80)
	assert_int_equal(AT(0), 10);
	assert_int_equal(AT(3), 10);
	assert_int_equal(AT(4), PYLINE_NONE); /* -128 */
	assert_int_equal(AT(5), PYLINE_NONE);
	assert_int_equal(AT(6), 147); /* a range of no bytes carries 127 of a long gap */
	assert_int_equal(AT(11), 147);
	assert_int_equal(AT(12), 20); /* -127 */
	assert_int_equal(AT(265), 20);
	assert_int_equal(AT(266), 21);
	assert_int_equal(AT(270), PYLINE_NONE);
	assert_int_equal(AT(272), PYLINE_NONE); /* past the end */
	assert_int_equal(AT(INT64_MAX), PYLINE_NONE);
#undef AT
}

/* The example of InternalDocs/code_objects.md in spirit: every kind of entry, once. */
static void locations(void **state)
{
	(void)state;
	for (unsigned version = 0x030b; version <= 0x030f; version++) {
#define AT(lasti)                                                                                 \
	LINE(version, 100, lasti, ENTRY(0, 1), 0x11, ENTRY(9, 8), 0x7f, ENTRY(10, 1), 1, 2,        \
	     ENTRY(11, 1), 1, 2, ENTRY(12, 1), 1, 2, ENTRY(13, 2), 0x07, ENTRY(15, 3),             \
	     ENTRY(14, 1), 0x58, 0x09, 0x01, 0x41, 0x02, 0x03, ENTRY(13, 1), 0x42, 0x4f, 0x40, 0x01)
		assert_int_equal(AT(0), 100);
		assert_int_equal(AT(1), 100);
		assert_int_equal(AT(2), 100);
		assert_int_equal(AT(17), 100);
		assert_int_equal(AT(18), 100); /* one line, the same */
		assert_int_equal(AT(20), 101);
		assert_int_equal(AT(22), 103);
		assert_int_equal(AT(24), 100); /* -3 */
		assert_int_equal(AT(27), 100);
		assert_int_equal(AT(28), PYLINE_NONE);
		assert_int_equal(AT(33), PYLINE_NONE);
		assert_int_equal(AT(34), 400); /* 0x58 0x09: 600, and half of it */
		assert_int_equal(AT(36), 400 + (2 + (15 << 6) + (1 << 18)) / 2);
		assert_int_equal(AT(38), PYLINE_NONE); /* past the end */
		assert_int_equal(AT(INT64_MAX), PYLINE_NONE);
#undef AT
	}
}

static void a_line_is_not_negative(void **state)
{
	(void)state;
	assert_int_equal(LINE(0x0308, 1, 0, 0, 0xff), 0);
	assert_int_equal(LINE(0x0308, 1, 0, 0, 0xfe), -EBADMSG);
	assert_int_equal(LINE(0x030a, 1, 0, 2, 0xfe), -EBADMSG);
	assert_int_equal(LINE(0x030b, 1, 0, ENTRY(13, 1), 0x05), -EBADMSG);
	/* on the way it may be, as CPython adds up what it skips */
	assert_int_equal(LINE(0x0308, 1, 0, 0, 0xf0, 0, 0x10), 1);
	assert_int_equal(LINE(0x030a, 1, 2, 2, 0xf0, 2, 0x10), 1);
	assert_int_equal(LINE(0x030b, 1, 2, ENTRY(13, 1), 0x05, ENTRY(13, 1), 0x04), 1);
	/* nor more than an int */
	assert_int_equal(LINE(0x0308, INT32_MAX, 0, 0, 1), -EBADMSG);
	assert_int_equal(LINE(0x0308, INT32_MAX, 0, 0, 0), INT32_MAX);
}

static void damaged_pairs(void **state)
{
	(void)state;
	assert_int_equal(LINE(0x0308, 1, 9, 2, 1, 2), -EBADMSG);
	assert_int_equal(LINE(0x0308, 1, 1, 2, 1, 2), 1); /* found before the damage */
	assert_int_equal(LINE(0x0308, 1, 0, 2), -EBADMSG);
	assert_int_equal(LINE(0x030a, 1, 9, 2, 1, 2), -EBADMSG);
	assert_int_equal(LINE(0x030a, 1, 1, 2, 1, 2), 2);
	assert_int_equal(LINE(0x030a, 1, 0, 2), -EBADMSG);
}

static void damaged_locations(void **state)
{
	(void)state;
	/* does not begin with an entry */
	assert_int_equal(LINE(0x030b, 1, 0, 0x01, ENTRY(0, 1), 0x11), -EBADMSG);
	/* the delta is cut off, by the end or by the next entry */
	assert_int_equal(LINE(0x030b, 1, 0, ENTRY(13, 1)), -EBADMSG);
	assert_int_equal(LINE(0x030b, 1, 0, ENTRY(14, 1), 0x41), -EBADMSG);
	assert_int_equal(LINE(0x030b, 1, 2, ENTRY(14, 1), 0x41, ENTRY(0, 1), 0x11), -EBADMSG);
	/* it has no end, or more than 32 bits */
	assert_int_equal(LINE(0x030b, 1, 0, ENTRY(13, 1), 0x42, 0x40, 0x40, 0x40, 0x40, 0x40, 0x01),
			 -EBADMSG);
	assert_int_equal(LINE(0x030b, 1, 0, ENTRY(13, 1), 0x42, 0x40, 0x40, 0x40, 0x40, 0x3f),
			 -EBADMSG);
	assert_int_equal(LINE(0x030b, 1, 0, ENTRY(13, 1), 0x42, 0x40, 0x40, 0x40, 0x40, 0x00), 2);
	/* columns that are cut off do not matter, as in CPython */
	assert_int_equal(LINE(0x030b, 1, 0, ENTRY(14, 1), 0x02), 2);
	assert_int_equal(LINE(0x030b, 1, 2, ENTRY(0, 1), ENTRY(11, 1)), 2);
}

/* Each byte is looked at once: 64 MiB take a moment, and nothing overflows. */
static void huge_tables(void **state)
{
	const size_t len = 64 << 20;
	uint8_t *table = malloc(len);

	(void)state;
	memset(table, 0x7f, len); /* line + 127 each, */
	assert_int_equal(pyline(0x0306, table, len, 1, INT64_MAX), -EBADMSG);
	memset(table, 0x40, len); /* one delta without end */
	table[0] = ENTRY(13, 1);
	assert_int_equal(pyline(0x030b, table, len, 1, 0), -EBADMSG);
	memset(table, ENTRY(15, 8), len);
	assert_int_equal(pyline(0x030b, table, len, 1, INT64_MAX), PYLINE_NONE);
	memset(table, 0, len); /* ranges without bytes */
	assert_int_equal(pyline(0x030a, table, len, 1, 0), PYLINE_NONE);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test(empty_tables),
		cmocka_unit_test(lnotab),
		cmocka_unit_test(ranges),
		cmocka_unit_test(locations),
		cmocka_unit_test(a_line_is_not_negative),
		cmocka_unit_test(damaged_pairs),
		cmocka_unit_test(damaged_locations),
		cmocka_unit_test(huge_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
