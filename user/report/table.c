// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* table.c - rows of words under titles, as wide as the terminal and no wider. */
#include "report/table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fmt.h"

#define WIDTH_DEFAULT 100
#define WIDTH_LEAST   60 /* narrower ones are not fitted: nothing would be left of the words */
#define WORDS_LEAST   6 /* columns of the last one, whatever the width */
#define GAP	      2

void table_init(struct table *table, const char *const *titles)
{
	*table = (struct table){ 0 };
	while (titles[table->columns]) {
		table->titles[table->columns] = titles[table->columns];
		table->columns++;
	}
}

void table_cell(struct table *table, const char *format, ...)
{
	char *cell = NULL;
	va_list args;

	if (table->n == table->cap) {
		size_t cap = table->cap ? table->cap * 2 : 64;
		char **more = reallocarray(table->cells, cap, sizeof(*more));

		if (!more) {
			table->failed = true;
			return;
		}
		table->cells = more;
		table->cap = cap;
	}
	va_start(args, format);
	if (vasprintf(&cell, format, args) < 0)
		cell = NULL;
	va_end(args);
	table->failed |= !cell;
	table->cells[table->n++] = cell;
}

static bool is_words(const char *title)
{
	return *title == '<';
}

/* Characters of a text that has no control characters. */
static unsigned columns_of(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

/* Bytes of the first characters. */
static int bytes_of(const char *text, unsigned characters)
{
	const char *p = text;

	while (*p && (characters || (*p & 0xc0) == 0x80))
		characters -= (*p++ & 0xc0) != 0x80;
	return p - text;
}

/* A number is right-aligned and never cut; the last column is cut where the line ends. */
static void print_cell(const char *text, bool words, bool last, unsigned width, FILE *to)
{
	unsigned columns = columns_of(text);
	unsigned shown = columns > width ? width : columns;

	if (!words)
		fprintf(to, "%*s%s", (int)(width - shown), "", text);
	else if (columns > width)
		fprintf(to, "%.*s...", bytes_of(text, width - 3), text);
	else
		fprintf(to, "%s%*s", text, last ? 0 : (int)(width - shown), "");
}

static void print_row(const struct table *table, char *const *cells, const unsigned *widths,
		      bool title, FILE *to)
{
	for (size_t i = 0; i < table->columns; i++) {
		bool words = is_words(table->titles[i]), last = i + 1 == table->columns;
		const char *text = cells[i] ? cells[i] : "";

		fprintf(to, "%*s", GAP, "");
		print_cell(title && words ? text + 1 : text, words, last, widths[i], to);
	}
	fputc('\n', to);
}

static void measure(const struct table *table, unsigned width, unsigned *widths)
{
	unsigned used = 0;

	for (size_t i = 0; i < table->columns; i++) {
		widths[i] = columns_of(table->titles[i]) - is_words(table->titles[i]);
		for (size_t j = i; j < table->n; j += table->columns)
			if (table->cells[j] && columns_of(table->cells[j]) > widths[i])
				widths[i] = columns_of(table->cells[j]);
		if (i + 1 < table->columns)
			used += widths[i] + GAP;
	}
	used += GAP;
	if (width < WIDTH_LEAST)
		width = WIDTH_LEAST;
	if (used + WORDS_LEAST > width)
		width = used + WORDS_LEAST;
	if (widths[table->columns - 1] > width - used)
		widths[table->columns - 1] = width - used;
}

void table_print(struct table *table, unsigned width, FILE *to)
{
	unsigned widths[TABLE_COLUMNS_MAX];

	measure(table, width, widths);
	print_row(table, (char *const *)table->titles, widths, true, to);
	for (size_t i = 0; i + table->columns <= table->n; i += table->columns)
		print_row(table, &table->cells[i], widths, false, to);
	if (table->failed)
		fprintf(to, "  (mwbpf is out of memory: the table is not whole)\n");
	for (size_t i = 0; i < table->n; i++)
		free(table->cells[i]);
	free(table->cells);
	table->cells = NULL;
	table->n = table->cap = 0;
}

unsigned table_width(FILE *to)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t width;

	if (columns && !fmt_parse_u64(columns, 1, 10000, &width))
		return width;
	if (!ioctl(fileno(to), TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return WIDTH_DEFAULT;
}

bool table_colour(FILE *to)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(to)) && !(no && *no) && term && strcmp(term, "dumb");
}

char *table_bar(char *buf, unsigned width, double value, double most)
{
	unsigned n = most > 0 ? value / most * width + 0.5 : 0;

	if (n > width)
		n = width;
	memset(buf, '#', n);
	buf[n] = 0;
	return buf;
}
