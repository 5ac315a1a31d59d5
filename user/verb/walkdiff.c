// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walkdiff.c - two saved censuses compared. */
#include "verb/walkdiff.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "base/log.h"
#include "source/census.h"

static void write_row(FILE *to, const struct census_change *change)
{
	char safe[512];

	fprintf(to, "%+12" PRId64 " %+14" PRId64 " %12" PRIu64 " %14" PRIu64 "  %s\n",
		(int64_t)(change->after.count - change->before.count),
		(int64_t)(change->after.bytes - change->before.bytes), change->after.count,
		change->after.bytes, fmt_safe(safe, sizeof(safe), change->name));
}

static void write_diff(FILE *to, const struct census_diff *diff, size_t top)
{
	const struct census_change all = { "all", diff->before, diff->after };
	size_t shown = 0, changed = 0;

	fprintf(to, "%12s %14s %12s %14s  %s\n", "+OBJECTS", "+BYTES", "OBJECTS", "BYTES", "TYPE");
	for (size_t i = 0; i < diff->n; i++) {
		const struct census_change *at = &diff->at[i];

		if (at->before.count == at->after.count && at->before.bytes == at->after.bytes)
			continue;
		changed++;
		if (top && shown == top)
			continue;
		write_row(to, at);
		shown++;
	}
	write_row(to, &all);
	if (shown < changed)
		fprintf(to, "and %zu more types that changed: --top 0 shows all\n",
			changed - shown);
}

int walk_diff(const struct options *options)
{
	FILE *to = options->output ? fopen(options->output, "we") : stdout;
	struct census_diff diff = { 0 };
	int err = to ? 0 : -errno;
	bool read = false;

	if (!err) {
		err = census_diff(options->files[0], options->files[1], &diff);
		read = err;
	}
	if (!err) {
		write_diff(to, &diff, options->walk.top);
		err = fflush(to) || ferror(to) ? -errno : 0;
	}
	if (err && !read)
		log_error("cannot write %s: %s",
			  options->output ? options->output : "standard output", strerror(-err));
	if (to && to != stdout)
		fclose(to);
	census_diff_clear(&diff);
	return err ? 1 : 0;
}
