// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* options.c - the command line: one row an option, from which it is parsed and explained. */
#include "options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <mwbpf/event.h>

#include "base/fmt.h"
#include "base/log.h"
#include "sink/words.h"

#define BUFFER_DEFAULT (64ULL << 20)
#define BUFFER_MAX     (1ULL << 31)
#define THREADS_DEFAULT 16384

struct option_row {
	const char *name;
	char letter;
	const char *value; /* what the argument is called; NULL: takes none */
	int (*parse)(struct options *options, const struct option_row *row, const char *text);
	size_t offset;
	const char *help;
};

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
			return -EINVAL;
		}
		options->kinds |= kinds;
		name += len + (name[len] == ',');
	}
	if (!options->kinds)
		log_error("--events needs at least one event or group");
	return options->kinds ? 0 : -EINVAL;
}

#define AT(field) offsetof(struct options, field)

static const struct option_row rows[] = {
	{ "pid", 'p', "PID", parse_pid, 0, "trace this running process; may be given again" },
	{ "duration", 'd', "SECONDS", parse_duration, AT(duration_ns), "stop after so long" },
	{ "output", 'o', "FILE", parse_text, AT(output), "write events to FILE" },
	{ "json", 0, NULL, parse_flag, AT(json), "write JSON lines instead of text" },
	{ "events", 'e', "LIST", parse_events, 0,
	  "show only these: names or groups (heap, map, python, process)" },
	{ "min-size", 'z', "BYTES", parse_size, AT(min_size), "show no smaller blocks" },
	{ "max-size", 'Z', "BYTES", parse_size, AT(max_size), "show no larger blocks" },
	{ "buffer", 0, "BYTES", parse_buffer, 0, "size of the ring (64M)" },
	{ "threads", 0, "N", parse_threads, 0, "threads that can be told apart with perf links (16384)" },
	{ "tier", 0, "NAME", parse_tier, 0, "attach by session, multi or perf links at most" },
	{ "stack", 0, "KIND", parse_stack, 0, "python, native, both or none (default: python, else the caller)" },
	{ "max-depth", 0, "N", parse_depth, 0, "Python frames in a stack (128)" },
	{ "debug-dir", 0, "DIR", parse_text, AT(debug_dir),
	  "look for debug files here, too, as below /usr/lib/debug" },
	{ "user", 0, "NAME", parse_text, AT(user),
	  "run COMMAND as this user (default: who called sudo)" },
	{ "cache-dir", 0, "DIR", parse_text, AT(cache_dir),
	  "keep what was found in interpreters there (" OPTIONS_CACHE_DIR ")" },
	{ "no-cache", 0, NULL, parse_flag, AT(no_cache), "find it anew, and keep nothing" },
	{ "all", 0, NULL, parse_flag, AT(all), "walk: every mapping of a file by itself" },
	{ "globals", 0, NULL, parse_flag, AT(globals), "walk: the globals of modules, too" },
	{ "self", 0, NULL, parse_flag, AT(attributes), "walk: the attributes of self, too" },
	{ "quiet", 'q', NULL, parse_flag, AT(quiet), "no summary, no progress, only errors" },
	{ "verbose", 'v', NULL, parse_count, AT(verbose), "say more; up to three times" },
	{ "json-schema", 0, NULL, parse_flag, AT(json_schema), "print the schema of the output" },
	{ "version", 'V', NULL, parse_flag, AT(version), "print the version" },
	{ "help", 'h', NULL, parse_flag, AT(help), "print this" },
};

#define N_ROWS (sizeof(rows) / sizeof(*rows))

void options_help(FILE *to)
{
	fputs("usage: mwbpf [trace] [options] --pid PID...\n"
	      "       mwbpf [trace] [options] -- COMMAND ARG...\n\n"
	      "Where does everything live in a running program's memory? Shows every allocation\n"
	      "and every Python int as it is made, with the segment its address lies in.\n\n",
	      to);
	for (size_t i = 0; i < N_ROWS; i++) {
		char left[40];

		snprintf(left, sizeof(left), "%c%c%s --%s %s", rows[i].letter ? '-' : ' ',
			 rows[i].letter ? rows[i].letter : ' ', rows[i].letter ? "," : " ",
			 rows[i].name, rows[i].value ? rows[i].value : "");
		fprintf(to, "  %-26s %s\n", left, rows[i].help);
	}
	fputs("\nEvents go to stdout or FILE, everything else to stderr. Exit status: that of\n"
	      "COMMAND; 0; 2 for wrong usage; 1 when mwbpf failed, 125 when it failed before\n"
	      "COMMAND ran; 126 and 127 when COMMAND could not be run or found.\n",
	      to);
}

static const struct option_row *find_row(const char *name, size_t len, char letter)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (name ? !strncmp(rows[i].name, name, len) && !rows[i].name[len]
			 : rows[i].letter == letter)
			return &rows[i];
	return NULL;
}

static int apply_row(struct options *options, const struct option_row *row, const char *text)
{
	int err = row->parse(options, row, text);

	if (err == -ERANGE)
		log_error("--%s: '%s' is out of range", row->name, text);
	else if (err && row->parse != parse_events)
		log_error("--%s: '%s' is not %s %s", row->name, text,
			  strchr("AEIOU", row->value[0]) ? "an" : "a", row->value);
	return err ? -EINVAL : 0;
}

/* "--name", "--name=value", "--name value". Advances *i over a separate value. */
static int parse_long(struct options *options, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_row *row = find_row(name, len, 0);

	if (!row) {
		log_error("unknown option --%.*s (see --help)", (int)len, name);
		return -EINVAL;
	}
	if (!row->value && equals) {
		log_error("--%s takes no value", row->name);
		return -EINVAL;
	}
	if (row->value && !equals && *i + 1 >= argc) {
		log_error("--%s needs %s", row->name, row->value);
		return -EINVAL;
	}
	return apply_row(options, row, equals ? equals + 1 : row->value ? argv[++*i] : "");
}

/* "-x", "-xy" (flags), "-xVALUE", "-x VALUE". */
static int parse_short(struct options *options, int argc, char **argv, int *i)
{
	for (const char *p = argv[*i] + 1; *p; p++) {
		const struct option_row *row = find_row(NULL, 0, *p);
		int err;

		if (!row) {
			log_error("unknown option -%c (see --help)", *p);
			return -EINVAL;
		}
		if (row->value) {
			if (!p[1] && *i + 1 >= argc) {
				log_error("-%c needs %s", *p, row->value);
				return -EINVAL;
			}
			return apply_row(options, row, p[1] ? p + 1 : argv[++*i]);
		}
		err = apply_row(options, row, "");
		if (err)
			return err;
	}
	return 0;
}

static int check(const struct options *options)
{
	if (options->help || options->version || options->json_schema)
		return 0;
	if (options->n_pids && options->command) {
		log_error("give --pid or a command, not both");
		return -EINVAL;
	}
	if (!options->n_pids && !options->command) {
		log_error("nothing to trace: give --pid PID, or -- COMMAND (see --help)");
		return -EINVAL;
	}
	if (options->user && !options->command) {
		log_error("--user is for a command; a running process has its user");
		return -EINVAL;
	}
	if (options->min_size > options->max_size) {
		log_error("--min-size is above --max-size");
		return -EINVAL;
	}
	return 0;
}

int options_parse(int argc, char **argv, struct options *options)
{
	int err = 0, i;

	*options = (struct options){
		.kinds = ~0u,
		.max_size = UINT64_MAX,
		.buffer = BUFFER_DEFAULT,
		.threads = THREADS_DEFAULT,
		.tier = TIER_SESSION,
		.max_depth = MW_STACK_DEPTH,
		.cache_dir = OPTIONS_CACHE_DIR,
	};
	for (i = 0; i < argc && !err; i++) {
		if (argv[i][0] != '-' || !argv[i][1]) {
			log_error("unexpected '%s': a command goes behind --", argv[i]);
			return -EINVAL;
		}
		if (!strcmp(argv[i], "--")) {
			options->command = argv[i + 1] ? argv + i + 1 : NULL;
			break;
		}
		err = argv[i][1] == '-' ? parse_long(options, argc, argv, &i)
					: parse_short(options, argc, argv, &i);
	}
	return err ? err : check(options);
}
