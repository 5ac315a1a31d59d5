// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_fmt.c - numbers, sizes, durations and safe text, against what they must be. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define UNTOUCHED 0xabadcafe

struct parse_case {
	const char *text;
	int err;
	uint64_t value;
};

static void check_parse(const struct parse_case *cases, size_t n,
			int (*parse)(const char *text, uint64_t *value))
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value = UNTOUCHED;
		int err = parse(cases[i].text, &value);
		uint64_t expected = cases[i].err ? UNTOUCHED : cases[i].value;

		if (err != cases[i].err || value != expected)
			fail_msg("\"%s\": %d, %" PRIu64, cases[i].text, err, value);
	}
}

static void test_size(void **state)
{
	static const struct parse_case cases[] = {
		{ "0", 0, 0 },
		{ "4096", 0, 4096 },
		{ "007", 0, 7 },
		{ "12B", 0, 12 },
		{ "4k", 0, 4096 },
		{ "4K", 0, 4096 },
		{ "4KiB", 0, 4096 },
		{ "64MiB", 0, 64 << 20 },
		{ "64mib", 0, 64 << 20 },
		{ "1G", 0, 1 << 30 },
		{ "3T", 0, 3ull << 40 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "16777215T", 0, 16777215ull << 40 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
		{ "99999999999999999999k", -ERANGE, 0 },
		{ "16777216T", -ERANGE, 0 },
		{ "18446744073709551615k", -ERANGE, 0 },
		{ "99999999999999999999x", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "k", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "1 k", -EINVAL, 0 },
		{ "1x", -EINVAL, 0 },
		{ "1.5k", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1kk", -EINVAL, 0 },
		{ "1MB", -EINVAL, 0 },
		{ "1Ki", -EINVAL, 0 },
		{ "1\xc2\xb2", -EINVAL, 0 },
	};

	(void)state;
	check_parse(cases, COUNT(cases), fmt_parse_size);
}

static void test_duration(void **state)
{
	static const struct parse_case cases[] = {
		{ "0", 0, 0 },
		{ "10", 0, 10000000000 },
		{ "0.5", 0, 500000000 },
		{ "10ms", 0, 10000000 },
		{ "0.25ms", 0, 250000 },
		{ "1ns", 0, 1 },
		{ "3us", 0, 3000 },
		{ "1.5s", 0, 1500000000 },
		{ "2m", 0, 120000000000 },
		{ "0.5h", 0, 1800000000000 },
		{ "0.000000001", 0, 1 },
		{ "0.0000000019", 0, 1 },
		{ "0.9ns", 0, 0 },
		{ "0.9999999999999h", 0, 3599999999999 },
		{ "0.00000000000000000000000000000000000000000001", 0, 0 },
		{ "1.99999999999999999999999999999999999999", 0, 1999999999 },
		{ "18446744073709551615ns", 0, UINT64_MAX },
		{ "18446744073.709551615", 0, UINT64_MAX },
		{ "18446744073.709551616", -ERANGE, 0 },
		{ "18446744074", -ERANGE, 0 },
		{ "5124096h", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
		{ "99999999999999999999.5ns", -ERANGE, 0 },
		{ "99999999999999999999q", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ ".5", -EINVAL, 0 },
		{ "5.", -EINVAL, 0 },
		{ "5.s", -EINVAL, 0 },
		{ "1.2.3", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "1x", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
		{ "1S", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "1mss", -EINVAL, 0 },
		{ "nan", -EINVAL, 0 },
	};

	(void)state;
	check_parse(cases, COUNT(cases), fmt_parse_duration);
}

static int parse_any(const char *text, uint64_t *value)
{
	return fmt_parse_u64(text, 0, UINT64_MAX, value);
}

static int parse_port(const char *text, uint64_t *value)
{
	return fmt_parse_u64(text, 10, 65535, value);
}

static void test_u64_parsed(void **state)
{
	static const struct parse_case any[] = {
		{ "0", 0, 0 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "1x", -EINVAL, 0 },
		{ "1.0", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "0x1", -EINVAL, 0 },
		{ "99999999999999999999x", -EINVAL, 0 },
	};
	static const struct parse_case port[] = {
		{ "10", 0, 10 },	 { "65535", 0, 65535 }, { "9", -ERANGE, 0 },
		{ "65536", -ERANGE, 0 }, { "9x", -EINVAL, 0 },
	};

	(void)state;
	check_parse(any, COUNT(any), parse_any);
	check_parse(port, COUNT(port), parse_port);
}

/* Against printf, with a guard byte behind the digits. */
static void check_number(uint64_t value)
{
	char expected[32], got[32];
	size_t n;

	memset(got, '#', sizeof(got));
	n = fmt_u64(got, value);
	snprintf(expected, sizeof(expected), "%" PRIu64 "#", value);
	assert_int_equal(n, strlen(expected) - 1);
	assert_memory_equal(got, expected, n + 1);

	memset(got, '#', sizeof(got));
	n = fmt_hex(got, value);
	snprintf(expected, sizeof(expected), "0x%" PRIx64 "#", value);
	assert_int_equal(n, strlen(expected) - 1);
	assert_memory_equal(got, expected, n + 1);
}

static void test_numbers(void **state)
{
	uint64_t random = 88172645463325252;

	(void)state;
	for (uint64_t value = 0; value < 100000; value++)
		check_number(value);
	for (uint64_t power = 1, i = 0; i < 20; i++, power *= 10) {
		check_number(power - 1);
		check_number(power);
		check_number(power + 1);
	}
	for (int bit = 0; bit < 64; bit++) {
		check_number((1ull << bit) - 1);
		check_number(1ull << bit);
		check_number((1ull << bit) + 1);
	}
	check_number(UINT64_MAX);
	for (int i = 0; i < 200000; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		check_number(random >> i % 64);
	}
}

static void test_thousands(void **state)
{
	static const struct {
		uint64_t value;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 7, "7" },
		{ 100, "100" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 12345, "12,345" },
		{ 123456, "123,456" },
		{ 1234567, "1,234,567" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *buf = malloc(28);

		assert_ptr_equal(fmt_thousands(buf, cases[i].value), buf);
		assert_string_equal(buf, cases[i].text);
		free(buf);
	}
}

/* All first and second bytes, the others at the edges; what is behind end must not count. */
static void test_utf8(void **state)
{
	static const uint8_t edges[] = { 0x00, 0x7f, 0x80, 0x8f, 0x90, 0xbf, 0xc0, 0xff };

	(void)state;
	for (uint32_t i = 0; i < 256 * 256 * COUNT(edges) * COUNT(edges); i++) {
		uint8_t bytes[4] = { i & 0xff, i >> 8 & 0xff, edges[i >> 16 & 7],
				     edges[i >> 19 & 7] };
		const char *text = (const char *)bytes;

		for (size_t have = 1; have <= 4; have++)
			assert_int_equal(fmt_utf8(text, text + have), utf8_by_value(text, have));
	}
}

struct safe_case {
	const char *text;
	size_t cap;
	const char *safe;
};

static const struct safe_case safe_cases[] = {
	{ "", 1, "" },
	{ "libc.so.6", 10, "libc.so.6" },
	{ "libc.so.6", 9, "libc...." },
	{ "gr\xc3\xbc\xc3\x9f", 32, "gr\xc3\xbc\xc3\x9f" },
	{ "\xf0\x9f\x90\x8d", 32, "\xf0\x9f\x90\x8d" },
	{ "a\tb\nc\x7f", 32, "a\\x09b\\x0ac\\x7f" },
	{ "\033[2Jx", 32, "\\x1b[2Jx" },
	{ "\xc2\x9bJ", 32, "\\xc2\\x9bJ" },
	{ "\xc2\xa0", 32, "\xc2\xa0" },
	{ "a\xe2\x80\xae\xe2\x81\xa9", 32, "a\\xe2\\x80\\xae\\xe2\\x81\\xa9" },
	{ "\xe2\x80\xa9\xe2\x80\xaf", 32, "\\xe2\\x80\\xa9\xe2\x80\xaf" },
	{ "\xe2\x80\xa7\xe2\x80\xa8\xc2\xad\xc2\xae", 40, "\xe2\x80\xa7\\xe2\\x80\\xa8\\xc2\\xad\xc2\xae" },
	{ "\xf3\xa0\x81\xbf\xf3\xa0\x82\x80", 40, "\\xf3\\xa0\\x81\\xbf\xf3\xa0\x82\x80" },
	{ "C:\\x41", 32, "C:\\\\x41" },
	{ "\xff\xc3", 32, "\\xff\\xc3" },
	{ "\xed\xa0\x80", 32, "\\xed\\xa0\\x80" },
	{ "\xe2\x82", 32, "\\xe2\\x82" },
	{ "abcdef", 7, "abcdef" },
	{ "abcdef", 6, "ab..." },
	{ "abcdef", 5, "a..." },
	{ "abcdef", 4, "..." },
	{ "abcdef", 3, ".." },
	{ "abcdef", 2, "." },
	{ "abcdef", 1, "" },
	{ "a\nbcdef", 9, "a\\x0a..." },
	{ "a\nbcdef", 8, "a..." },
	{ "a\xc3\xbcxyz", 7, "a\xc3\xbcxyz" },
	{ "a\xc3\xbcxyz", 6, "a..." },
	{ "\n", 4, "..." },
	{ "\n", 5, "\\x0a" },
};

static void test_safe(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(safe_cases); i++) {
		const struct safe_case *safe = &safe_cases[i];
		char *buf = malloc(safe->cap); /* exact, for the address sanitizer */

		assert_ptr_equal(fmt_safe(buf, safe->cap, safe->text), buf);
		assert_string_equal(buf, safe->safe);
		free(buf);
	}
	assert_null(fmt_safe(NULL, 0, "x"));
}

/* Random bytes at every cap: printable only, and no longer than allowed. */
static void test_safe_random(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char text[24], buf[64];
		size_t cap = 1 + i % sizeof(buf);

		for (size_t k = 0; k < sizeof(text); k++) {
			random = random * 6364136223846793005 + 1442695040888963407;
			text[k] = (char)(random >> 56);
		}
		text[sizeof(text) - 1] = '\0';
		memset(buf, '#', sizeof(buf));
		fmt_safe(buf, cap, text);
		assert_true(strnlen(buf, cap) < cap);
		for (const char *p = buf, *end = buf + strlen(buf); p < end;) {
			size_t n = fmt_utf8(p, end);

			assert_true(n > 0 && (uint8_t)*p >= 0x20 && *p != 0x7f);
			assert_false(n == 2 && (uint8_t)p[0] == 0xc2 && (uint8_t)p[1] < 0xa0);
			p += n;
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),	   cmocka_unit_test(test_duration),
		cmocka_unit_test(test_u64_parsed), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_thousands),  cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_safe),	   cmocka_unit_test(test_safe_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
