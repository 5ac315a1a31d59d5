// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * folded.c - folded stacks, one line a site: what Brendan Gregg's flamegraph.pl reads
 * (FlameGraph's README, "Fold stacks").
 */
#include <errno.h>
#include <string.h>

#include "base/fmt.h"
#include "format/format.h"
#include "format/path.h"
#include "report/words.h"

#define LABEL_ROOM 1024

static void put(struct out *out, const char *text, size_t len)
{
	memcpy(out_room(out, len), text, len);
	out_put(out, len);
}

/* The separator cannot be part of a name, and the format has no way to escape it. */
static void put_frame(struct out *out, const struct frame *frame)
{
	char label[LABEL_ROOM];

	words_frame(label, sizeof(label), frame);
	for (char *at = label; (at = strchr(at, ';'));)
		*at = ',';
	put(out, label, strlen(label));
}

int format_folded(const struct report *report, enum report_weight weight, struct out *out)
{
	struct path path = { 0 };
	char number[24];
	int err = 0;

	for (size_t i = 0; i < report->n_sites && !err; i++) {
		uint64_t value = weight_of(&report->sites[i], weight);

		if (!value)
			continue;
		err = path_of(&path, &report->sites[i]);
		if (err)
			break;
		for (size_t k = 0; k < path.n; k++) {
			if (k)
				put(out, ";", 1);
			put_frame(out, path.frames[k]);
		}
		number[0] = ' ';
		put(out, number, 1 + fmt_u64(number + 1, value));
		out_end_line(out);
	}
	path_clear(&path);
	return err;
}
