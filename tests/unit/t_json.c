// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_json.c - JSON lines, read back by a strict reader of its own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LONGEST ((size_t)3 << 20)

/*
 * A reader of JSON as RFC 8259 has it, and stricter: whole numbers only; no DEL or C1
 * control in a string, and no \u but for controls and \udc80 to \udcff, for a byte that
 * is not UTF-8.
 */
struct reader {
	const char *at, *end;
	char *text; /* the last string, decoded to bytes */
	size_t len;
};

static bool read_value(struct reader *r);

static bool take(struct reader *r, char c)
{
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static bool read_number(struct reader *r)
{
	const char *start;

	take(r, '-');
	if (take(r, '0'))
		return true;
	start = r->at;
	while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
		r->at++;
	return r->at > start;
}

static bool read_escape(struct reader *r)
{
	static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *name;
	uint32_t code = 0;

	if (r->at == r->end || !*r->at)
		return false;
	name = strchr(names, *r->at);
	if (name) {
		r->at++;
		r->text[r->len++] = bytes[name - names];
		return true;
	}
	if (!take(r, 'u') || r->end - r->at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef", *digit = strchr(digits, *r->at++);

		if (!digit || !*digit)
			return false;
		code = code << 4 | (uint32_t)(digit - digits);
	}
	if (code > 0x9f && (code < 0xdc80 || code > 0xdcff))
		return false;
	if (code >= 0x80 && code <= 0x9f)
		r->text[r->len++] = (char)0xc2;
	r->text[r->len++] = (char)(code & 0xff);
	return true;
}

static bool is_control(const char *text, size_t n)
{
	const uint8_t *p = (const uint8_t *)text;

	return p[0] < 0x20 || p[0] == 0x7f || (n == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

static bool read_string(struct reader *r)
{
	r->len = 0;
	if (!take(r, '"'))
		return false;
	while (!take(r, '"')) {
		size_t n;

		if (r->at == r->end)
			return false;
		if (take(r, '\\')) {
			if (!read_escape(r))
				return false;
			continue;
		}
		n = utf8_by_value(r->at, r->end - r->at);
		if (n == 0 || is_control(r->at, n))
			return false;
		memcpy(r->text + r->len, r->at, n);
		r->len += n;
		r->at += n;
	}
	return true;
}

static bool read_word(struct reader *r, const char *word)
{
	while (*word) {
		if (!take(r, *word++))
			return false;
	}
	return true;
}

static bool read_group(struct reader *r, bool keys)
{
	char end = keys ? '}' : ']';

	if (take(r, end))
		return true;
	do {
		if ((keys && !(read_string(r) && take(r, ':'))) || !read_value(r))
			return false;
	} while (take(r, ','));
	return take(r, end);
}

static bool read_value(struct reader *r)
{
	if (r->at == r->end)
		return false;
	switch (*r->at) {
	case '{': r->at++; return read_group(r, true);
	case '[': r->at++; return read_group(r, false);
	case '"': return read_string(r);
	case 't': return read_word(r, "true");
	case 'f': return read_word(r, "false");
	case 'n': return read_word(r, "null");
	default: return read_number(r);
	}
}

/* The line under test, taken from a file, and room to decode and expect. */
static struct {
	struct out out;
	struct json json;
	FILE *file;
	char *line, *text, *expected;
} t;

static int set_up(void **state)
{
	(void)state;
	t.file = tmpfile();
	t.line = malloc(6 * LONGEST + 64);
	t.text = malloc(6 * LONGEST + 64);
	t.expected = malloc(6 * LONGEST + 64);
	return t.file && t.line && t.text && t.expected ? out_init(&t.out, fileno(t.file)) : -1;
}

static int tear_down(void **state)
{
	(void)state;
	fclose(t.file);
	free(t.line);
	free(t.text);
	free(t.expected);
	return out_close(&t.out);
}

/* The one line written since the last call, without its newline; it must be JSON. */
static size_t take_line(struct reader *r)
{
	int fd = fileno(t.file);
	ssize_t n;

	assert_int_equal(out_flush(&t.out), 0);
	n = pread(fd, t.line, 6 * LONGEST + 63, 0);
	assert_true(n > 0 && t.line[n - 1] == '\n');
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	t.line[--n] = '\0';
	*r = (struct reader){ .at = t.line, .end = t.line + n, .text = t.text };
	if (*t.line != '{' || !read_value(r) || r->at != r->end)
		fail_msg("not JSON at byte %zu: %.200s", (size_t)(r->at - t.line), t.line);
	return (size_t)n;
}

/* What the string must become, one character after another. */
static size_t escape_slowly(char *to, const char *text, size_t len, bool html)
{
	static const char bytes[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	char *p = to;

	for (size_t i = 0; i < len;) {
		size_t n = utf8_by_value(text + i, len - i);
		const char *named = text[i] ? strchr(bytes, text[i]) : NULL;

		if (named)
			p += sprintf(p, "\\%c", names[named - bytes]);
		else if (n == 0)
			p += sprintf(p, "\\udc%02x", (uint8_t)text[i]);
		else if (is_control(text + i, n))
			p += sprintf(p, "\\u00%02x", (uint8_t)text[i + n - 1]);
		else if (html && text[i] == '<')
			p += sprintf(p, "\\u003c");
		else
			p = (char *)memcpy(p, text + i, n) + n;
		i += n ? n : 1;
	}
	return (size_t)(p - to);
}

/* Written, read back the same, and written the way it must be. */
static void check_as(const char *text, size_t len, bool html)
{
	char *p = t.expected;
	struct reader r;
	size_t n;

	json_begin(&t.json, &t.out);
	t.json.html = html;
	json_strn(&t.json, "s", text, len);
	json_end(&t.json);
	n = take_line(&r);
	if (r.len != len || memcmp(r.text, text, len) != 0)
		fail_msg("%zu bytes came back as %zu: %.200s", len, r.len, t.line);
	p += sprintf(p, "{\"s\":\"");
	p += escape_slowly(p, text, len, html);
	p += sprintf(p, "\"}");
	*p = '\0';
	if (n != (size_t)(p - t.expected) || memcmp(t.line, t.expected, n) != 0)
		fail_msg("got %.200s expected %.200s", t.line, t.expected);
}

/* Where nothing has to be escaped for HTML, that it is asked for makes no difference. */
static void check_string(const char *text, size_t len)
{
	check_as(text, len, false);
	if (memchr(text, '<', len))
		check_as(text, len, true);
}

/* The reader must refuse what is no JSON, or the rest proves nothing. */
static void test_reader(void **state)
{
	/* clang-format off */
	static const char *const bad[] = {
		"", "{", "{}x", "{,}", "{\"a\":1,}", "{\"a\"}", "{\"a\":01}", "{\"a\":-}",
		"{\"a\":1.}", "{\"a\":.5}", "{a:1}", "[1,]", "[1 2]", "\"\t\"", "\"\x7f\"",
		"\"\xc2\x9b\"", "\"\\x41\"", "\"\\ud800\"", "\"\\udc7f\"", "\"\\u12\"",
		"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"a", "tru",
	};
	static const char *const good[] = {
		"{}", "[]", "{\"a\":[1,-20,{}],\"b\":null}", "\"\\udcff\\u009b\\n\"", "false",
	};
	/* clang-format on */
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(bad) + COUNT(good); i++) {
		const char *line = i < COUNT(bad) ? bad[i] : good[i - COUNT(bad)];
		struct reader r = { .at = line, .end = line + strlen(line), .text = text };
		bool ok = read_value(&r) && r.at == r.end;

		if (ok != (i >= COUNT(bad)))
			fail_msg("%s: %d", line, ok);
	}
}

static void test_shape(void **state)
{
	struct json *json = &t.json;
	struct reader r;

	(void)state;
	json_begin(json, &t.out);
	json_str(json, "type", "header");
	json_object(json, "empty");
	json_object_end(json);
	json_array(json, "list");
	json_u64(json, NULL, 1);
	json_object(json, NULL);
	json_bool(json, "yes", true);
	json_bool(json, "no", false);
	json_object_end(json);
	json_array(json, NULL);
	json_array_end(json);
	json_str(json, NULL, "x");
	json_strn(json, NULL, "xyz", 2);
	json_hex(json, NULL, 255);
	json_i64(json, NULL, -1);
	json_null(json, NULL);
	json_array_end(json);
	json_str(json, "none", NULL);
	json_strn(json, "nothing", NULL, 3);
	json_null(json, "null");
	json_end(json);
	take_line(&r);
	assert_string_equal(t.line, "{\"type\":\"header\",\"empty\":{},\"list\":[1,"
				    "{\"yes\":true,\"no\":false},[],\"x\",\"xy\",\"0xff\",-1,null],"
				    "\"none\":null,\"nothing\":null,\"null\":null}");
}

static void test_numbers(void **state)
{
	struct json *json = &t.json;
	struct reader r;

	(void)state;
	json_begin(json, &t.out);
	json_u64(json, "zero", 0);
	json_u64(json, "max", UINT64_MAX);
	json_i64(json, "0", 0);
	json_i64(json, "least", INT64_MIN);
	json_i64(json, "most", INT64_MAX);
	json_hex(json, "null", 0);
	json_hex(json, "addr", 0x7ffd12345678);
	json_hex(json, "all", UINT64_MAX);
	json_end(json);
	take_line(&r);
	assert_string_equal(t.line, "{\"zero\":0,\"max\":18446744073709551615,\"0\":0,"
				    "\"least\":-9223372036854775808,\"most\":9223372036854775807,"
				    "\"null\":\"0x0\",\"addr\":\"0x7ffd12345678\","
				    "\"all\":\"0xffffffffffffffff\"}");
}

/* Each byte at each place of strings short and long enough for words of eight. */
static void test_bytes(void **state)
{
	(void)state;
	for (size_t len = 1; len <= 20; len++) {
		for (size_t at = 0; at < len; at++) {
			for (int c = 0; c < 256; c++) {
				char text[20];

				memset(text, 'a', sizeof(text));
				text[at] = (char)c;
				check_string(text, len);
			}
		}
	}
	check_string("", 0);
}

/* Characters of each length, whole, and with the last or the first byte missing. */
static void test_characters(void **state)
{
	(void)state;
	for (uint32_t code = 0x80; code < 0x110000; code += code < 0x3000 ? 1 : 61) {
		char text[8];
		size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

		for (size_t i = n - 1, rest = code; i > 0; i--, rest >>= 6)
			text[i] = (char)(0x80 | (rest & 0x3f));
		text[0] = (char)((0xf00 >> n) | code >> 6 * (n - 1));
		text[n] = 'a';
		check_string(text, n + 1);
		check_string(text, n - 1);
		check_string(text + 1, n);
	}
}

static uint64_t next_random(void)
{
	static uint64_t random = 88172645463325252;

	random ^= random << 13;
	random ^= random >> 7;
	random ^= random << 17;
	return random;
}

/* Strings of pieces that are nasty alone and nastier side by side. */
static void test_nasty(void **state)
{
	/* clang-format off */
	static const char *const pieces[] = {
		"\"", "\\", "\n", "\033[31m", "\x7f", "a", "plain text", "\\udcff", "\xff",
		"\xfe", "\x80", "\xbf", "\xc2", "\xc2\x9b", "\xc2\x80", "\xc2\xa0", "\xc0\x80",
		"\xc1\xbf", "\xe2\x82", "\xe2\x82\xac", "\xe2\x80\xa8", "\xe0\x9f\xbf",
		"\xe0\xa0\x80", "\xed\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xee\x80\x80",
		"\xef\xbf\xbf", "\xf0\x9f\x90", "\xf0\x9f\x90\x8d", "\xf0\x8f\xbf\xbf",
		"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xf4\x90\x80", "\xf5\x80\x80\x80",
		"\xf8\x88\x80", "<", "</script>",
	};
	/* clang-format on */
	char text[256];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		size_t len = 0, n = next_random() % 12;

		while (n--) {
			const char *piece = pieces[next_random() % COUNT(pieces)];

			memcpy(text + len, piece, strlen(piece));
			len += strlen(piece);
		}
		check_string(text, len);
	}
	for (int i = 0; i < 50000; i++) {
		size_t len = next_random() % 40;

		for (size_t k = 0; k < len; k++)
			text[k] = (char)(next_random() >> 40);
		check_string(text, len);
	}
}

/* Strings longer than the buffer, and characters across every place it is looked at. */
static void test_long(void **state)
{
	static const struct {
		const char *piece;
		size_t len;
	} pieces[] = {
		{ "a", 1 }, { "\x01", 1 }, { "\xff", 1 }, { "\xf0\x9f\x90\x8d", 4 }, { "\0", 1 },
		{ "<", 1 },
	};
	char *text = malloc(LONGEST);

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		for (size_t at = 0; at + pieces[i].len <= LONGEST; at += pieces[i].len)
			memcpy(text + at, pieces[i].piece, pieces[i].len);
		check_string(text, LONGEST);
		check_string(text, 1 << 20);
		check_string(text, (1 << 20) - 1);
		for (size_t len = 4080; len < 4110; len++)
			check_string(text, len);
		for (size_t shift = 0; shift < 4; shift++)
			check_string(text + shift, 8200);
	}
	/* a < on both sides of where a look ends, which may be amid what is copied at once */
	for (size_t shift = 0; shift < 8; shift++)
		for (size_t at = 4088; at < 4108; at++) {
			memset(text, 'a', 5000);
			memset(text, '\n', shift);
			text[at] = '<';
			check_string(text, 5000);
		}
	free(text);
}

/* Lines of every length near the end of the buffer, none of them torn or lost. */
static void test_many(void **state)
{
	const int n = 30000;
	char text[300], *at = t.line;
	ssize_t got;

	(void)state;
	memset(text, '"', sizeof(text));
	for (int i = 0; i < n; i++) {
		json_begin(&t.json, &t.out);
		json_strn(&t.json, "s", text, next_random() % sizeof(text));
		json_end(&t.json);
	}
	assert_int_equal(out_flush(&t.out), 0);
	got = pread(fileno(t.file), t.line, 6 * LONGEST, 0);
	assert_true(got > 4 << 20);
	for (int i = 0; i < n; i++) {
		char *end = memchr(at, '\n', t.line + got - at);
		struct reader r = { .at = at, .end = end, .text = t.text };

		assert_non_null(end);
		assert_true(read_value(&r) && r.at == end);
		at = end + 1;
	}
	assert_ptr_equal(at, t.line + got);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reader),	   cmocka_unit_test(test_shape),
		cmocka_unit_test(test_numbers),	   cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_characters), cmocka_unit_test(test_nasty),
		cmocka_unit_test(test_long),	   cmocka_unit_test(test_many)
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
