// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_scan.c - the JSON reader: what is JSON, what is not, and what json.h writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/scan.h"

/* At the end of a page behind which there is none: what reads on faults. */
static const char *at_edge(const char *text, size_t len)
{
	static char *pages;

	if (!pages) {
		pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(pages, MAP_FAILED);
		assert_int_equal(mprotect(pages + 2 * 4096, 4096, PROT_NONE), 0);
	}
	assert_true(len <= 2 * 4096);
	return memcpy(pages + 2 * 4096 - len, text, len);
}

static bool is_json(const char *text)
{
	struct scan scan;

	scan_init(&scan, at_edge(text, strlen(text)), strlen(text));
	scan_skip(&scan);
	return scan_done(&scan);
}

static void knows_json(void **state)
{
	static const char *const good[] = { "0", "-1.5e+3", "\"\"", "\"\\u00e9\\n\"", "[]", "{}", " [ 1 , 2 ] ",
					    "{\"a\":{\"b\":[null,true,false]}}", "[1e9]", "\"sixteen bytes and more\"" };
	static const char *const bad[] = { "", "01x", "-", "1.", "1e", "\"", "\"\\x\"", "\"\\u12g4\"", "[", "[1", "[1,]",
					   "[,1]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "nul", "tru", "[1 2]",
					   "\"\t\"", "\"\\", "\"\\u12", "1 2", "{}}", "\"sixteen bytes and \x01 more\"" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!is_json(good[i]))
			fail_msg("%s is JSON", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (is_json(bad[i]))
			fail_msg("%s is no JSON", bad[i]);
}

static void bounds_depth(void **state)
{
	char text[2 * SCAN_DEPTH + 3];

	(void)state;
	for (size_t depth = 1; depth <= SCAN_DEPTH + 1; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		text[2 * depth] = 0;
		assert_int_equal(is_json(text), depth <= SCAN_DEPTH);
	}
}

/* Every cut of a line is bad, and none is read beyond its end. */
static void bears_cuts(void **state)
{
	static const char line[] = "{\"type\":\"malloc\",\"addr\":\"0x1f\",\"a\":[1,{\"b\":null}],\"s\":\"\\u0041\\\\ and more\"}";

	(void)state;
	assert_true(is_json(line));
	for (size_t len = 0; len < sizeof(line) - 1; len++) {
		struct scan scan;

		scan_init(&scan, at_edge(line, len), len);
		scan_skip(&scan);
		assert_false(scan_done(&scan));
	}
}

static void reads_values(void **state)
{
	static const char line[] = "{\"n\":18446744073709551615,\"h\":\"0xffffffffffffffff\",\"t\":true,\"z\":null}";
	struct scan scan;
	struct scan_text key;

	(void)state;
	scan_init(&scan, line, sizeof(line) - 1);
	scan_object(&scan);
	assert_true(scan_member(&scan, &key) && scan_is(&key, "n"));
	assert_true(scan_u64(&scan) == UINT64_MAX);
	assert_true(scan_member(&scan, &key) && scan_is(&key, "h"));
	assert_true(scan_hex(&scan) == UINT64_MAX);
	assert_true(scan_member(&scan, &key) && scan_bool(&scan));
	assert_true(scan_member(&scan, &key) && scan_null(&scan));
	assert_false(scan_member(&scan, &key));
	assert_true(scan_done(&scan));
}

static void refuses_values(void **state)
{
	static const char *const numbers[] = { "18446744073709551616", "99999999999999999999", "-1", "\"1\"", "00", "1.5" };
	static const char *const addresses[] = { "\"\"", "\"0x\"", "\"12\"", "\"0xg\"", "\"0x11111111111111111\"", "12" };
	struct scan scan;

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		scan_init(&scan, numbers[i], strlen(numbers[i]));
		scan_u64(&scan);
		assert_false(scan_done(&scan));
	}
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		scan_init(&scan, addresses[i], strlen(addresses[i]));
		scan_hex(&scan);
		assert_false(scan_done(&scan));
	}
}

/* Any bytes but NUL, written by json.h, are what they were. */
static void reverses_the_writer(void **state)
{
	int fd = memfd_create("line", 0);
	char text[64], line[1024], back[2048];
	struct scan_text key, value;
	struct scan scan;
	struct json json;
	struct out out;
	ssize_t len;

	(void)state;
	srand(5);
	for (int round = 0; round < 2000; round++) {
		size_t n = rand() % sizeof(text);

		for (size_t i = 0; i < n; i++)
			text[i] = round % 2 ? 1 + rand() % 255 : "\"\\\n\xc3\xa9\xf0\x9f\x98\x80 a"[rand() % 11];
		assert_int_equal(ftruncate(fd, 0), 0);
		lseek(fd, 0, SEEK_SET);
		assert_int_equal(out_init(&out, fd), 0);
		json_begin(&json, &out);
		json_strn(&json, "s", text, n);
		json_end(&json);
		assert_int_equal(out_close(&out), 0);
		len = pread(fd, line, sizeof(line), 0);
		scan_init(&scan, at_edge(line, len), len);
		scan_object(&scan);
		assert_true(scan_member(&scan, &key));
		value = scan_str(&scan);
		assert_false(scan_member(&scan, &key));
		assert_true(scan_done(&scan));
		scan_copy(&value, back, sizeof(back));
		assert_int_equal(strlen(back), n);
		assert_memory_equal(back, text, n);
	}
	close(fd);
}

static void copies_what_fits(void **state)
{
	const struct scan_text text = { "\\ud83d\\ude00\\u0000x", 19, true };
	char buf[32];

	(void)state;
	assert_string_equal(scan_copy(&text, buf, 24), "\xf0\x9f\x98\x80\xef\xbf\xbdx");
	for (size_t cap = 1; cap < 24; cap++) {
		memset(buf, 0x55, sizeof(buf));
		scan_copy(&text, buf, cap);
		assert_true(strlen(buf) < cap);
		assert_int_equal(buf[cap], 0x55);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_json),	  cmocka_unit_test(bounds_depth),
		cmocka_unit_test(bears_cuts),	  cmocka_unit_test(reads_values),
		cmocka_unit_test(refuses_values), cmocka_unit_test(reverses_the_writer),
		cmocka_unit_test(copies_what_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
