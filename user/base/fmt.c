// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fmt.c - numbers, sizes and durations from and to text, and text safe for a terminal. */
#include "base/fmt.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A word that may stand behind a number. */
struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit sizes[] = {
	{ "", 1 },	     { "B", 1 },
	{ "k", 1ull << 10 }, { "KiB", 1ull << 10 },
	{ "M", 1ull << 20 }, { "MiB", 1ull << 20 },
	{ "G", 1ull << 30 }, { "GiB", 1ull << 30 },
	{ "T", 1ull << 40 }, { "TiB", 1ull << 40 },
};

static const struct unit durations[] = {
	{ "", 1000000000 },
	{ "ns", 1 },
	{ "us", 1000 },
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", 60 * 1000000000ull },
	{ "h", 3600 * 1000000000ull },
};

/* Enough digits behind the point for a nanosecond of the longest unit, 3.6e12 ns. */
#define FRACTION_DIGITS 13
#define FRACTION_ONE 10000000000000ull

/* The two digits of each number below 100. */
static const char decimal[] = "0001020304050607080910111213141516171819"
			      "2021222324252627282930313233343536373839"
			      "4041424344454647484950515253545556575859"
			      "6061626364656667686970717273747576777879"
			      "8081828384858687888990919293949596979899";

/* The two digits of each byte. */
static const char hex[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
			  "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
			  "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
			  "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
			  "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
			  "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
			  "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
			  "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * The digits at *text, at least one; *text moves behind them also with -ERANGE, so
 * the caller can tell a number that is too large from text that is no number.
 */
static int read_digits(const char **text, uint64_t *value)
{
	const char *p = *text;
	uint64_t sum = 0;
	int err = 0;

	if (!is_digit(*p))
		return -EINVAL;
	for (; is_digit(*p); p++) {
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, *p - '0', &sum))
			err = -ERANGE;
	}
	*text = p;
	*value = sum;
	return err;
}

/* The digits behind a decimal point, as that many of FRACTION_ONE parts. */
static int read_fraction(const char **text, uint64_t *parts)
{
	const char *p = *text;
	uint64_t sum = 0;

	if (!is_digit(*p))
		return -EINVAL;
	for (int i = 0; i < FRACTION_DIGITS; i++)
		sum = sum * 10 + (is_digit(*p) ? *p++ - '0' : 0);
	while (is_digit(*p))
		p++;
	*text = p;
	*parts = sum;
	return 0;
}

int fmt_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t number;
	int err = read_digits(&text, &number);

	if (err == -EINVAL || *text)
		return -EINVAL;
	if (err || number < min || number > max)
		return -ERANGE;
	*value = number;
	return 0;
}

int fmt_parse_size(const char *text, uint64_t *bytes)
{
	uint64_t number, product;
	int err = read_digits(&text, &number);

	if (err == -EINVAL)
		return -EINVAL;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		if (strcasecmp(text, sizes[i].name) != 0)
			continue;
		if (err || __builtin_mul_overflow(number, sizes[i].factor, &product))
			return -ERANGE;
		*bytes = product;
		return 0;
	}
	return -EINVAL;
}

int fmt_parse_duration(const char *text, uint64_t *ns)
{
	uint64_t whole, part = 0;
	int err = read_digits(&text, &whole);

	if (err == -EINVAL)
		return -EINVAL;
	if (*text == '.') {
		text++;
		if (read_fraction(&text, &part))
			return -EINVAL;
	}
	for (size_t i = 0; i < COUNT(durations); i++) {
		uint64_t unit = durations[i].factor;
		uint64_t rest = (unsigned __int128)part * unit / FRACTION_ONE;
		uint64_t product;

		if (strcmp(text, durations[i].name) != 0)
			continue;
		if (err || __builtin_mul_overflow(whole, unit, &product) ||
		    __builtin_add_overflow(product, rest, &product))
			return -ERANGE;
		*ns = product;
		return 0;
	}
	return -EINVAL;
}

/*
 * How many decimal digits: bits times log10(2), and one more when that power of ten is
 * reached (Sean Eron Anderson, Bit Twiddling Hacks, integer log base 10).
 */
static size_t count_digits(uint64_t value)
{
	static const uint64_t powers[] = {
		0,
		10ull,
		100ull,
		1000ull,
		10000ull,
		100000ull,
		1000000ull,
		10000000ull,
		100000000ull,
		1000000000ull,
		10000000000ull,
		100000000000ull,
		1000000000000ull,
		10000000000000ull,
		100000000000000ull,
		1000000000000000ull,
		10000000000000000ull,
		100000000000000000ull,
		1000000000000000000ull,
		10000000000000000000ull,
	};
	size_t bits = 64 - __builtin_clzll(value | 1);
	size_t log10 = bits * 1233 >> 12;

	return log10 + (value >= powers[log10]);
}

size_t fmt_u64(char *p, uint64_t value)
{
	size_t n = count_digits(value), at = n;

	while (value >= 100) {
		at -= 2;
		memcpy(p + at, decimal + value % 100 * 2, 2);
		value /= 100;
	}
	if (value >= 10)
		memcpy(p, decimal + value * 2, 2);
	else
		*p = (char)('0' + value);
	return n;
}

size_t fmt_hex(char *p, uint64_t value)
{
	size_t n = (67 - __builtin_clzll(value | 1)) / 4 + 2, at = n;

	memcpy(p, "0x", 2);
	while (value >= 0x10) {
		at -= 2;
		memcpy(p + at, hex + (value & 0xff) * 2, 2);
		value >>= 8;
	}
	if (at > 2)
		p[2] = hex[value * 2 + 1];
	return n;
}

char *fmt_thousands(char *buf, uint64_t value)
{
	char digits[20];
	size_t n = fmt_u64(digits, value);
	char *p = buf;

	for (size_t i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			*p++ = ',';
		*p++ = digits[i];
	}
	*p = '\0';
	return buf;
}

size_t fmt_utf8(const char *text, const char *end)
{
	/* The Unicode Standard, table 3-7, well-formed UTF-8 byte sequences. */
	static const struct {
		uint8_t first, last; /* the first byte */
		uint8_t length;
		uint8_t low, high; /* the second byte; all after it 80..bf */
	} forms[] = {
		{ 0x00, 0x7f, 1, 0x00, 0x00 }, { 0xc2, 0xdf, 2, 0x80, 0xbf },
		{ 0xe0, 0xe0, 3, 0xa0, 0xbf }, { 0xe1, 0xec, 3, 0x80, 0xbf },
		{ 0xed, 0xed, 3, 0x80, 0x9f }, { 0xee, 0xef, 3, 0x80, 0xbf },
		{ 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf },
		{ 0xf4, 0xf4, 4, 0x80, 0x8f },
	};
	const uint8_t *p = (const uint8_t *)text;
	size_t form = 0, have = end - text;

	while (form < COUNT(forms) && (p[0] < forms[form].first || p[0] > forms[form].last))
		form++;
	if (form == COUNT(forms) || have < forms[form].length)
		return 0;
	if (forms[form].length > 1 && (p[1] < forms[form].low || p[1] > forms[form].high))
		return 0;
	for (size_t i = 2; i < forms[form].length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return forms[form].length;
}

uint32_t fmt_hidden(const char *text, size_t n)
{
	/* The Unicode Character Database, general categories Cf, Zl and Zp, in order. */
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{ 0xad, 0xad }, { 0x600, 0x605 }, { 0x61c, 0x61c },
		{ 0x6dd, 0x6dd }, { 0x70f, 0x70f }, { 0x890, 0x891 },
		{ 0x8e2, 0x8e2 }, { 0x180e, 0x180e }, { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x2064 }, { 0x2066, 0x206f },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0x110bd, 0x110bd },
		{ 0x110cd, 0x110cd }, { 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 },
		{ 0x1d173, 0x1d17a }, { 0xe0001, 0xe0001 }, { 0xe0020, 0xe007f },
	};
	const uint8_t *p = (const uint8_t *)text;
	uint32_t character;

	if (n < 2)
		return 0;
	character = p[0] & (0x7f >> n);
	for (size_t i = 1; i < n; i++)
		character = character << 6 | (p[i] & 0x3f);
	for (size_t i = 0; i < COUNT(hidden) && hidden[i].first <= character; i++)
		if (character <= hidden[i].last)
			return character;
	return 0;
}

/* One character of *text for a terminal into unit, at most 4 bytes; returns how many. */
static size_t safe_unit(char *unit, const char **text, const char *end)
{
	size_t n = fmt_utf8(*text, end);
	const uint8_t *p = (const uint8_t *)*text;
	uint8_t c = *p;

	if (c == '\\') {
		memcpy(unit, "\\\\", 2);
		*text += 1;
		return 2;
	}
	if (n == 0 || c < 0x20 || c == 0x7f || (c == 0xc2 && p[1] < 0xa0) ||
	    fmt_hidden(*text, n)) {
		memcpy(unit, "\\x", 2);
		memcpy(unit + 2, hex + c * 2, 2);
		*text += 1;
		return 4;
	}
	memcpy(unit, *text, n);
	*text += n;
	return n;
}

char *fmt_safe(char *buf, size_t cap, const char *text)
{
	const char *end = text + strlen(text);
	size_t len = 0, keep = 0; /* keep: as much as leaves room for the dots */
	size_t dots;
	char unit[4];

	if (cap == 0)
		return buf;
	while (text < end) {
		size_t n = safe_unit(unit, &text, end);

		if (len + n >= cap)
			goto cut;
		memcpy(buf + len, unit, n);
		len += n;
		if (len + 3 < cap)
			keep = len;
	}
	buf[len] = '\0';
	return buf;
cut:
	dots = cap - 1 - keep < 3 ? cap - 1 - keep : 3;
	memset(buf + keep, '.', dots);
	buf[keep + dots] = '\0';
	return buf;
}

char *fmt_time(char buf[FMT_TIME], uint64_t realtime_ns)
{
	time_t seconds = realtime_ns / 1000000000;
	char whole[24];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf, FMT_TIME, "%s.%09uZ", whole, (unsigned)(realtime_ns % 1000000000));
	return buf;
}
