// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* facts.c - what a trace says of itself. */
#include "report/facts.h"

#include <stdio.h>
#include <string.h>

#include "base/fmt.h"

void facts_init(struct facts *facts)
{
	*facts = (struct facts){ .time = "", .version = "", .kernel = "", .reason = "",
				 .max_size = UINT64_MAX };
}

void facts_clear(struct facts *facts)
{
	intern_clear(&facts->strings);
	*facts = (struct facts){ 0 };
}

struct fact_target *facts_target(struct facts *facts, uint32_t pid)
{
	for (size_t i = 0; i < facts->n_targets; i++)
		if (facts->targets[i].pid == pid)
			return &facts->targets[i];
	return NULL;
}

struct fact_target *facts_add_target(struct facts *facts, uint32_t pid)
{
	struct fact_target *target;

	if (facts->n_targets == FACTS_TARGETS_MAX)
		return NULL;
	target = &facts->targets[facts->n_targets++];
	*target = (struct fact_target){ .pid = pid, .command = "", .status = -1 };
	return target;
}

void facts_append(char *line, size_t cap, const char *word)
{
	size_t len = strlen(line);

	snprintf(line + len, cap - len, "%s%s", len ? " " : "", word);
}

static void take_target(struct facts *facts, const struct sink_target *from)
{
	struct fact_target *target = facts_add_target(facts, from->pid);
	char command[FACTS_COMMAND_MAX] = "";

	if (!target)
		return;
	for (char *const *arg = from->argv; arg && *arg; arg++)
		facts_append(command, sizeof(command), *arg);
	target->command = intern(&facts->strings, command);
	target->launched = from->launched;
}

void facts_header(struct facts *facts, const struct sink_header *header)
{
	char text[FMT_TIME];

	facts->has_header = true;
	facts->time = intern(&facts->strings, fmt_time(text, header->realtime_ns));
	facts->version = intern(&facts->strings, header->version);
	facts->kernel = intern(&facts->strings, header->kernel);
	for (size_t i = 0; i < header->n_targets; i++)
		take_target(facts, &header->targets[i]);
}

void facts_summary(struct facts *facts, const struct sink_summary *summary, uint64_t start_ns)
{
	facts->has_summary = true;
	facts->reason = intern(&facts->strings, summary->reason);
	facts->end_ns = summary->ts_ns > start_ns ? summary->ts_ns - start_ns : 0;
	facts->hits = sink_sum(summary->counters->hits);
	facts->delivered = sink_sum((const __u64 *)summary->delivered);
	facts->lost = sink_sum(summary->counters->lost);
	for (int kind = 0; kind < MW_KIND_MAX; kind++)
		facts->lost_by_kind[kind] = summary->counters->lost[kind];
	for (int cause = 0; cause < MW_LOSS_MAX; cause++)
		facts->lost_by_cause[cause] = summary->counters->cause[cause];
	facts->output_lost = summary->output_lost;
	facts->values_unknown = summary->values_unknown;
	facts->malformed = summary->malformed;
	for (size_t i = 0; i < summary->n_ends; i++) {
		const struct sink_end *end = &summary->ends[i];
		struct fact_target *target = facts_target(facts, end->pid);

		if (!target)
			continue;
		target->ended = end->ended;
		target->status = end->ended ? end->status : -1;
		target->doubt = end->has_ints ? coverage_doubt(&end->ints) : NULL;
	}
}

void facts_warn(struct facts *facts, const char *text)
{
	if (facts->n_warnings < FACTS_WARNINGS_MAX)
		facts->warnings[facts->n_warnings] = intern(&facts->strings, text);
	facts->n_warnings++;
}
