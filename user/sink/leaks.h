/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * leaks.h - what a scan for leaks found, in words for people and numbers for programs.
 */
#ifndef MWBPF_SINK_LEAKS_H
#define MWBPF_SINK_LEAKS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "place/site.h"
#include "scan/leaks.h"

/* What made a process be scanned. */
enum sink_leaks_when { SINK_LEAKS_EXIT, SINK_LEAKS_SIGNAL, SINK_LEAKS_END };

struct sink_leaks {
	uint64_t ts_ns; /* CLOCK_MONOTONIC */
	pid_t pid;
	uint32_t scan; /* of this run, from 1 */
	enum sink_leaks_when when;
	const char *failed; /* why there was no scan: nothing else is known then; NULL */
	const struct leaks *leaks;
	const struct site **sites; /* of leaks->records[]; NULL: not known */
	const char **suppressed;   /* of them, too: by which pattern; NULL: by none */
	uint64_t held_ns;	   /* the target did not run for so long */
	uint64_t scanned;	   /* bytes read */
	uint64_t unreadable;	   /* bytes that could not be */
	size_t threads;
	size_t moving;	     /* threads of these that could not be stopped */
	const char *unknown; /* why there may be blocks that are not known; NULL: there are none */
};

struct sink;

void sink_jsonl_leaks(struct sink *sink, const struct sink_leaks *leaks);

/* "exit", "signal", "end" */
const char *sink_leaks_when(enum sink_leaks_when when);

/* What the person is told. records: kinds (bits 1 << enum leaks_kind) whose sites are shown
 * each; sums: also what they amount to. */
void sink_print_leaks(FILE *to, const struct sink_leaks *leaks, unsigned records, bool sums);

#endif
