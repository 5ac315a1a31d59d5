// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* options.c - the command line, parsed and explained by its rows. */
#include "options.h"

#include <errno.h>
#include <string.h>

#include <mwbpf/event.h>

#include "base/log.h"
#include "optionrows.h"
#include "report/format.h"
#include "scan/leaks.h"
#include "verbs.h"

#define BUFFER_DEFAULT (64ULL << 20)
#define THREADS_DEFAULT 16384

/* Whether the next argument is its value if it has none yet. */
static bool takes_next(const struct option_row *row)
{
	return row->value && row->value[0] != '[';
}

void options_help(enum verb_id verb, FILE *to)
{
	fprintf(to, "%s\n", verbs[verb].usage);
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];
		char left[40];

		if (!(row->verbs >> verb & 1))
			continue;
		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", row->letter ? '-' : ' ',
			 row->letter ? row->letter : ' ', row->letter ? "," : " ", row->name,
			 takes_next(row) ? " " : row->value ? "=" : "",
			 row->value ? row->value : "");
		fprintf(to, "  %-26s %s\n", left, row->help);
	}
	fprintf(to, "\n%s", verbs[verb].notes);
}

/* The row of an option that one of these verbs takes; NULL. */
static const struct option_row *find_row(const char *name, size_t len, char letter, unsigned of)
{
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (row->verbs & of && (name ? !strncmp(row->name, name, len) && !row->name[len]
					     : row->letter == letter))
			return row;
	}
	return NULL;
}

/* No verb takes it, or another one. */
static int refuse(const struct options *options, const char *name, size_t len)
{
	for (int verb = 0; verb < VERBS; verb++)
		if (len > 1 && find_row(name, len, 0, 1u << verb)) {
			log_error("--%.*s is not for mwbpf %s, but for mwbpf %s", (int)len, name,
				  verbs[options->verb].name, verbs[verb].name);
			return -EINVAL;
		}
	log_error("unknown option %s%.*s (see --help)", len == 1 ? "-" : "--", (int)len, name);
	return -EINVAL;
}

#define ABOUT_REPORTS (1u << VERB_TRACE | 1u << VERB_REPORT)

/* An option of both these verbs, not of all, is about a report, which there may be none of. */
static void note_report(struct options *options, const struct option_row *row)
{
	if ((row->verbs & ABOUT_REPORTS) != ABOUT_REPORTS || !~row->verbs)
		return;
	if (row->verbs & OPTION_LEAKS)
		options->leak_option = row->name;
	else
		options->report_option = row->name;
}

static int apply_row(struct options *options, const struct option_row *row, const char *text)
{
	int err = row->parse(options, row, text);

	note_report(options, row);
	if (err == -ERANGE)
		log_error("--%s: '%s' is out of range", row->name, text);
	else if (err && err != -EDOM)
		log_error("--%s: '%s' is not %s %s", row->name, text,
			  strchr("AEIOU", row->value[0]) ? "an" : "a", row->value);
	return err ? -EINVAL : 0;
}

/* "--name", "--name=value", "--name value". Advances *i over a separate value. */
static int parse_long(struct options *options, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_row *row = find_row(name, len, 0, 1u << options->verb);

	if (!row)
		return refuse(options, name, len);
	if (!row->value && equals) {
		log_error("--%s takes no value", row->name);
		return -EINVAL;
	}
	if (takes_next(row) && !equals && *i + 1 >= argc) {
		log_error("--%s needs %s", row->name, row->value);
		return -EINVAL;
	}
	return apply_row(options, row, equals ? equals + 1 : takes_next(row) ? argv[++*i] : "");
}

/* "-x", "-xy" (flags), "-xVALUE", "-x VALUE". */
static int parse_short(struct options *options, int argc, char **argv, int *i)
{
	for (const char *p = argv[*i] + 1; *p; p++) {
		const struct option_row *row = find_row(NULL, 0, *p, 1u << options->verb);
		int err;

		if (!row)
			return refuse(options, p, 1);
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

/* An argument that is no option. */
static int take_file(struct options *options, char **argv, int i)
{
	if (!verbs[options->verb].files) {
		log_error("unexpected '%s': a command goes behind --", argv[i]);
		return -EINVAL;
	}
	/* the first places of argv are those of arguments that were taken already */
	argv[options->n_files++] = argv[i];
	return 0;
}

/* What follows "--". */
static int take_rest(struct options *options, int argc, char **argv, int i)
{
	int err = 0;

	if (verbs[options->verb].command)
		options->command = argv[i] ? argv + i : NULL;
	else
		for (; i < argc && !err; i++)
			err = take_file(options, argv, i);
	return err;
}

static void set_defaults(struct options *options)
{
	*options = (struct options){
		.kinds = ~0u,
		.max_size = UINT64_MAX,
		.buffer = BUFFER_DEFAULT,
		.threads = THREADS_DEFAULT,
		.tier = TIER_SESSION,
		.max_depth = MW_STACK_DEPTH,
		.cache_dir = OPTIONS_CACHE_DIR,
		.leak_kinds = 1u << LEAKS_DEFINITE | 1u << LEAKS_POSSIBLE,
		.report = { .format = report_formats,
			    .top = 10,
			    .temporary = 1,
			    .older_ns = 1000000000,
			    .max_leak = UINT64_MAX,
			    .max_peak = UINT64_MAX },
		.walk = { .top = 20, .members = 1, .suspended = 20 },
	};
}

int options_parse(int argc, char **argv, struct options *options)
{
	int verb = argc ? verb_from_name(argv[0]) : -1;
	int err = 0, i = verb >= 0;

	set_defaults(options);
	options->verb = verb < 0 ? VERB_TRACE : verb;
	options->files = argv;
	for (; i < argc && !err; i++) {
		if (!strcmp(argv[i], "--")) {
			err = take_rest(options, argc, argv, i + 1);
			break;
		}
		if (argv[i][0] != '-' || !argv[i][1])
			err = take_file(options, argv, i);
		else if (argv[i][1] == '-')
			err = parse_long(options, argc, argv, &i);
		else
			err = parse_short(options, argc, argv, &i);
	}
	/* what is lost is of use only with where it was made */
	if (options->leak_check && options->stack == STACK_AUTO)
		options->stack = STACK_BOTH;
	if (err || options->help || options->version || options->json_schema)
		return err;
	return verbs[options->verb].check(options);
}
