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

#define OPTIONS_MAX_PIDS 256
#define OPTIONS_CACHE_DIR "/var/cache/mwbpf"

enum options_stack {
	STACK_AUTO, /* Python's for a CPython, else the native caller */
	STACK_NONE,
	STACK_PYTHON,
	STACK_NATIVE,
	STACK_BOTH,
};

struct options {
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
	bool all, globals, attributes; /* of a walk: to show more */
	bool quiet;
	uint32_t verbose;
	bool json_schema, version, help;
};

/*
 * Parse the arguments after the verb. 0, or -EINVAL after saying what is wrong.
 * Strings point into argv.
 */
int options_parse(int argc, char **argv, struct options *options);

void options_help(FILE *to);

#endif
