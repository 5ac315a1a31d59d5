// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* balance.c - what the kernel says of a target's memory. */
#include "balance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"

#define STEP_LEAST_NS 5000000ULL
#define STEP_MOST_NS  500000000ULL

static const struct {
	const char *name;
	size_t offset;
} rows[] = {
	{ "VmHWM:", offsetof(struct resident, most) },
	{ "VmRSS:", offsetof(struct resident, rss) },
	{ "RssAnon:", offsetof(struct resident, anon) },
	{ "RssFile:", offsetof(struct resident, file) },
	{ "RssShmem:", offsetof(struct resident, shmem) },
};

static void read_line(const char *line, struct resident *resident)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strncmp(line, rows[i].name, strlen(rows[i].name)))
			*(uint64_t *)((char *)resident + rows[i].offset) =
				strtoull(line + strlen(rows[i].name), NULL, 10) * 1024;
}

static void look_at(struct stream *stream, pid_t pid)
{
	struct resident resident = { .pid = pid };
	char path[64], line[256];
	FILE *file __file = NULL;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		read_line(line, &resident);
	if (resident.rss) /* else it has no memory any more */
		stream_resident(stream, &resident);
}

void balance_look(struct balance_clock *clock, struct stream *stream, const struct targets *targets,
		  uint64_t now_ns)
{
	uint64_t step_ns;

	if (!clock->begun_ns)
		*clock = (struct balance_clock){ now_ns, now_ns };
	if (now_ns < clock->next_ns)
		return;
	step_ns = now_ns - clock->begun_ns;
	if (step_ns < STEP_LEAST_NS)
		step_ns = STEP_LEAST_NS;
	clock->next_ns = now_ns + (step_ns < STEP_MOST_NS ? step_ns : STEP_MOST_NS);
	for (size_t i = 0; i < targets->n; i++)
		if (!targets->at[i].ended)
			look_at(stream, targets->at[i].proc.pid);
}
