// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* balance.c - what the kernel says of a target's memory. */
#include "balance.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

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

/* How many processes the OOM killer has killed since boot: proc(5), oom_kill of vmstat. */
static uint64_t read_oom_kills(void)
{
	FILE *file __file = fopen("/proc/vmstat", "re");
	unsigned long long kills = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "oom_kill %llu", &kills) == 1)
			break;
	return kills;
}

static bool was_killed(const struct targets *targets)
{
	for (size_t i = 0; i < targets->n; i++) {
		const struct target *target = &targets->at[i];

		if (target->ended && target->status >= 0 && WIFSIGNALED(target->status) &&
		    WTERMSIG(target->status) == SIGKILL)
			return true;
	}
	return false;
}

void balance_end(const struct balance_clock *clock, struct stream *stream,
		 const struct targets *targets)
{
	uint64_t kills = was_killed(targets) ? read_oom_kills() - clock->oom_kills : 0;

	if (kills)
		stream_warn(stream,
			    "the kernel was out of memory and killed %llu processes during the trace: "
			    "a target that was killed may be one of them",
			    (unsigned long long)kills);
}

void balance_look(struct balance_clock *clock, struct stream *stream, const struct targets *targets,
		  uint64_t now_ns)
{
	uint64_t step_ns;

	if (!clock->begun_ns)
		*clock = (struct balance_clock){ now_ns, now_ns, read_oom_kills() };
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
