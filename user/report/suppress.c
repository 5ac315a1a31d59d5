// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* suppress.c - sites that are known and no leaks. */
#include "report/suppress.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/log.h"

/* Whether pattern[0..len), where * is any text, is all of the text. */
static bool fits(const char *pattern, size_t len, const char *text)
{
	const char *end = pattern + len, *star = NULL, *again = NULL;

	while (*text) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			again = text;
		} else if (pattern < end && *pattern == *text) {
			pattern++;
			text++;
		} else if (star) { /* the last * takes one more */
			pattern = star;
			text = ++again;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

bool suppress_match(const char *pattern, const char *text)
{
	bool from_start = *pattern == '^';
	const char *body = pattern + from_start;
	size_t len = strlen(body);
	bool to_end = len && body[len - 1] == '$';
	char *whole __free = NULL;

	len -= to_end;
	if (asprintf(&whole, "%s%.*s%s", from_start ? "" : "*", (int)len, body, to_end ? "" : "*") < 0) {
		whole = NULL;
		return false;
	}
	return fits(whole, strlen(whole), text);
}

static bool frame_matches(const char *pattern, const struct frame *frame)
{
	const char *names[] = { frame->function, frame->file, frame->object };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i] && suppress_match(pattern, names[i]))
			return true;
	return false;
}

const char *suppressions_find(const struct suppressions *suppressions, const struct frame *frames,
			      size_t n)
{
	for (size_t i = 0; suppressions && i < suppressions->n; i++)
		for (size_t j = 0; j < n; j++)
			if (frame_matches(suppressions->patterns[i], &frames[j]))
				return suppressions->patterns[i];
	return NULL;
}

static int add_pattern(struct suppressions *suppressions, const char *text)
{
	char **more = reallocarray(suppressions->patterns, suppressions->n + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	suppressions->patterns = more;
	more[suppressions->n] = strdup(text);
	return more[suppressions->n++] ? 0 : -ENOMEM;
}

/* Sanitizers' files may have lines for others than leaks, of another word. */
static int take_line(struct suppressions *suppressions, char *line, const char *path, unsigned number)
{
	char *text = line + strspn(line, " \t");
	size_t len = strcspn(text, "\r\n");

	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	text[len] = 0;
	if (!len || *text == '#')
		return 0;
	if (!strchr(text, ':') || !strchr(text, ':')[1]) {
		log_error("%s:%u: '%s' is not leak:PATTERN", path, number, text);
		return -EINVAL;
	}
	return strncmp(text, "leak:", 5) ? 0 : add_pattern(suppressions, text + 5);
}

int suppressions_read(struct suppressions *suppressions, const char *path)
{
	FILE *file __file = path ? fopen(path, "re") : NULL;
	char *line __free = NULL;
	unsigned number = 0;
	size_t cap = 0;
	int err = 0;

	*suppressions = (struct suppressions){ 0 };
	if (!path)
		return 0;
	if (!file) {
		err = -errno;
		log_error("cannot read %s: %s", path, strerror(-err));
		return err;
	}
	while (!err && getline(&line, &cap, file) > 0)
		err = take_line(suppressions, line, path, ++number);
	if (!err && ferror(file)) {
		err = -EIO;
		log_error("cannot read %s", path);
	}
	return err;
}

void suppressions_clear(struct suppressions *suppressions)
{
	for (size_t i = 0; i < suppressions->n; i++)
		free(suppressions->patterns[i]);
	free(suppressions->patterns);
	*suppressions = (struct suppressions){ 0 };
}
