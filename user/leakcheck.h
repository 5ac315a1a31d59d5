/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * leakcheck.h - --leak-check: the targets held and scanned, at their end or when asked.
 */
#ifndef MWBPF_LEAKCHECK_H
#define MWBPF_LEAKCHECK_H

#include "launch.h"
#include "sink/leaks.h"
#include "stream.h"
#include "survey/freeze.h"
#include "targets.h"

struct leakcheck {
	const struct options *options;
	struct stream *stream;
	struct targets *targets;
	/* Take in all events there are, so that the ledger is as the target is. */
	void (*catch_up)(void *context);
	void *context;
	struct freeze *freeze; /* NULL: nothing is checked */
	bool asked;	       /* SIGUSR1 came */
	uint32_t scans;
	FILE *text; /* what is to be said in the end, which is in words */
	char *words;
	size_t words_len;
};

/* As launch_start, by the thread that is to watch the command. */
int leakcheck_launch(struct leakcheck *check, struct launch *launch,
		     const struct spawn_before *before, const char **caveat);

/* As launch_release. */
int leakcheck_release(struct leakcheck *check, struct launch *launch);

/* Begin, if it is wanted; before anything is launched. 0 or -errno, said. */
int leakcheck_begin(struct leakcheck *check);

/* Watch the processes that were running before. Says of each that cannot be. */
void leakcheck_watch(struct leakcheck *check);

/* To be polled for leakcheck_tend; -1: nothing. */
int leakcheck_fd(const struct leakcheck *check);

/* Scan who waits on its way out, and everyone when that was asked. */
void leakcheck_tend(struct leakcheck *check);

/* As launch_reap. */
void leakcheck_reap(struct leakcheck *check, struct launch *launch);

/* The trace ends: scan those who go on, and leave them alone from now on. */
void leakcheck_finish(struct leakcheck *check);

/* To the person, what was found in the end. */
void leakcheck_print(struct leakcheck *check);

void leakcheck_free(struct leakcheck *check);

#endif
