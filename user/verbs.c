// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* verbs.c - the verbs of the command line, in words. */
#include "verbs.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "report/format.h"

static int check_trace(const struct options *options)
{
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
	if (options->report_option && !options->summary) {
		log_error("--%s is about a report: give --summary, too", options->report_option);
		return -EINVAL;
	}
	if (options->leak_option && !options->summary && !options->leak_check) {
		log_error("--%s is about leaks: give --summary or --leak-check, too",
			  options->leak_option);
		return -EINVAL;
	}
	if (options->min_size > options->max_size) {
		log_error("--min-size is above --max-size");
		return -EINVAL;
	}
	return 0;
}

static bool is_plain(const struct report_options *options)
{
	return options->format == report_format_from_name("text") ||
	       options->format == report_format_from_name("json");
}

static int check_report(const struct options *options)
{
	if (!options->n_files) {
		log_error("nothing to report on: give FILE, or - for standard input (see report --help)");
		return -EINVAL;
	}
	if (options->report.diff && options->n_files != 2) {
		log_error("--diff needs two files");
		return -EINVAL;
	}
	if ((options->report.diff || options->report.address) && !is_plain(&options->report)) {
		log_error("--diff and --address are written as text or json");
		return -EINVAL;
	}
	if (options->report.format->alone && options->n_files > 1) {
		log_error("--format %s is a file of one report: give one FILE at a time",
			  options->report.format->name);
		return -EINVAL;
	}
	return 0;
}

static int check_walk(const struct options *options)
{
	if (options->walk.diff) {
		if (options->n_files == 2 && !options->n_pids)
			return 0;
		log_error("--diff needs two files that --census=FILE wrote, and no process");
		return -EINVAL;
	}
	if (options->n_files) {
		log_error("unexpected '%s': a walk is through a process, --pid PID",
			  options->files[0]);
		return -EINVAL;
	}
	if (options->n_pids == 1)
		return 0;
	log_error(options->n_pids ? "a walk is through one process: give --pid once" :
				    "nothing to walk through: give --pid PID (see walk --help)");
	return -EINVAL;
}

const struct verb verbs[VERBS] = {
	[VERB_TRACE] = {
		.name = "trace",
		.usage = "usage: mwbpf [trace] [options] --pid PID...\n"
			 "       mwbpf [trace] [options] -- COMMAND ARG...\n"
			 "       mwbpf report [options] FILE...            (see mwbpf report --help)\n"
			 "       mwbpf walk [options] --pid PID            (see mwbpf walk --help)\n\n"
			 "Where does everything live in a running program's memory? Shows every allocation\n"
			 "and every Python int as it is made, with the segment its address lies in.\n",
		.notes = "Events go to stdout or FILE, everything else to stderr. Exit status: that of\n"
			 "COMMAND; 0; 2 for wrong usage; 1 when mwbpf failed, 125 when it failed before\n"
			 "COMMAND ran; 126 and 127 when COMMAND could not be run or found.\n",
		.command = true,
		.check = check_trace,
	},
	[VERB_REPORT] = {
		.name = "report",
		.usage = "usage: mwbpf report [options] FILE...\n"
			 "       mwbpf report [options] --diff FILE FILE\n\n"
			 "What is live, what leaked, what was held at the peak: of traces that mwbpf --json\n"
			 "wrote, plain or compressed with zstd; - is standard input.\n",
		.notes = "Exit status: 0; 2 for wrong usage; 1 when mwbpf failed; what --error-exitcode\n"
			 "says when a limit is exceeded.\n",
		.files = true,
		.check = check_report,
	},
	[VERB_WALK] = {
		.name = "walk",
		.usage = "usage: mwbpf walk [options] --pid PID\n"
			 "       mwbpf walk [options] --diff FILE FILE\n\n"
			 "Where every variable of a running program lives, just now: its segments and what of\n"
			 "them is in RAM, Python's frames and their variables with their addresses.\n",
		.notes = "The process is not stopped: what changes while it is read is read again, and left\n"
			 "out and counted when it goes on changing. Exit status: 0; 2 for wrong usage; 1 when\n"
			 "mwbpf failed.\n",
		.files = true,
		.check = check_walk,
	},
};

int verb_from_name(const char *name)
{
	for (int verb = 0; verb < VERBS; verb++)
		if (!strcmp(verbs[verb].name, name))
			return verb;
	return -1;
}
