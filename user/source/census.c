// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* census.c - censuses that were saved, and what has become of them. */
#include "source/census.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/grow.h"
#include "base/log.h"
#include "base/scan.h"
#include "source/lines.h"

#define NAME_BYTES 1024
#define TYPES_MAX  1000000

/* A record as it is in the file: of a type, or of all: then how many types there are. */
struct row {
	char type[32];
	char name[NAME_BYTES];
	struct census_sum sum;
	uint64_t types;
};

/* What was read of a census so far. */
struct reading {
	bool begun, ended;
	struct row all; /* what it says of itself */
	struct row rows; /* what its rows add up to */
};

void census_diff_clear(struct census_diff *diff)
{
	free(diff->at);
	hash_clear(&diff->rows);
	intern_clear(&diff->names);
	*diff = (struct census_diff){ 0 };
}

static struct census_change *change_of(struct census_diff *diff, const char *text)
{
	const char *name = intern(&diff->names, text);
	size_t index = (uintptr_t)hash_get(&diff->rows, (uintptr_t)name);
	struct census_change *more;

	if (index)
		return &diff->at[index - 1];
	if (diff->n == TYPES_MAX)
		return NULL;
	more = grow(diff->at, diff->n, &diff->cap, sizeof(*more));
	if (!more)
		return NULL;
	diff->at = more;
	if (hash_set(&diff->rows, (uintptr_t)name, (void *)(uintptr_t)(diff->n + 1)))
		return NULL;
	diff->at[diff->n] = (struct census_change){ .name = name };
	return &diff->at[diff->n++];
}

static bool take_line(const char *text, size_t len, struct row *row)
{
	struct scan_text key, value;
	struct scan scan;

	*row = (struct row){ .name = "" };
	scan_init(&scan, text, len);
	scan_object(&scan);
	while (scan_member(&scan, &key)) {
		if (scan_is(&key, "type")) {
			value = scan_str(&scan);
			scan_copy(&value, row->type, sizeof(row->type));
		} else if (scan_is(&key, "class")) {
			value = scan_str(&scan);
			scan_copy(&value, row->name, sizeof(row->name));
		} else if (scan_is(&key, "count") || scan_is(&key, "objects")) {
			row->sum.count = scan_u64(&scan);
		} else if (scan_is(&key, "bytes")) {
			row->sum.bytes = scan_u64(&scan);
		} else if (scan_is(&key, "types")) {
			row->types = scan_u64(&scan);
		} else {
			scan_skip(&scan);
		}
	}
	return scan_done(&scan);
}

static void add(struct census_sum *to, const struct census_sum *sum)
{
	to->count += sum->count;
	to->bytes += sum->bytes;
}

/* One record in its place. -EBADMSG: there it should not be. */
static int take_record(struct reading *reading, const struct row *row, struct census_diff *diff,
		       bool after)
{
	struct census_change *change;

	if (reading->ended || reading->begun != (strcmp(row->type, "walk") != 0))
		return -EBADMSG;
	reading->begun = true;
	reading->ended = !strcmp(row->type, "walk_end");
	if (!strcmp(row->type, "census"))
		reading->all = *row;
	if (strcmp(row->type, "census_type"))
		return 0;
	/* what is larger has no difference that can be told */
	if (row->sum.count > INT64_MAX - reading->rows.sum.count ||
	    row->sum.bytes > INT64_MAX - reading->rows.sum.bytes)
		return -EBADMSG;
	change = change_of(diff, row->name);
	if (!change)
		return diff->n == TYPES_MAX ? -E2BIG : -ENOMEM;
	reading->rows.types++;
	add(&reading->rows.sum, &row->sum);
	add(after ? &change->after : &change->before, &row->sum);
	return 0;
}

/* Rows up to the end that a whole census has, and as many as it says. */
static int read_rows(struct lines *lines, struct census_diff *diff, bool after)
{
	struct reading reading = { .begun = false };
	const struct row *all = &reading.all, *rows = &reading.rows;
	const char *text;
	struct row row;
	bool too_long;
	size_t len;
	int err = 0;

	while (!err && lines_next(lines, &text, &len, &too_long))
		err = too_long || !take_line(text, len, &row) ? -EBADMSG :
			      take_record(&reading, &row, diff, after);
	if (err || lines_error(lines))
		return err ? err : lines_error(lines);
	*(after ? &diff->after : &diff->before) = rows->sum;
	return reading.ended && all->type[0] && all->types == rows->types &&
			       all->sum.count == rows->sum.count &&
			       all->sum.bytes == rows->sum.bytes ? 0 : -EBADMSG;
}

static int read_file(const char *path, struct census_diff *diff, bool after)
{
	int fd __fd = open(path, O_RDONLY | O_CLOEXEC);
	struct lines *lines = fd < 0 ? NULL : lines_new(fd);
	int err = fd < 0 ? -errno : lines ? read_rows(lines, diff, after) : -ENOMEM;

	lines_free(lines);
	if (err == -EBADMSG)
		log_error("%s is not a whole census, as mwbpf walk --census=FILE writes it", path);
	else if (err == -E2BIG)
		log_error("cannot read %s: there are more than %d types", path, TYPES_MAX);
	else if (err)
		log_error("cannot read %s: %s", path, strerror(-err));
	return err;
}

static uint64_t change_of_bytes(const struct census_change *change)
{
	const uint64_t before = change->before.bytes, after = change->after.bytes;

	return before > after ? before - after : after - before;
}

static int largest_first(const void *a, const void *b)
{
	const struct census_change *x = a, *y = b;
	const uint64_t more = change_of_bytes(x), than = change_of_bytes(y);

	return more != than ? (more > than ? -1 : 1) : strcmp(x->name, y->name);
}

int census_diff(const char *before, const char *after, struct census_diff *diff)
{
	int err;

	*diff = (struct census_diff){ 0 };
	err = read_file(before, diff, false);
	if (!err)
		err = read_file(after, diff, true);
	if (!err && diff->n)
		qsort(diff->at, diff->n, sizeof(*diff->at), largest_first);
	return err;
}
