// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* report.c - the verb report: what saved traces amount to. */
#include "verb/report.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "report/format.h"
#include "report/limits.h"
#include "source/source.h"

/* A saved trace, read. */
struct reading {
	struct facts facts;
	struct ledger ledger;
	struct history history;
	struct source *source;
	struct report report;
};

static int no_memory(void)
{
	log_error("cannot report: out of memory");
	return -ENOMEM;
}

static int read_file(struct reading *reading, const struct report_options *options, const char *path,
		     const struct suppressions *suppressions)
{
	int err;

	facts_init(&reading->facts);
	if (ledger_init(&reading->ledger))
		return no_memory();
	history_init(&reading->history, &reading->ledger, 0, options->temporary);
	reading->source = source_new(&reading->facts, &reading->history, NULL);
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

static int report_on(const struct options *options, const char *path,
		     const struct suppressions *suppressions, FILE *to)
{
	struct reading reading = { 0 };
	int status = 1;

	if (!read_file(&reading, &options->report, path, suppressions)) {
		options->report.format->write(&reading.report, &options->report, to);
		status = limits_check(&reading.report, &options->report);
	}
	end_reading(&reading);
	return status;
}

/* The worst of all files. */
static int report_all(const struct options *options, FILE *to)
{
	struct suppressions suppressions;
	int status = suppressions_read(&suppressions, options->report.suppressions) ? 1 : 0;

	for (unsigned i = 0; i < options->n_files && status != 1; i++) {
		int one = report_on(options, options->files[i], &suppressions, to);

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
	if (fflush(to) || ferror(to)) {
		log_error("cannot write %s: %s", options->output ? options->output : "standard output",
			  strerror(errno ? errno : EIO));
		status = 1;
	}
	if (to != stdout)
		fclose(to);
	return status;
}
