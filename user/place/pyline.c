// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyline.c - CPython's line tables: pure functions of bytes. */
#include "place/pyline.h"

#include <errno.h>
#include <stdbool.h>

#define NO_LINE (-128)	/* 3.10: the line delta of instructions that have none */
#define UNIT	2	/* bytes of a code unit */

/* An entry of the location table begins with the only one of its bytes that has this. */
#define ENTRY	  0x80
#define ENTRY_UNITS(byte) (((byte) & 7) + 1)
#define ENTRY_KIND(byte)  ((byte) >> 3 & 15)

/* Kinds of entries: enum _PyCodeLocationInfoKind, Include/internal/pycore_code.h (3.11). */
enum {
	KIND_ONE_LINE0 = 10, /* delta 0; the next two are delta 1 and 2 */
	KIND_ONE_LINE2 = 12,
	KIND_NO_COLUMNS = 13,
	KIND_LONG = 14,
	KIND_NONE = 15,
};

#define VARINT_BITS 6
#define VARINT_MORE 0x40
#define VARINT_MAX  6 /* bytes of 32 bits */

struct table {
	const uint8_t *at, *end;
	int64_t line;  /* as accumulated so far */
	int64_t lasti; /* what is asked for */
};

/* The answer, if it is a number of a line at all. */
static int64_t line_or_damage(int64_t line)
{
	return line >= 0 && line <= INT32_MAX ? line : -EBADMSG;
}

/*
 * co_lnotab: pairs of an address increment and a signed line increment; the last line
 * has no end. PyCode_Addr2Line(), Objects/codeobject.c (3.6 to 3.9).
 */
static int64_t line_of_lnotab(struct table *table)
{
	int64_t addr = 0;

	for (; table->end - table->at >= 2; table->at += 2) {
		addr += table->at[0];
		if (addr > table->lasti)
			return line_or_damage(table->line);
		table->line += (int8_t)table->at[1];
	}
	return table->at == table->end ? line_or_damage(table->line) : -EBADMSG;
}

/*
 * co_linetable of 3.10: pairs of a length and a signed line delta from the last line
 * that was one. advance(), Objects/codeobject.c (3.10).
 */
static int64_t line_of_ranges(struct table *table)
{
	int64_t end = 0;

	for (; table->end - table->at >= 2; table->at += 2) {
		const int delta = (int8_t)table->at[1];

		end += table->at[0];
		if (delta != NO_LINE)
			table->line += delta;
		if (table->lasti < end)
			return delta == NO_LINE ? PYLINE_NONE : line_or_damage(table->line);
	}
	return table->at == table->end ? PYLINE_NONE : -EBADMSG;
}

/* A signed number: 6 bits a byte from the lowest, the sign in bit 0. */
static bool read_delta(const struct table *table, int64_t *delta)
{
	const uint8_t *at = table->at + 1; /* behind the entry's first byte */
	uint64_t value = 0;

	for (int i = 0; i < VARINT_MAX && at < table->end && !(*at & ENTRY); i++, at++) {
		value |= (uint64_t)(*at & (VARINT_MORE - 1)) << i * VARINT_BITS;
		if (*at & VARINT_MORE)
			continue;
		*delta = value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
		return value <= UINT32_MAX;
	}
	return false;
}

static bool entry_delta(const struct table *table, int64_t *delta)
{
	const unsigned kind = ENTRY_KIND(*table->at);

	if (kind == KIND_LONG || kind == KIND_NO_COLUMNS)
		return read_delta(table, delta);
	*delta = kind >= KIND_ONE_LINE0 && kind <= KIND_ONE_LINE2 ? kind - KIND_ONE_LINE0 : 0;
	return true;
}

/*
 * co_linetable from 3.11: entries of different lengths, whose columns are skipped as
 * CPython does: up to the byte that begins the next. get_line_delta() and advance(),
 * Objects/codeobject.c (3.11 to 3.15).
 */
static int64_t line_of_locations(struct table *table)
{
	int64_t end = 0, delta;

	while (table->at < table->end) {
		if (!(*table->at & ENTRY) || !entry_delta(table, &delta))
			return -EBADMSG;
		table->line += delta;
		end += ENTRY_UNITS(*table->at) * UNIT;
		if (table->lasti < end)
			return ENTRY_KIND(*table->at) == KIND_NONE ? PYLINE_NONE :
								     line_or_damage(table->line);
		do {
			table->at++;
		} while (table->at < table->end && !(*table->at & ENTRY));
	}
	return PYLINE_NONE;
}

static const struct {
	unsigned first, last; /* versions */
	int64_t (*line)(struct table *table);
} formats[] = {
	{ 0x0306, 0x0309, line_of_lnotab },
	{ 0x030a, 0x030a, line_of_ranges },
	{ 0x030b, 0x030f, line_of_locations },
};

int64_t pyline(unsigned version, const uint8_t *table, size_t len, int first_line, int64_t lasti)
{
	struct table at = { table, table + len, first_line, lasti };

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		if (version < formats[i].first || version > formats[i].last)
			continue;
		return lasti < 0 ? line_or_damage(first_line) : formats[i].line(&at);
	}
	return -ENOTSUP;
}
