// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walkdiff.c - two saved censuses compared. */
#include "verb/walkdiff.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/fmt.h"
#include "base/json.h"
#include "base/log.h"
#include "source/census.h"
#include "view/textline.h"

static void text_row(struct out *out, const struct census_change *change)
{
	struct textline line = { .len = 0 };
	char safe[512];

	textline_put(&line, "%+12" PRId64 " %+14" PRId64 " %12" PRIu64 " %14" PRIu64 "  %s",
		     (int64_t)(change->after.count - change->before.count),
		     (int64_t)(change->after.bytes - change->before.bytes), change->after.count,
		     change->after.bytes, fmt_safe(safe, sizeof(safe), change->name));
	textline_write(&line, out);
}

static void json_line(struct json *json, struct out *out, const char *type)
{
	json_begin(json, out);
	json_str(json, "type", type);
	json_u64(json, "ts_ns", 0);
}

static void json_sums(struct json *json, const struct census_change *change)
{
	json_u64(json, "count_before", change->before.count);
	json_u64(json, "bytes_before", change->before.bytes);
	json_u64(json, "count", change->after.count);
	json_u64(json, "bytes", change->after.bytes);
}

static void json_row(struct out *out, const struct census_change *change)
{
	struct json json;

	json_line(&json, out, "census_change");
	json_str(&json, "class", change->name);
	json_sums(&json, change);
	json_end(&json);
}

static void json_head(struct out *out, const struct options *options)
{
	struct json json;

	json_line(&json, out, "census_diff");
	json_str(&json, "before", options->files[0]);
	json_str(&json, "after", options->files[1]);
	json_end(&json);
}

static void json_tail(struct out *out, const struct census_change *all, size_t changed)
{
	struct json json;

	json_line(&json, out, "census_diff_end");
	json_u64(&json, "types", changed);
	json_sums(&json, all);
	json_end(&json);
}

static void text_head(struct out *out, const struct options *options)
{
	struct textline line = { .len = 0 };

	(void)options;
	textline_put(&line, "%12s %14s %12s %14s  %s", "+OBJECTS", "+BYTES", "OBJECTS", "BYTES",
		     "TYPE");
	textline_write(&line, out);
}

/* Of types that changed, how many are shown and how many there are. */
static void text_tail(struct out *out, const struct census_change *all, size_t hidden)
{
	struct textline line = { .len = 0 };

	text_row(out, all);
	if (!hidden)
		return;
	textline_count(&line, "and ", hidden, "more type");
	textline_put(&line, " that changed: --top 0 shows all");
	textline_write(&line, out);
}

static void write_diff(struct out *out, const struct options *options,
		       const struct census_diff *diff)
{
	const struct census_change all = { "all", diff->before, diff->after };
	const size_t top = options->walk.top;
	size_t shown = 0, changed = 0;

	(options->json ? json_head : text_head)(out, options);
	for (size_t i = 0; i < diff->n; i++) {
		const struct census_change *at = &diff->at[i];

		if (at->before.count == at->after.count && at->before.bytes == at->after.bytes)
			continue;
		changed++;
		if (top && shown == top)
			continue;
		(options->json ? json_row : text_row)(out, at);
		shown++;
	}
	if (options->json)
		json_tail(out, &all, changed);
	else
		text_tail(out, &all, changed - shown);
}

/* Says what is wrong. */
static int save(const struct options *options, const struct census_diff *diff)
{
	const char *path = options->output;
	const int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) :
			      STDOUT_FILENO;
	struct out out;
	int err = fd < 0 ? -errno : out_init(&out, fd);

	if (!err) {
		write_diff(&out, options, diff);
		err = out_close(&out);
	}
	if (path && fd >= 0 && close(fd) && !err)
		err = -errno;
	if (err)
		log_error("cannot write %s: %s", path ? path : "standard output", strerror(-err));
	return err;
}

int walk_diff(const struct options *options)
{
	struct census_diff diff;
	int err = census_diff(options->files[0], options->files[1], &diff);

	if (!err)
		err = save(options, &diff);
	census_diff_clear(&diff);
	return err ? 1 : 0;
}
