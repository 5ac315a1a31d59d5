// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* main.c - arguments in, exit status out. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "options.h"
#include "run.h"
#include "schema.h"
#include "verb/report.h"
#include "verb/walk.h"
#include "version.h"

#define EXIT_USAGE 2

static int (*const runs[VERBS])(const struct options *options) = {
	[VERB_TRACE] = run_trace,
	[VERB_REPORT] = verb_report,
	[VERB_WALK] = verb_walk,
};

/*
 * Standard descriptors that are closed would be given to files and maps, which then get
 * what is meant for a terminal. False when there is no standard output.
 */
static bool hold_standard_descriptors(void)
{
	bool has_stdout = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC); /* closed for a command, as they were */
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
	return has_stdout;
}

int main(int argc, char **argv)
{
	bool has_stdout = hold_standard_descriptors();
	struct options options;

	if (options_parse(argc - 1, argv + 1, &options))
		return EXIT_USAGE;
	if (!has_stdout && !options.output) {
		log_error("standard output is closed: give --output FILE");
		return 1;
	}
	log_level = options.quiet ? LOG_ERROR : LOG_INFO + options.verbose;
	if (!options.help && !options.version && !options.json_schema)
		return runs[options.verb](&options);
	if (options.help)
		options_help(options.verb, stdout);
	else if (options.version)
		printf("mwbpf %s\n", MWBPF_VERSION);
	else
		fputs(options.verb == VERB_REPORT ? schema_report : schema_events, stdout);
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	log_error("cannot write standard output: %s", strerror(errno));
	return 1;
}
