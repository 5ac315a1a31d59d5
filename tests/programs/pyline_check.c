// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyline_check.c - compares pyline() with what CPython says: the lines of colines.py. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "place/pyline.h"

struct counts {
	unsigned long codes, offsets, wrong;
};

static size_t unhex(char *hex, uint8_t *bytes)
{
	size_t n = 0;
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		bytes[n++] = byte;
	return n;
}

static void compare(char *line, struct counts *counts)
{
	char *rest = line;
	const unsigned version = strtoul(strsep(&rest, " "), NULL, 10);
	const int first = atoi(strsep(&rest, " "));
	char *hex = strsep(&rest, " ");
	uint8_t *table = malloc(strlen(hex) / 2 + 1);
	const size_t len = unhex(hex, table);

	for (int64_t lasti = 0; rest; lasti += 2) {
		const int64_t want = strtoll(strsep(&rest, " "), NULL, 10);
		/* an odd offset lies in the same code unit */
		const int64_t got[] = { pyline(version, table, len, first, lasti),
					pyline(version, table, len, first, lasti + 1) };

		counts->offsets++;
		if (got[0] == want && got[1] == want)
			continue;
		if (!counts->wrong++)
			fprintf(stderr, "%#x first %d table %s offset %" PRId64 ": %" PRId64
				", %" PRId64 ", not %" PRId64 "\n",
				version, first, hex, lasti, got[0], got[1], want);
	}
	counts->wrong += pyline(version, table, len, first, -1) != first;
	counts->codes++;
	free(table);
}

int main(void)
{
	struct counts counts = { 0 };
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	while ((len = getline(&line, &cap, stdin)) > 0) {
		line[len - 1] = '\0';
		compare(line, &counts);
	}
	free(line);
	printf("%lu code objects, %lu offsets, %lu wrong\n", counts.codes, counts.offsets,
	       counts.wrong);
	return counts.wrong || !counts.offsets;
}
