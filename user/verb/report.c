// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* report.c - the verb report: what saved traces amount to. */
#include "verb/report.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "report/biography.h"
#include "report/diff.h"
#include "report/format.h"
#include "report/limits.h"
#include "source/source.h"

/* A saved trace, read. */
struct reading {
	struct facts facts;
	struct ledger ledger;
	struct history history;
	struct source *source;
	struct biography biography;
	struct report report;
};

static int no_memory(void)
{
	log_error("cannot report: out of memory");
	return -ENOMEM;
}

static void watch(void *context, const struct ledger_event *event,
		  const struct ledger_outcome *outcome)
{
	biography_event(context, event, outcome);
}

static int read_file(struct reading *reading, const struct report_options *options, const char *path,
		     const struct suppressions *suppressions)
{
	const struct source_watch told = { watch, &reading->biography };
	int err;

	facts_init(&reading->facts);
	if (ledger_init(&reading->ledger))
		return no_memory();
	history_init(&reading->history, &reading->ledger, 0, options->temporary);
	reading->source = source_new(&reading->facts, &reading->history,
				     options->address ? &told : NULL);
	if (!reading->source)
		return no_memory();
	err = source_read(reading->source, path);
	if (err)
		return err;
	history_end(&reading->history, reading->facts.end_ns, options->older_ns);
	err = report_build(&reading->report, &reading->facts, &reading->history, suppressions);
	reading->report.file = path;
	return err ? no_memory() : 0;
}

static void end_reading(struct reading *reading)
{
	report_clear(&reading->report);
	history_clear(&reading->history);
	source_free(reading->source);
	ledger_clear(&reading->ledger);
	facts_clear(&reading->facts);
}

static int cannot_write(const struct options *options, int err)
{
	log_error("cannot write %s: %s", options->output ? options->output : "standard output",
		  strerror(err));
	return 1;
}

/* --address: the owners are told while the file is read. */
static int tell_owners(const struct options *options, const char *path, FILE *to)
{
	struct reading reading = { 0 };
	bool json = options->report.format == report_format_from_name("json");
	int err = biography_begin(&reading.biography, options->report.address, &reading.history, json,
				  to);

	if (!err)
		err = read_file(&reading, &options->report, path, NULL);
	if (biography_end(&reading.biography) && !err)
		err = -errno;
	end_reading(&reading);
	return err ? 1 : 0;
}

static int report_on(const struct options *options, const char *path,
		     const struct suppressions *suppressions, FILE *to)
{
	struct reading reading = { 0 };
	int status = 1, err = 0;

	if (!read_file(&reading, &options->report, path, suppressions)) {
		err = options->report.format->write(&reading.report, &options->report, to);
		status = err ? cannot_write(options, -err)
			     : limits_check(&reading.report, &options->report);
	}
	end_reading(&reading);
	return status;
}

/* --diff: the limits are about the second. */
static int report_diff(const struct options *options, const struct suppressions *suppressions,
		       FILE *to)
{
	struct reading readings[2] = { 0 };
	struct diff diff;
	int status = 1, err = 0;

	for (int i = 0; i < 2 && !err; i++)
		err = read_file(&readings[i], &options->report, options->files[i], suppressions);
	if (!err && diff_build(&diff, &readings[0].report, &readings[1].report, options->report.sort))
		err = no_memory();
	if (!err) {
		if (options->report.format == report_format_from_name("json"))
			diff_write_json(&diff, to);
		else
			diff_write_text(&diff, &options->report, to);
		status = limits_check(&readings[1].report, &options->report);
		diff_clear(&diff);
	}
	for (int i = 0; i < 2; i++)
		end_reading(&readings[i]);
	return status;
}

/* The worst of all files. */
static int report_all(const struct options *options, FILE *to)
{
	struct suppressions suppressions;
	int status = suppressions_read(&suppressions, options->report.suppressions) ? 1 : 0;

	if (!status && options->report.diff) {
		status = report_diff(options, &suppressions, to);
		suppressions_clear(&suppressions);
		return status;
	}
	for (unsigned i = 0; i < options->n_files && status != 1; i++) {
		int one = options->report.address
				  ? tell_owners(options, options->files[i], to)
				  : report_on(options, options->files[i], &suppressions, to);

		if (one)
			status = one;
	}
	suppressions_clear(&suppressions);
	return status;
}

int verb_report(const struct options *options)
{
	FILE *to = options->output ? fopen(options->output, "we") : stdout;
	int status;

	if (!to) {
		log_error("cannot write %s: %s", options->output, strerror(errno));
		return 1;
	}
	status = report_all(options, to);
	errno = 0;
	if (fflush(to) || ferror(to))
		status = cannot_write(options, errno ? errno : EIO);
	if (to != stdout)
		fclose(to);
	return status;
}
