// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_pyint.c - ints as words of their objects, in decimal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "place/pyint.h"

#define TOP 0x3fffffff

struct row {
	uint64_t size;
	bool tagged;
	const char *text; /* NULL: not known */
	uint32_t digits[8];
	size_t n;
};

static void test_whole(void **state)
{
	static const struct row rows[] = {
		{ 0, false, "0", { 0 }, 0 },
		{ 1, false, "7", { 7 }, 1 },
		{ (uint64_t)-1, false, "-1073741823", { TOP }, 1 },
		{ 2, false, "1152921504606846975", { TOP, TOP }, 2 },
		{ (uint64_t)-3, false, "-1237940039285380274899124223", { TOP, TOP, TOP }, 3 },
		{ 2, false, "1073741824", { 0, 1 }, 2 },
		{ 2, false, "1000000000000000000", { 660865024, 931322574 }, 2 },
		{ 1, true, "0", { 0 }, 0 },
		{ 1 << 3, true, "12345", { 12345 }, 1 },
		{ 1 << 3 | 2, true, "-12345", { 12345 }, 1 },
		{ 1 << 3 | 4, true, "255", { 255 }, 1 }, /* immortal, 3.14 */
		{ 2 << 3 | 2, true, "-1073741824", { 0, 1 }, 2 },
		/* what no int has */
		{ 1, false, NULL, { TOP + 1 }, 1 },
		{ 2, false, NULL, { 1 }, 1 },
		{ 1, false, NULL, { 1, 1 }, 2 },
		{ 3, false, NULL, { 660865024, 931322574, 0 }, 3 }, /* a leading 0: not whole */
		{ 1, false, NULL, { 0 }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pyint value;

		pyint_decode(rows[i].size, rows[i].tagged, rows[i].digits, rows[i].n, &value);
		assert_int_equal(value.state, rows[i].text ? PYINT_KNOWN : PYINT_UNKNOWN);
		assert_string_equal(value.text, rows[i].text ? rows[i].text : "");
		assert_int_equal(value.decimals, 0);
	}
}

static void check(uint64_t size, const uint32_t *digits, size_t n, const char *text, uint64_t decimals)
{
	struct pyint value;

	pyint_decode(size, false, digits, n, &value);
	assert_int_equal(value.state, PYINT_KNOWN);
	assert_string_equal(value.text, text);
	assert_int_equal(value.decimals, decimals);
}

static void test_shortened(void **state)
{
	uint32_t digits[PYINT_DIGITS] = { 0 };

	(void)state;
	digits[6] = 1 << 19; /* 2**199 */
	check(7, digits, 7, "803469022129495137770981046170581301261101496891396417650688", 0);
	digits[6] = 1 << 20; /* 2**200: 61 digits */
	check(7, digits, 7, "16069380442589902755...", 61);
	check((uint64_t)-7, digits, 7, "-16069380442589902755...", 61);
	digits[6] = 0;
	digits[PYINT_DIGITS - 1] = 1; /* 2**930 */
	check(PYINT_DIGITS, digits, PYINT_DIGITS, "90760309355333438891...", 280);
}

/* Of which only the most significant digits were read. */
static void test_parts(void **state)
{
	uint32_t digits[PYINT_DIGITS] = { 0 };
	struct pyint value;

	(void)state;
	digits[PYINT_DIGITS - 1] = 1; /* 2**(30 * 999), and 2**(30 * 1000000) */
	check(1000, digits, PYINT_DIGITS, "73955427...", 9022);
	check((uint64_t)-1000001, digits, PYINT_DIGITS, "-74117273...", 9030900);
	/* of fewer than there should be */
	pyint_decode(1000, false, digits, 6, &value);
	assert_int_equal(value.state, PYINT_UNKNOWN);
	/* leading digits of 0, as of a product that is not finished */
	digits[PYINT_DIGITS - 1] = 0;
	pyint_decode(1000, false, digits, PYINT_DIGITS, &value);
	assert_int_equal(value.state, PYINT_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_shortened),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
