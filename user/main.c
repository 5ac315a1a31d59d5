// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* main.c - arguments in, exit status out. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "options.h"
#include "run.h"
#include "schema.h"
#include "version.h"

#define EXIT_USAGE 2

static const struct {
	const char *name;
	int (*run)(const struct options *options);
} verbs[] = {
	{ "trace", run_trace },
};

int main(int argc, char **argv)
{
	int (*run)(const struct options *) = verbs[0].run;
	struct options options;

	argc--;
	argv++;
	for (size_t i = 0; argc && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(argv[0], verbs[i].name)) {
			run = verbs[i].run;
			argc--;
			argv++;
			break;
		}
	if (options_parse(argc, argv, &options))
		return EXIT_USAGE;
	log_level = options.quiet ? LOG_ERROR : LOG_INFO + options.verbose;
	if (options.help) {
		options_help(stdout);
		return 0;
	}
	if (options.version) {
		printf("mwbpf %s\n", MWBPF_VERSION);
		return 0;
	}
	if (options.json_schema) {
		fputs(schema_json, stdout);
		return 0;
	}
	return run(&options);
}
