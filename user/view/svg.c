// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* svg.c - a small writer of SVG 1.1. */
#include "view/svg.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE	 4096

static __attribute__((format(printf, 2, 3))) void put(struct out *out, const char *format, ...)
{
	char line[LINE];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n < 0 || n >= (int)sizeof(line))
		return; /* no text is so long: SVG_TEXT */
	memcpy(out_room(out, n), line, n);
	out_put(out, n);
	out_end_line(out);
}

/* Markup in a text, as entities. */
static const char *escape(char buf[SVG_TEXT * 6], const char *text)
{
	static const struct {
		char c;
		const char *entity;
	} entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" } };
	static const char none[] = "\xef\xbf"; /* U+FFFE and U+FFFF are no characters of XML */
	char *to = buf;

	for (const char *p = text; *p && p - text < SVG_TEXT - 2; p++) {
		const char *entity = NULL;

		for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++)
			if (*p == entities[i].c)
				entity = entities[i].entity;
		if (!strncmp(p, none, 2) && (p[2] == '\xbe' || p[2] == '\xbf')) {
			*to++ = '?';
			p += 2;
		} else if (entity) {
			to = stpcpy(to, entity);
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return buf;
}

void svg_begin(struct out *out, double width, double height, const char *title)
{
	const struct svg_box paper = { 0, 0, width, height };
	char text[SVG_TEXT * 6];

	put(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
	put(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"%.0f\" "
		 "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" font-family=\"monospace\">",
	    width, height, width, height);
	put(out, "<title>%s</title>", escape(text, title));
	svg_rect(out, &paper, "#ffffff", NULL);
}

void svg_end(struct out *out)
{
	put(out, "</svg>");
}

void svg_rect(struct out *out, const struct svg_box *box, const char *fill, const char *edge)
{
	put(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" "
		 "stroke=\"%s\"/>",
	    box->x, box->y, box->width, box->height, fill, edge ? edge : "none");
}

void svg_line(struct out *out, double x1, double y1, double x2, double y2, const char *colour)
{
	put(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" "
		 "stroke-width=\"0.7\"/>",
	    x1, y1, x2, y2, colour);
}

void svg_text(struct out *out, double x, double y, double size, const char *colour,
	      const char *text)
{
	char safe[SVG_TEXT * 6];

	put(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.0f\" fill=\"%s\" "
		 "xml:space=\"preserve\">%s</text>",
	    x, y, size, colour, escape(safe, text));
}
