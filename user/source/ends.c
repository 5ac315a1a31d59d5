// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* ends.c - the first record of a trace and the last. */
#include <string.h>

#include "sink/words.h"
#include "source/parts.h"

/* Arrays of counts by name: where a name's count goes; NULL: nowhere. */
typedef uint64_t *(*count_of)(struct facts *facts, const struct scan_text *name);

static uint64_t *count_of_kind(struct facts *facts, const struct scan_text *name)
{
	for (unsigned kind = 0; kind < MW_KIND_MAX; kind++)
		if (kind_name(kind) && scan_is(name, kind_name(kind)))
			return &facts->lost_by_kind[kind];
	return NULL;
}

static uint64_t *count_of_cause(struct facts *facts, const struct scan_text *name)
{
	for (unsigned cause = 0; cause < MW_LOSS_MAX; cause++)
		if (scan_is(name, loss_name(cause)))
			return &facts->lost_by_cause[cause];
	return NULL;
}

static void scan_counts(struct source *source, struct scan *scan, count_of where)
{
	struct scan_text key;

	scan_object(scan);
	while (scan_member(scan, &key)) {
		uint64_t value = scan_u64(scan), *count = where(source->facts, &key);

		if (count)
			*count = value;
	}
}

/* The arguments with spaces between them. */
static const char *scan_command(struct source *source, struct scan *scan)
{
	char command[FACTS_COMMAND_MAX] = "", word[FACTS_COMMAND_MAX];

	scan_array(scan);
	while (scan_element(scan)) {
		struct scan_text text = scan_str(scan);

		facts_append(command, sizeof(command), scan_copy(&text, word, sizeof(word)));
	}
	return intern(&source->facts->strings, command);
}

static void scan_target(struct source *source, struct scan *scan)
{
	struct fact_target target = { .command = "", .status = -1 }, *to;
	struct scan_text key;
	uint64_t pid = 0;

	scan_object(scan);
	while (scan_member(scan, &key)) {
		if (scan_is(&key, "pid"))
			pid = scan_u64(scan);
		else if (scan_is(&key, "command"))
			target.command = scan_command(source, scan);
		else if (scan_is(&key, "launched"))
			target.launched = scan_bool(scan);
		else
			scan_skip(scan);
	}
	if (!pid || pid > INT32_MAX || facts_target(source->facts, pid))
		return;
	to = facts_add_target(source->facts, pid);
	target.pid = pid;
	if (to)
		*to = target;
}

/* Which events are in the file. */
static void scan_options(struct source *source, struct scan *scan)
{
	struct facts *facts = source->facts;
	struct scan_text key, text;

	scan_object(scan);
	while (scan_member(scan, &key)) {
		if (scan_is(&key, "events") && !scan_null(scan)) {
			text = scan_str(scan);
			facts->events = source_intern(source, &text);
		} else if (scan_is(&key, "min_size")) {
			facts->min_size = scan_u64(scan);
		} else if (scan_is(&key, "max_size") && !scan_null(scan)) {
			facts->max_size = scan_u64(scan);
		} else if (!scan_is(&key, "events") && !scan_is(&key, "max_size")) {
			scan_skip(scan);
		}
	}
}

static void scan_targets(struct source *source, struct scan *scan)
{
	scan_array(scan);
	while (scan_element(scan))
		scan_target(source, scan);
}

static const char *scan_kept(struct source *source, struct scan *scan)
{
	struct scan_text text = scan_str(scan);

	return source_intern(source, &text);
}

bool source_header(struct source *source, struct scan *scan, uint64_t ts_ns)
{
	struct facts *facts = source->facts;
	struct scan_text key;

	(void)ts_ns;
	if (source->good) { /* or records that need it were before it */
		source->second = facts->has_header;
		return false;
	}
	while (scan_member(scan, &key)) {
		if (scan_is(&key, "version"))
			facts->version = scan_kept(source, scan);
		else if (scan_is(&key, "kernel"))
			facts->kernel = scan_kept(source, scan);
		else if (scan_is(&key, "time"))
			facts->time = scan_kept(source, scan);
		else if (scan_is(&key, "options"))
			scan_options(source, scan);
		else if (scan_is(&key, "targets"))
			scan_targets(source, scan);
		else
			scan_skip(scan);
	}
	facts->has_header = scan_done(scan) && facts->n_targets;
	return facts->has_header;
}

static void scan_ints(struct source *source, struct scan *scan, const char **doubt)
{
	struct scan_text key;

	scan_object(scan);
	while (scan_member(scan, &key)) {
		if (scan_is(&key, "doubt"))
			*doubt = scan_kept(source, scan);
		else
			scan_skip(scan);
	}
}

/* How a target ended. */
static void scan_end(struct source *source, struct scan *scan)
{
	struct fact_target end = { .status = -1 }, *target;
	struct scan_text key;
	uint64_t pid = 0;

	scan_object(scan);
	while (scan_member(scan, &key)) {
		if (scan_is(&key, "pid"))
			pid = scan_u64(scan);
		else if (scan_is(&key, "ended"))
			end.ended = scan_bool(scan);
		else if (scan_is(&key, "status"))
			end.status = (scan_u64(scan) & 0xff) << 8;
		else if (scan_is(&key, "signal"))
			end.status = scan_u64(scan) & 0x7f;
		else if (scan_is(&key, "ints"))
			scan_ints(source, scan, &end.doubt);
		else
			scan_skip(scan);
	}
	target = pid <= UINT32_MAX ? facts_target(source->facts, pid) : NULL;
	if (!target)
		return;
	target->ended = end.ended;
	target->status = end.ended ? end.status : -1;
	target->doubt = end.doubt;
}

static void scan_completeness(struct source *source, struct scan *scan)
{
	struct facts *facts = source->facts;
	const struct {
		const char *name;
		uint64_t *to;
	} counts[] = {
		{ "hits", &facts->hits },
		{ "delivered", &facts->delivered },
		{ "lost", &facts->lost },
		{ "malformed", &facts->malformed },
		{ "output_lines_lost", &facts->output_lost },
		{ "values_unknown", &facts->values_unknown },
	};
	const size_t n = sizeof(counts) / sizeof(*counts);
	struct scan_text key;
	size_t i;

	scan_object(scan);
	while (scan_member(scan, &key)) {
		for (i = 0; i < n && !scan_is(&key, counts[i].name); i++)
			;
		if (i < n)
			*counts[i].to = scan_u64(scan);
		else if (scan_is(&key, "lost_by_type"))
			scan_counts(source, scan, count_of_kind);
		else if (scan_is(&key, "lost_by_cause"))
			scan_counts(source, scan, count_of_cause);
		else
			scan_skip(scan);
	}
}

bool source_summary(struct source *source, struct scan *scan, uint64_t ts_ns)
{
	struct facts *facts = source->facts;
	struct scan_text key;

	while (scan_member(scan, &key)) {
		if (scan_is(&key, "reason")) {
			facts->reason = scan_kept(source, scan);
		} else if (scan_is(&key, "completeness")) {
			scan_completeness(source, scan);
		} else if (scan_is(&key, "targets")) {
			scan_array(scan);
			while (scan_element(scan))
				scan_end(source, scan);
		} else {
			scan_skip(scan);
		}
	}
	facts->end_ns = ts_ns;
	facts->has_summary = scan_done(scan);
	return facts->has_summary;
}
