// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* complete.c - what was seen and what was not, in words. */
#include "report/complete.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clean.h"
#include "base/fmt.h"
#include "sink/words.h"

#define N(value) fmt_thousands((char[28]){ 0 }, value)

struct lines_of {
	struct report *report;
	int error;
};

static void say(struct lines_of *lines, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct lines_of *lines, const char *format, ...)
{
	struct report *report = lines->report;
	char **more = reallocarray(report->completeness, report->n_completeness + 1, sizeof(*more));
	char *line;
	va_list args;
	int n;

	if (!more) {
		lines->error = -ENOMEM;
		return;
	}
	report->completeness = more;
	va_start(args, format);
	n = vasprintf(&line, format, args);
	va_end(args);
	if (n < 0)
		lines->error = -ENOMEM;
	else
		more[report->n_completeness++] = line;
}

/* Something is missing. */
#define miss(lines, ...) ((lines)->report->complete = false, say(lines, __VA_ARGS__))

static void say_counts(struct lines_of *lines, const struct facts *facts)
{
	const struct ledger_totals *totals = &lines->report->totals;

	if (facts->has_summary)
		say(lines, "%s hits, %s delivered, %s lost, %s unmatched frees", N(facts->hits),
		    N(facts->delivered), N(facts->lost), N(totals->unmatched));
	else
		miss(lines,
		     "the trace has no summary: mwbpf was killed, or the file was cut; what was lost "
		     "is known only as far as it goes: %s lost, %s unmatched frees",
		     N(lines->report->lost), N(totals->unmatched));
	for (int kind = 0; kind < MW_KIND_MAX; kind++)
		if (facts->lost_by_kind[kind])
			miss(lines, "lost: %s %s events", N(facts->lost_by_kind[kind]),
			     kind_name(kind));
	for (int cause = 0; cause < MW_LOSS_MAX; cause++)
		if (facts->lost_by_cause[cause])
			say(lines, "lost: %s because %s", N(facts->lost_by_cause[cause]),
			    loss_sentence(cause));
}

/* How the file reads. */
static void say_file(struct lines_of *lines, const struct facts *facts)
{
	if (!facts->is_file)
		return;
	if (!facts->has_header)
		miss(lines, "the file has no header: what was traced, and how, is not known");
	if (facts->cut)
		miss(lines, "the file is cut in the middle of a line: everything before it counts");
	if (facts->error)
		miss(lines, "the file was not read to its end: %s", facts->error);
	if (facts->bad_lines)
		miss(lines, "%s lines are no records and do not count, the first of them line %llu",
		     N(facts->bad_lines), (unsigned long long)facts->first_bad);
	if (facts->unknown)
		miss(lines, "%s records are of types that this mwbpf does not know",
		     N(facts->unknown));
	if (facts->events)
		miss(lines, "only events of '%s' are in the file (--events)", facts->events);
	if (facts->min_size || facts->max_size != UINT64_MAX)
		miss(lines, "only blocks of %s to %s bytes are in the file (--min-size, --max-size)",
		     N(facts->min_size),
		     facts->max_size == UINT64_MAX ? "any number of" : N(facts->max_size));
}

static void say_frees(struct lines_of *lines, const struct facts *facts)
{
	const struct ledger_totals *totals = &lines->report->totals;
	bool attached = false;

	for (size_t i = 0; i < facts->n_targets; i++)
		attached |= !facts->targets[i].launched;
	if (attached && facts->has_header)
		say(lines, "blocks from before the trace began are not known: %s of them were freed since",
		    N(totals->unmatched));
	else if (totals->unmatched)
		miss(lines, "%s frees were of blocks that are not in the ledger", N(totals->unmatched));
	if (totals->internal)
		say(lines,
		    "%s more frees came from the allocator's own file, of blocks not in the ledger: a "
		    "thread's cache at its end (glibc), or blocks older than the trace",
		    N(totals->internal));
	if (totals->superseded)
		miss(lines, "%s blocks were given out again though their free was not seen",
		     N(totals->superseded));
}

static void say_rest(struct lines_of *lines, const struct facts *facts,
		     const struct history *history)
{
	if (history->forks)
		say(lines, "%s children were forked and not followed", N(history->forks));
	if (history->ledger->unkept || history->unkept)
		miss(lines, "%s blocks, stacks and threads were not kept: mwbpf is out of memory, or "
		     "there are too many threads",
		     N(history->ledger->unkept + history->unkept));
	for (size_t i = 0; i < facts->n_targets; i++)
		if (facts->targets[i].doubt)
			miss(lines, "ints of process %u may be missing: %s", facts->targets[i].pid,
			     facts->targets[i].doubt);
	if (facts->malformed)
		miss(lines, "%s records were damaged", N(facts->malformed));
	if (facts->output_lost)
		miss(lines, "%s lines are missing from the output file", N(facts->output_lost));
	for (size_t i = 0; i < facts->n_warnings && i < FACTS_WARNINGS_MAX; i++)
		say(lines, "%s", facts->warnings[i]);
	if (facts->n_warnings > FACTS_WARNINGS_MAX)
		say(lines, "%s more warnings", N(facts->n_warnings - FACTS_WARNINGS_MAX));
}

/*
 * The balance: what the kernel holds for a process against what the ledger knows of. Blocks
 * need not be resident, so the rest can be negative.
 */
static void say_balance(struct lines_of *lines, const struct history *history)
{
	const struct balance *balance;
	struct resident sum = { 0 };
	uint64_t live = 0, ts_ns = 0, known;
	size_t at = 0;

	while ((balance = hash_next(&history->resident, &at, NULL))) {
		sum.rss += balance->resident.rss;
		sum.file += balance->resident.file;
		sum.shmem += balance->resident.shmem;
		sum.most += balance->resident.most;
		if (balance->ts_ns >= ts_ns) {
			ts_ns = balance->ts_ns;
			live = balance->live;
		}
	}
	if (!sum.rss)
		return;
	known = live + sum.file + sum.shmem;
	say(lines, "resident at %.3f s: %s bytes (%s at most): %s of files, %s shared; %s in live blocks",
	    ts_ns / 1e9, N(sum.rss), N(sum.most), N(sum.file), N(sum.shmem), N(live));
	if (known <= sum.rss)
		say(lines,
		    "not explained by these: %s bytes (stacks, data, free memory and what the allocator "
		    "needs, blocks from before)",
		    N(sum.rss - known));
	else
		say(lines, "%s bytes of live blocks are not resident: they were not touched yet",
		    N(known - sum.rss));
}

static void write_end(FILE *to, const struct fact_target *target)
{
	fprintf(to, "process %u ", target->pid);
	if (!target->ended)
		fprintf(to, "goes on");
	else if (target->status < 0)
		fprintf(to, "has ended");
	else if (WIFSIGNALED(target->status))
		fprintf(to, "was killed by signal %d (%s)", WTERMSIG(target->status),
			strsignal(WTERMSIG(target->status)));
	else
		fprintf(to, "exited with status %d", WEXITSTATUS(target->status));
}

static int say_end(struct report *report, const struct facts *facts)
{
	size_t size;
	FILE *to = open_memstream(&report->owned_end, &size);

	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < facts->n_targets; i++) {
		/* without a summary nothing is known of one that did not end */
		if (!facts->has_summary && !facts->targets[i].ended)
			continue;
		write_end(to, &facts->targets[i]);
		fputs("; ", to);
	}
	if (facts->has_summary)
		fprintf(to, "the trace ended by %s", facts->reason);
	else
		fprintf(to, "the trace has no end");
	if (fclose(to))
		return -ENOMEM;
	report->ended_by = report->owned_end;
	return 0;
}

/* What the search for lost blocks rests on. */
static void say_search(struct lines_of *lines, const struct leaklog *log)
{
	if (log->failed) {
		miss(lines, "process %u was not searched for lost blocks: %s", log->pid,
		     log->failed);
		return;
	}
	say(lines, "process %u was held for %.1f ms to be searched for lost blocks, %s threads",
	    log->pid, log->held_ns / 1e6, N(log->threads));
	if (log->unknown)
		say(lines, "all of its allocator's memory was searched for pointers: %s",
		    log->unknown);
	if (log->before.blocks)
		say(lines,
		    "of what is not lost, %s bytes in %s blocks are found only through memory of "
		    "which nothing is known",
		    N(log->before.bytes), N(log->before.blocks));
	if (log->moving)
		miss(lines, "%s threads could not be stopped: pointers in their registers are missing",
		     N(log->moving));
	if (log->unreadable)
		miss(lines, "%s bytes could not be read: what only they point to seems lost",
		     N(log->unreadable));
}

static void say_searches(struct lines_of *lines, const struct history *history)
{
	const struct leaklog *log;
	size_t at = 0;

	while ((log = leaklogs_next(&history->leaks, &at)))
		say_search(lines, log);
	if (history->leaks.unkept)
		miss(lines, "%s sites of lost blocks were not kept: mwbpf is out of memory",
		     N(history->leaks.unkept));
}

int report_complete(struct report *report, const struct facts *facts, const struct history *history)
{
	struct lines_of lines = { .report = report };

	report->complete = true;
	say_counts(&lines, facts);
	say_file(&lines, facts);
	say_frees(&lines, facts);
	say_rest(&lines, facts, history);
	say_balance(&lines, history);
	say_searches(&lines, history);
	return lines.error ? lines.error : say_end(report, facts);
}
