// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_code.c - calls and prologues: by hand, and in this program as objdump sees it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/code.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void encodings(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		bool is_call;
	} rows[] = {
#define ROW(bytes, is_call) { bytes, sizeof(bytes) - 1, is_call }
		ROW("\xe8\x00\x00\x00\x00", true),
		ROW("\xe8\x00\x00\x00", false),
		ROW("\x67\xe8\x01\x02\x03\x04", true),	       /* addr32 call */
		ROW("\x66\x66\x48\xe8\x01\x02\x03\x04", true), /* as TLS code pads it */
		ROW("\xf2\xe8\x01\x02\x03\x04", true),	       /* bnd call */
		ROW("\xff\xd0", true),			       /* call *%rax */
		ROW("\x41\xff\xd4", true),		       /* call *%r12 */
		ROW("\x3e\xff\xe0", false),		       /* notrack jmp *%rax */
		ROW("\xff\x10", true),			       /* call *(%rax) */
		ROW("\xff\x14\x24", true),		       /* call *(%rsp) */
		ROW("\xff\x14\xc5\x01\x02\x03\x04", true),     /* call *x(,%rax,8) */
		ROW("\xff\x15\x01\x02\x03\x04", true),	       /* call *x(%rip) */
		ROW("\xff\x50\x08", true),		       /* call *8(%rax) */
		ROW("\xff\x54\x24\x08", true),		       /* call *8(%rsp) */
		ROW("\xff\x90\x01\x02\x03\x04", true),	       /* call *x(%rax) */
		ROW("\xff\x94\xc8\x01\x02\x03\x04", true),     /* call *x(%rax,%rcx,8) */
		ROW("\xff\x25\x01\x02\x03\x04", false),	       /* jmp *x(%rip) */
		ROW("\xff\x30", false),			       /* push (%rax) */
		ROW("\x90\x90\x90\x90\x90\x90\x90", false),
		ROW("\xff", false),
		ROW("", false),
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (code_is_call((const uint8_t *)rows[i].bytes, rows[i].n) != rows[i].is_call)
			fail_msg("row %zu", i);
}

static void prologues(void **state)
{
	static const uint8_t framed[] = { 0x55, 0x48, 0x89, 0xe5, 0x90 };
	static const uint8_t with_endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x8b, 0xec };
	static const uint8_t saved_only[] = { 0x55, 0x53, 0x48, 0x89, 0xfb, 0x90, 0x90, 0x90 };

	(void)state;
	assert_true(code_makes_frame(framed, sizeof(framed)));
	assert_true(code_makes_frame(with_endbr, sizeof(with_endbr)));
	assert_false(code_makes_frame(with_endbr, sizeof(with_endbr) - 1));
	assert_false(code_makes_frame(saved_only, sizeof(saved_only)));
	assert_false(code_makes_frame(framed, 0));
}

/* "  40112f:	call   401040 <malloc@plt>"; the bytes of a line come before the text */
static bool parse(char *line, uint8_t *bytes, size_t *n, const char **text)
{
	char *at = strchr(line, '\t'), *end = at ? strchr(at + 1, '\t') : NULL;

	*n = 0;
	if (!end)
		return false;
	*text = end + 1;
	*end = '\0';
	while (at < end && *n < 16) {
		char *next;
		unsigned long byte = strtoul(at, &next, 16);

		if (next == at)
			break;
		bytes[(*n)++] = (uint8_t)byte;
		at = next;
	}
	return *n != 0;
}

static void this_program(void **state)
{
	FILE *listing = popen("objdump -dw /proc/self/exe 2>/dev/null || objdump -dw /bin/true", "r");
	size_t calls = 0, others = 0, taken = 0, n;
	uint8_t bytes[16];
	const char *text;
	char line[512];

	(void)state;
	assert_non_null(listing);
	while (fgets(line, sizeof(line), listing)) {
		if (!parse(line, bytes, &n, &text))
			continue;
		if (strstr(text, "call ") && !strstr(text, "lcall")) {
			calls++;
			if (!code_is_call(bytes, n))
				fail_msg("not taken for a call: %s", line);
		} else {
			others++;
			taken += code_is_call(bytes, n);
		}
	}
	assert_int_equal(pclose(listing), 0);
	assert_true(calls > 100);
	assert_true(taken * 100 < others);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodings),
		cmocka_unit_test(prologues),
		cmocka_unit_test(this_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
