/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * options.h - the command line as one struct, which nobody changes after parsing.
 */
#ifndef MWBPF_OPTIONS_H
#define MWBPF_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "probe/tier.h"
#include "report/options.h"
#include "survey/options.h"

#define OPTIONS_MAX_PIDS 256
#define OPTIONS_CACHE_DIR "/var/cache/mwbpf"

enum verb_id { VERB_TRACE, VERB_REPORT, VERB_WALK, VERBS };

enum options_stack {
	STACK_AUTO, /* Python's for a CPython, else the native caller */
	STACK_NONE,
	STACK_PYTHON,
	STACK_NATIVE,
	STACK_BOTH,
};

enum options_leak_check { LEAK_CHECK_NO, LEAK_CHECK_SUMMARY, LEAK_CHECK_FULL };

struct options {
	enum verb_id verb;
	pid_t pids[OPTIONS_MAX_PIDS];
	unsigned n_pids;
	char *const *command; /* NULL: none */
	uint64_t duration_ns; /* 0: until the end */
	const char *output;   /* NULL: stdout */
	bool json;
	const char *events;   /* as given; NULL: all */
	uint32_t kinds;	      /* the same as bits 1 << enum mw_kind */
	uint64_t min_size, max_size;
	uint64_t buffer;      /* bytes, a power of two */
	uint32_t threads;
	enum tier tier;	      /* the best to use */
	enum options_stack stack;
	uint32_t max_depth;   /* Python frames */
	const char *debug_dir; /* to look for debug files in; NULL: only where they are usually */
	const char *user;
	const char *cache_dir;
	bool no_cache;
	bool summary;	      /* report in the end */
	enum options_leak_check leak_check;
	unsigned leak_kinds;  /* whose sites are shown: bits 1 << enum leaks_kind */
	bool quiet;
	uint32_t verbose;
	bool json_schema, version, help;
	char *const *files;   /* arguments that are no options */
	unsigned n_files;
	const char *report_option; /* the last one given that is about a report; NULL */
	const char *leak_option;   /* likewise about a report or a search for leaks */
	struct report_options report;
	struct walk_options walk;
};

/*
 * Parse the arguments, of which the first may be the verb. 0, or -EINVAL after saying what is
 * wrong. Strings point into argv, whose order may change.
 */
int options_parse(int argc, char **argv, struct options *options);

/* What there is to say of a verb. */
void options_help(enum verb_id verb, FILE *to);

#endif
