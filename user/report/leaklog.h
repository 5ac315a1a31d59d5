/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * leaklog.h - what searches of the targets' memory found: of each process the last one counts.
 */
#ifndef MWBPF_LEAKLOG_H
#define MWBPF_LEAKLOG_H

#include "base/hash.h"
#include "ledger/ledger.h"
#include "scan/leaks.h"

/* Blocks of one kind from one site. */
struct leaklog_part {
	uint32_t site;
	enum leaks_kind kind;
	struct ledger_amount amount;
};

/* One search. */
struct leaklog {
	uint32_t pid;
	const char *failed;  /* why there was none; the caller's; NULL */
	const char *unknown; /* why blocks may not be known; the caller's; NULL */
	uint64_t held_ns;
	uint64_t unreadable; /* bytes */
	uint64_t threads;
	uint64_t moving; /* threads that could not be stopped */
	struct ledger_amount before; /* found only through memory of which nothing is known */
	struct leaklog_part *parts;
	size_t n, cap;
};

struct leaklogs {
	struct hash by_pid;
	uint64_t unkept; /* parts that memory ran out for */
};

/* A search begins; parts of an earlier one of the process are forgotten. 0 or -ENOMEM. */
int leaklogs_begin(struct leaklogs *logs, const struct leaklog *log);

/* What it found. Not for a process of which no search began. */
void leaklogs_add(struct leaklogs *logs, uint32_t pid, const struct leaklog_part *part);

void leaklogs_clear(struct leaklogs *logs);

/* Visit all: *at begins as 0; NULL at the end. */
const struct leaklog *leaklogs_next(const struct leaklogs *logs, size_t *at);

#endif
