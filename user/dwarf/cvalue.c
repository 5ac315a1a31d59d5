// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* cvalue.c - the value of a C variable in short. */
#include "dwarf/cvalue.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "target/mem.h"

#define LONG_DOUBLE 16

static uint64_t number_of(const uint8_t *bytes, size_t n)
{
	uint64_t value = 0;

	memcpy(&value, bytes, n < sizeof(value) ? n : sizeof(value));
	return value;
}

static int64_t signed_of(const uint8_t *bytes, size_t n)
{
	const unsigned unused = 64 - 8 * (unsigned)(n < 8 ? n : 8);

	return (int64_t)(number_of(bytes, n) << unused) >> unused;
}

uint64_t cvalue_bits(const uint8_t bytes[CVALUE_BITS_BYTES], unsigned bit, unsigned bits,
		     enum recipe_encoding encoding)
{
	const bool is_signed = encoding == RECIPE_SIGNED || encoding == RECIPE_CHAR;
	uint64_t value = number_of(bytes, 8) >> bit;

	if (bit)
		value |= (uint64_t)bytes[8] << (64 - bit);
	value <<= 64 - bits;
	return is_signed ? (uint64_t)((int64_t)value >> (64 - bits)) : value >> (64 - bits);
}

static void put_float(const uint8_t *bytes, size_t n, char *buf, size_t cap)
{
	long double longest = 0;
	double wide;
	float narrow;

	if (n == sizeof(narrow)) {
		memcpy(&narrow, bytes, n);
		snprintf(buf, cap, "%.6g", (double)narrow);
	} else if (n == sizeof(wide)) {
		memcpy(&wide, bytes, n);
		snprintf(buf, cap, "%.15g", wide);
	} else if (n == LONG_DOUBLE) {
		memcpy(&longest, bytes, 10); /* the x87's format has so many */
		snprintf(buf, cap, "%.18Lg", longest);
	}
}

/* "text", and whether it goes on. */
static void put_chars(const char *text, size_t n, bool cut, char *buf, size_t cap)
{
	snprintf(buf, cap, "\"%.*s\"%s", (int)n, text, cut ? "..." : "");
}

static void put_array(const uint8_t *bytes, size_t n, char *buf, size_t cap)
{
	const size_t len = strnlen((const char *)bytes, n);

	put_chars((const char *)bytes, len, len == n && n == CVALUE_BYTES, buf, cap);
}

static void put_string(pid_t pid, uint64_t addr, char *buf, size_t cap)
{
	char text[CVALUE_BYTES + 1];
	const int err = mem_read_string(pid, addr, text, sizeof(text));
	const int len = snprintf(buf, cap, "0x%llx", (unsigned long long)addr);

	if (err || len < 0 || (size_t)len + 1 >= cap)
		return;
	buf[len] = ' ';
	put_chars(text, strlen(text), strlen(text) == CVALUE_BYTES, buf + len + 1, cap - len - 1);
}

char *cvalue_text(pid_t pid, enum recipe_encoding encoding, const uint8_t *bytes, size_t n,
		  char *buf, size_t cap)
{
	const unsigned long long number = number_of(bytes, n);
	const bool printable = n == 1 && bytes[0] >= ' ' && bytes[0] < 0x7f;

	buf[0] = '\0';
	if (!n || (n > 8 && encoding != RECIPE_FLOAT && encoding != RECIPE_CHARS))
		return buf;
	switch (encoding) {
	case RECIPE_SIGNED: snprintf(buf, cap, "%lld", (long long)signed_of(bytes, n)); break;
	case RECIPE_UNSIGNED: snprintf(buf, cap, "%llu", number); break;
	case RECIPE_BOOL: snprintf(buf, cap, "%s", number ? "true" : "false"); break;
	case RECIPE_CHAR:
	case RECIPE_UCHAR:
		if (printable)
			snprintf(buf, cap, "'%c'", (char)bytes[0]);
		else if (encoding == RECIPE_CHAR)
			snprintf(buf, cap, "%lld", (long long)signed_of(bytes, n));
		else
			snprintf(buf, cap, "%llu", number);
		break;
	case RECIPE_FLOAT: put_float(bytes, n, buf, cap); break;
	case RECIPE_POINTER: snprintf(buf, cap, "0x%llx", number); break;
	case RECIPE_STRING: put_string(pid, number, buf, cap); break;
	case RECIPE_CHARS: put_array(bytes, n, buf, cap); break;
	default: break;
	}
	return buf;
}
