// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* html.c - the page of html/ with its style, its scripts and a report in it. */
#include <string.h>

#include "format/assets.h"
#include "format/format.h"
#include "format/htmldata.h"

static void put_line(struct out *out, const char *text, size_t len)
{
	while (len) {
		size_t n = len < OUT_ROOM_MAX ? len : OUT_ROOM_MAX;

		memcpy(out_room(out, n), text, n);
		out_put(out, n);
		text += n;
		len -= n;
	}
	out_end_line(out);
}

static void put_text(struct out *out, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		put_line(out, text, len);
		text += len + (text[len] == '\n');
	}
}

/* Lines of the page that stand for something else. */
static const struct {
	const char *line;
	const char *assets[6]; /* NULL first: the report */
} places[] = {
	{ "/* style */", { asset_style } },
	{ "// data", { NULL } },
	{ "// scripts",
	  { asset_text, asset_data, asset_flame, asset_timeline, asset_tables, asset_report } },
};
#define PLACES (sizeof(places) / sizeof(*places))

/* Which place a line is; PLACES: none, it stands for itself. */
static size_t find_place(const char *line, size_t len)
{
	size_t i = 0;

	while (i < PLACES && (strlen(places[i].line) != len || memcmp(places[i].line, line, len)))
		i++;
	return i;
}

int format_html(const struct report *report, enum report_weight weight, struct out *out)
{
	int err = 0;

	for (const char *line = asset_page; *line && !err;) {
		size_t len = strcspn(line, "\n"), place = find_place(line, len);

		if (place == PLACES)
			put_line(out, line, len);
		else if (!places[place].assets[0])
			err = html_data(report, weight, out);
		else
			for (size_t i = 0; i < 6 && places[place].assets[i]; i++)
				put_text(out, places[place].assets[i]);
		line += len + (line[len] == '\n');
	}
	return err;
}
