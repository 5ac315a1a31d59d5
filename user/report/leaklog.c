// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* leaklog.c - what searches of the targets' memory found. */
#include "report/leaklog.h"

#include <errno.h>
#include <stdlib.h>

int leaklogs_begin(struct leaklogs *logs, const struct leaklog *from)
{
	struct leaklog *log = hash_get(&logs->by_pid, from->pid);

	if (!log) {
		log = calloc(1, sizeof(*log));
		if (!log || hash_set(&logs->by_pid, from->pid, log)) {
			free(log);
			return -ENOMEM;
		}
	}
	free(log->parts);
	*log = *from;
	log->parts = NULL;
	log->n = log->cap = 0;
	return 0;
}

void leaklogs_add(struct leaklogs *logs, uint32_t pid, const struct leaklog_part *part)
{
	struct leaklog *log = hash_get(&logs->by_pid, pid);

	if (!log)
		return;
	if (log->n == log->cap) {
		size_t cap = log->cap ? log->cap * 2 : 64;
		struct leaklog_part *more = reallocarray(log->parts, cap, sizeof(*more));

		if (!more) {
			logs->unkept++;
			return;
		}
		log->parts = more;
		log->cap = cap;
	}
	log->parts[log->n++] = *part;
}

void leaklogs_clear(struct leaklogs *logs)
{
	struct leaklog *log;
	size_t at = 0;

	while ((log = hash_next(&logs->by_pid, &at, NULL))) {
		free(log->parts);
		free(log);
	}
	hash_clear(&logs->by_pid);
}

const struct leaklog *leaklogs_next(const struct leaklogs *logs, size_t *at)
{
	return hash_next(&logs->by_pid, at, NULL);
}
