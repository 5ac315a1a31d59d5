// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* optionrows.c - one row an option: its name, how its value is read, and for which verbs it is. */
#include "optionrows.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <mwbpf/event.h>

#include "base/fmt.h"
#include "base/log.h"
#include "report/format.h"
#include "scan/leaks.h"
#include "sink/words.h"
#include "target/recipe.h"

#define BUFFER_MAX     (1ULL << 31)

static int parse_flag(struct options *options, const struct option_row *row, const char *text)
{
	(void)text;
	*(bool *)((char *)options + row->offset) = true;
	return 0;
}

static int parse_count(struct options *options, const struct option_row *row, const char *text)
{
	(void)text;
	++*(uint32_t *)((char *)options + row->offset);
	return 0;
}

static int parse_text(struct options *options, const struct option_row *row, const char *text)
{
	*(const char **)((char *)options + row->offset) = text;
	return *text ? 0 : -EINVAL;
}

static int parse_size(struct options *options, const struct option_row *row, const char *text)
{
	return fmt_parse_size(text, (uint64_t *)((char *)options + row->offset));
}

static int parse_duration(struct options *options, const struct option_row *row, const char *text)
{
	int err = fmt_parse_duration(text, (uint64_t *)((char *)options + row->offset));

	return err ? err : options->duration_ns ? 0 : -EINVAL;
}

static int parse_pid(struct options *options, const struct option_row *row, const char *text)
{
	uint64_t pid;
	int err = fmt_parse_u64(text, 1, INT32_MAX, &pid);

	(void)row;
	if (err)
		return err;
	for (unsigned i = 0; i < options->n_pids; i++)
		if ((uint64_t)options->pids[i] == pid)
			return 0;
	if (options->n_pids == OPTIONS_MAX_PIDS)
		return -ERANGE;
	options->pids[options->n_pids++] = pid;
	return 0;
}

static int parse_threads(struct options *options, const struct option_row *row, const char *text)
{
	uint64_t threads;
	int err = fmt_parse_u64(text, 1, 1 << 22, &threads);

	(void)row;
	options->threads = threads;
	return err;
}

/* The ring's size is a power of two in whole pages: rounded up. */
static int parse_buffer(struct options *options, const struct option_row *row, const char *text)
{
	uint64_t bytes, power = 4096;
	int err = fmt_parse_size(text, &bytes);

	(void)row;
	if (err)
		return err;
	if (!bytes || bytes > BUFFER_MAX)
		return -ERANGE;
	while (power < bytes)
		power *= 2;
	options->buffer = power;
	return 0;
}

static int parse_stack(struct options *options, const struct option_row *row, const char *text)
{
	static const char *const names[] = { [STACK_NONE] = "none",
					     [STACK_PYTHON] = "python",
					     [STACK_NATIVE] = "native",
					     [STACK_BOTH] = "both" };

	(void)row;
	for (int kind = STACK_NONE; kind <= STACK_BOTH; kind++)
		if (!strcmp(names[kind], text)) {
			options->stack = kind;
			return 0;
		}
	return -EINVAL;
}

static int parse_depth(struct options *options, const struct option_row *row, const char *text)
{
	uint64_t depth;
	int err = fmt_parse_u64(text, 1, MW_STACK_DEPTH, &depth);

	(void)row;
	options->max_depth = depth;
	return err;
}

static int parse_tier(struct options *options, const struct option_row *row, const char *text)
{
	int tier = tier_from_name(text);

	(void)row;
	options->tier = tier;
	return tier < 0 ? -EINVAL : 0;
}

/* The kinds that a name, or the name of a group, stands for; 0 for neither. */
static uint32_t kinds_of(const char *name, size_t len)
{
	uint32_t kinds = 0;

	/* from stacks on they are no events of their own, but belong to others */
	for (unsigned kind = 0; kind < MW_STACK; kind++) {
		const char *own = kind_name(kind), *group = kind_group(kind);

		if (own && ((!strncmp(own, name, len) && !own[len]) ||
			    (!strncmp(group, name, len) && !group[len])))
			kinds |= 1u << kind;
	}
	return kinds;
}

static int parse_events(struct options *options, const struct option_row *row, const char *text)
{
	const char *name = text;

	(void)row;
	options->events = text;
	options->kinds = 0;
	while (*name) {
		size_t len = strcspn(name, ",");
		uint32_t kinds = len ? kinds_of(name, len) : 0;

		if (!kinds) {
			log_error("--events: no event or group is called '%.*s' (groups: heap, map, "
				  "python, process)",
				  (int)len, name);
			return -EDOM;
		}
		options->kinds |= kinds;
		name += len + (name[len] == ',');
	}
	if (!options->kinds)
		log_error("--events needs at least one event or group");
	return options->kinds ? 0 : -EDOM;
}

static int parse_u32(struct options *options, const struct option_row *row, const char *text)
{
	uint64_t value;
	int err = fmt_parse_u64(text, 0, UINT32_MAX, &value);

	if (!err)
		*(uint32_t *)((char *)options + row->offset) = value;
	return err;
}

static int parse_age(struct options *options, const struct option_row *row, const char *text)
{
	return fmt_parse_duration(text, (uint64_t *)((char *)options + row->offset));
}

static int parse_exitcode(struct options *options, const struct option_row *row, const char *text)
{
	uint64_t code;
	int err = fmt_parse_u64(text, 1, 255, &code);

	(void)row;
	options->report.error_exitcode = code;
	return err;
}

static int parse_address(struct options *options, const struct option_row *row, const char *text)
{
	char *end;

	(void)row;
	errno = 0;
	options->report.address = strtoull(text, &end, 0);
	if (errno)
		return -errno;
	return *text >= '0' && *text <= '9' && !*end && options->report.address ? 0 : -EINVAL;
}

static int parse_format(struct options *options, const struct option_row *row, const char *text)
{
	(void)row;
	options->report.format = report_format_from_name(text);
	return options->report.format ? 0 : -EINVAL;
}

static int parse_sort(struct options *options, const struct option_row *row, const char *text)
{
	int sort = report_sort_from_name(text);

	(void)row;
	options->report.sort = sort;
	return sort < 0 ? -EINVAL : 0;
}

static int parse_by(struct options *options, const struct option_row *row, const char *text)
{
	int by = report_by_from_name(text);

	(void)row;
	options->report.by = by;
	return by < 0 ? -EINVAL : 0;
}

static int parse_weight(struct options *options, const struct option_row *row, const char *text)
{
	int weight = weight_from_name(text);

	(void)row;
	options->report.weight = weight;
	return weight < 0 ? -EINVAL : 0;
}

static int parse_census(struct options *options, const struct option_row *row, const char *text)
{
	(void)row;
	options->walk.census = true;
	options->walk.census_file = *text ? text : NULL;
	return 0;
}

static int parse_members(struct options *options, const struct option_row *row, const char *text)
{
	uint64_t levels;
	int err = fmt_parse_u64(text, 0, RECIPE_DEPTH - 1, &levels);

	(void)row;
	options->walk.members = (uint32_t)levels;
	return err;
}

static int parse_leak_check(struct options *options, const struct option_row *row,
			    const char *text)
{
	static const char *const names[] = { "no", "summary", "full" };

	(void)row;
	for (int check = LEAK_CHECK_NO; check <= LEAK_CHECK_FULL; check++)
		if (!strcmp(names[check], text)) {
			options->leak_check = check;
			return 0;
		}
	return -EINVAL;
}

/* "all", "none", or names separated by commas. */
static int parse_leak_kinds(struct options *options, const struct option_row *row,
			    const char *text)
{
	(void)row;
	options->leak_kinds = 0;
	if (!strcmp(text, "all"))
		options->leak_kinds = (1u << LEAKS_KINDS) - 1;
	if (!strcmp(text, "all") || !strcmp(text, "none"))
		return 0;
	for (size_t len; *text; text += len + (text[len] == ',')) {
		unsigned kind = 0;

		len = strcspn(text, ",");
		while (kind < LEAKS_KINDS && (strlen(leaks_kind_name(kind)) != len ||
					      strncmp(leaks_kind_name(kind), text, len)))
			kind++;
		if (kind == LEAKS_KINDS)
			return -EINVAL;
		options->leak_kinds |= 1u << kind;
	}
	return options->leak_kinds ? 0 : -EINVAL;
}

#define AT(field) offsetof(struct options, field)

/* Who takes an option. */
#define TRACE  (1u << VERB_TRACE)
#define REPORT (1u << VERB_REPORT)
#define WALK   (1u << VERB_WALK)
#define ALL    (~0u)

const struct option_row option_rows[] = {
	{ "pid", 'p', "PID", parse_pid, 0, TRACE, "trace this running process; may be given again" },
	{ "pid", 'p', "PID", parse_pid, 0, WALK, "walk through this running process" },
	{ "duration", 'd', "SECONDS", parse_duration, AT(duration_ns), TRACE, "stop after so long" },
	{ "output", 'o', "FILE", parse_text, AT(output), TRACE, "write events to FILE" },
	{ "output", 'o', "FILE", parse_text, AT(output), REPORT, "write the report to FILE" },
	{ "output", 'o', "FILE", parse_text, AT(output), WALK, "write to FILE" },
	{ "json", 0, NULL, parse_flag, AT(json), TRACE | WALK, "write JSON lines instead of text" },
	{ "events", 'e', "LIST", parse_events, 0, TRACE,
	  "show only these: names or groups (heap, map, python, process)" },
	{ "min-size", 'z', "BYTES", parse_size, AT(min_size), TRACE, "show no smaller blocks" },
	{ "max-size", 'Z', "BYTES", parse_size, AT(max_size), TRACE, "show no larger blocks" },
	{ "buffer", 0, "BYTES", parse_buffer, 0, TRACE, "size of the ring (64M)" },
	{ "threads", 0, "N", parse_threads, 0, TRACE,
	  "threads that can be told apart with perf links (16384)" },
	{ "tier", 0, "NAME", parse_tier, 0, TRACE, "attach by session, multi or perf links at most" },
	{ "stack", 0, "KIND", parse_stack, 0, TRACE,
	  "python, native, both or none (default: python, else the caller)" },
	{ "max-depth", 0, "N", parse_depth, 0, TRACE, "Python frames in a stack (128)" },
	{ "debug-dir", 0, "DIR", parse_text, AT(debug_dir), TRACE,
	  "look for debug files here, too, as below /usr/lib/debug" },
	{ "user", 0, "NAME", parse_text, AT(user), TRACE,
	  "run COMMAND as this user (default: who called sudo)" },
	{ "cache-dir", 0, "DIR", parse_text, AT(cache_dir), TRACE,
	  "keep what was found in interpreters there (" OPTIONS_CACHE_DIR ")" },
	{ "no-cache", 0, NULL, parse_flag, AT(no_cache), TRACE, "find it anew, and keep nothing" },
	{ "summary", 0, NULL, parse_flag, AT(summary), TRACE,
	  "report in the end, as mwbpf report does; events only with --output" },
	{ "format", 0, "NAME", parse_format, 0, TRACE | REPORT,
	  "of the report: text, json, folded, speedscope, pprof or html" },
	{ "weight", 0, "NAME", parse_weight, 0, TRACE | REPORT,
	  "width of frames in a graph: live, peak, total, allocs or temporary" },
	{ "leak-check", 0, "KIND", parse_leak_check, 0, TRACE,
	  "search for lost blocks in the end and at SIGUSR1: no, summary or full" },
	{ "show-leak-kinds", 0, "LIST", parse_leak_kinds, 0, TRACE,
	  "definite, indirect, possible, reachable (definite,possible), all, none" },
	{ "sort", 0, "NAME", parse_sort, 0, TRACE | REPORT,
	  "sites by live, allocations, churn, peak, temporary or growth" },
	{ "by", 0, "NAME", parse_by, 0, TRACE | REPORT,
	  "report by site, segment, thread, size, lifetime or time" },
	{ "top", 'n', "N", parse_u32, AT(report.top), TRACE | REPORT, "sites in the report (10); 0: all" },
	{ "temporary", 0, "N", parse_u32, AT(report.temporary), TRACE | REPORT,
	  "temporary: freed within N further allocations of its thread (1)" },
	{ "older", 0, "SECONDS", parse_age, AT(report.older_ns), TRACE | REPORT,
	  "a leak is likely only of blocks older than this (1)" },
	{ "address", 0, "ADDRESS", parse_address, 0, REPORT, "tell every block that held this address" },
	{ "diff", 0, NULL, parse_flag, AT(report.diff), REPORT, "what the second file has more than the first" },
	{ "suppressions", 0, "FILE", parse_text, AT(report.suppressions),
	  TRACE | REPORT | OPTION_LEAKS,
	  "sites that are no leaks: lines of leak:PATTERN" },
	{ "max-leak", 0, "BYTES", parse_size, AT(report.max_leak), TRACE | REPORT,
	  "a limit: live in the end, suppressed ones aside" },
	{ "max-peak", 0, "BYTES", parse_size, AT(report.max_peak), TRACE | REPORT, "a limit: live at the peak" },
	{ "error-exitcode", 0, "N", parse_exitcode, 0, TRACE | REPORT,
	  "exit with N when a limit is exceeded" },
	{ "all", 'a', NULL, parse_flag, AT(walk.all), WALK, "show each mapping of a file by itself" },
	{ "globals", 0, NULL, parse_flag, AT(walk.globals), WALK, "show globals, too" },
	{ "self", 0, NULL, parse_flag, AT(walk.attributes), WALK, "show the attributes of self, too" },
	{ "suspended", 0, "N", parse_u32, AT(walk.suspended), WALK,
	  "suspended generators and coroutines shown (20); 0: all" },
	{ "svg", 0, "FILE", parse_text, AT(walk.svg), WALK,
	  "draw segments, and where frames and variables are in them, to FILE" },
	{ "png", 0, "FILE", parse_text, AT(walk.png), WALK, "the same as PNG, made by rsvg-convert" },
	{ "census", 0, "[FILE]", parse_census, 0, WALK,
	  "count live objects by type; =FILE: all types there, as JSON lines" },
	{ "diff", 0, NULL, parse_flag, AT(walk.diff), WALK,
	  "what the second of two censuses has more than the first" },
	{ "top", 'n', "N", parse_u32, AT(walk.top), WALK, "types in the census (20); 0: all" },
	{ "native", 0, NULL, parse_flag, AT(walk.native), WALK,
	  "show the C functions of a Python program, too" },
	{ "chunks", 0, NULL, parse_flag, AT(walk.chunks), WALK, "show each chunk of malloc's heap" },
	{ "members", 0, "N", parse_members, 0, WALK,
	  "levels of members of C variables that are shown (1); at most 7" },
	{ "freeze", 0, NULL, parse_flag, AT(walk.freeze), WALK,
	  "hold the process meanwhile: nothing changes, and what runs has frames" },
	{ "quiet", 'q', NULL, parse_flag, AT(quiet), ALL, "no summary, no progress, only errors" },
	{ "verbose", 'v', NULL, parse_count, AT(verbose), ALL, "say more; up to three times" },
	{ "json-schema", 0, NULL, parse_flag, AT(json_schema), ALL, "print the schema of the output" },
	{ "version", 'V', NULL, parse_flag, AT(version), ALL, "print the version" },
	{ "help", 'h', NULL, parse_flag, AT(help), ALL, "print this" },
};

const size_t n_option_rows = sizeof(option_rows) / sizeof(*option_rows);
