// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* textline.c - a line that is put together, then written. */
#include "view/textline.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void textline_put(struct textline *line, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->len, TEXTLINE_MAX - line->len, format, args);
	va_end(args);
	if (n > 0)
		line->len = line->len + n < TEXTLINE_MAX ? line->len + n : TEXTLINE_MAX - 1;
}

void textline_pad(struct textline *line, size_t column)
{
	while (line->len < column && line->len < TEXTLINE_MAX - 1)
		line->text[line->len++] = ' ';
}

void textline_write(struct textline *line, struct out *out)
{
	while (line->len && line->text[line->len - 1] == ' ')
		line->len--;
	memcpy(out_room(out, line->len), line->text, line->len);
	out_put(out, line->len);
	out_end_line(out);
	line->len = 0;
}

void textline_count(struct textline *line, const char *before, uint64_t n, const char *what)
{
	textline_put(line, "%s%" PRIu64 " %s%s", before, n, what, n == 1 ? "" : "s");
}

/* In units that leave no more than four digits before the point. */
static void write_amount(char text[32], uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double n = (double)bytes;
	size_t unit = 0;

	while ((n >= 10240 || (n >= 1024 && !unit)) && unit < sizeof(units) / sizeof(*units) - 1) {
		n /= 1024;
		unit++;
	}
	snprintf(text, 32, "%.*f %s", n == (double)(uint64_t)n ? 0 : 1, n, units[unit]);
}

void textline_size(struct textline *line, uint64_t bytes)
{
	char text[32];

	write_amount(text, bytes);
	textline_put(line, " %11s", text);
}

void textline_amount(struct textline *line, uint64_t bytes)
{
	char text[32];

	write_amount(text, bytes);
	textline_put(line, " %s", text);
}

const char *textline_place(char buf[PLACE_TEXT], const struct walk_place *place)
{
	if (place->segment.id)
		snprintf(buf, PLACE_TEXT, "%s+%llx", segment_kind_name(place->segment.kind),
			 (unsigned long long)(place->addr - place->segment.start));
	else
		snprintf(buf, PLACE_TEXT, "%s", segment_kind_name(place->segment.kind));
	return buf;
}
