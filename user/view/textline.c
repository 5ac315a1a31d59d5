// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* textline.c - a line that is put together, then written. */
#include "view/textline.h"

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
