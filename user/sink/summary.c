// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* summary.c - what the trace amounts to, in the words valgrind's users know. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fmt.h"
#include "sink/sink.h"
#include "sink/words.h"

#define N(value) fmt_thousands((char[28]){ 0 }, value)

static void print_ends(const struct sink_summary *summary)
{
	for (size_t i = 0; i < summary->n_ends; i++) {
		const struct sink_end *end = &summary->ends[i];

		fprintf(stderr, "process %d ", (int)end->pid);
		if (!end->ended)
			fprintf(stderr, "goes on");
		else if (end->status < 0)
			fprintf(stderr, "has ended");
		else if (WIFSIGNALED(end->status))
			fprintf(stderr, "was killed by signal %d (%s)", WTERMSIG(end->status),
				strsignal(WTERMSIG(end->status)));
		else
			fprintf(stderr, "exited with status %d", WEXITSTATUS(end->status));
		fprintf(stderr, "; the trace ended by %s\n", summary->reason);
	}
}

static void print_heap(const struct ledger *ledger)
{
	const struct ledger_totals *totals = &ledger->totals;

	fprintf(stderr, "\nHEAP SUMMARY:\n");
	fprintf(stderr, "    in use at end: %s bytes in %s blocks\n", N(totals->live.bytes),
		N(totals->live.blocks));
	fprintf(stderr, "  total heap usage: %s allocs, %s frees, %s bytes allocated\n",
		N(totals->allocs), N(totals->frees), N(totals->bytes));
	fprintf(stderr, "      most at once: %s bytes in %s blocks\n", N(totals->peak.bytes),
		N(totals->peak.blocks));
	if (totals->failed)
		fprintf(stderr, "            failed: %s requests\n", N(totals->failed));
	if (totals->ended.blocks)
		fprintf(stderr, "   given up at exec: %s bytes in %s blocks\n",
			N(totals->ended.bytes), N(totals->ended.blocks));
	if (totals->pylongs)
		fprintf(stderr, "       Python ints: %s made\n", N(totals->pylongs));
}

static void print_segments(const struct ledger *ledger)
{
	if (!ledger->totals.live.blocks)
		return;
	fprintf(stderr, "\nIN USE BY SEGMENT:\n");
	for (int kind = 0; kind < SEGMENT_KINDS; kind++)
		if (ledger->by_kind[kind].blocks)
			fprintf(stderr, "  %16s: %s bytes in %s blocks\n", segment_kind_name(kind),
				N(ledger->by_kind[kind].bytes), N(ledger->by_kind[kind].blocks));
}

static void print_completeness(const struct sink_summary *summary)
{
	const struct mw_counters *counters = summary->counters;
	const struct ledger_totals *totals = &summary->ledger->totals;

	fprintf(stderr,
		"\nCOMPLETENESS: %s hits, %s delivered, %s lost, %s unmatched frees, %s shown\n",
		N(sink_sum(counters->hits)), N(sink_sum((const __u64 *)summary->delivered)),
		N(sink_sum(counters->lost)), N(totals->unmatched), N(summary->shown));
	for (int kind = 0; kind < MW_KIND_MAX; kind++)
		if (counters->lost[kind])
			fprintf(stderr, "  lost: %s %s events\n", N(counters->lost[kind]),
				kind_name(kind));
	for (int cause = 0; cause < MW_LOSS_MAX; cause++)
		if (counters->cause[cause])
			fprintf(stderr, "  lost: %s because %s\n", N(counters->cause[cause]),
				loss_sentence(cause));
	if (totals->internal)
		fprintf(stderr,
			"  %s more frees came from the allocator's own file, of blocks not in the "
			"ledger:\n  a thread's cache at its end (glibc), or blocks older than the trace\n",
			N(totals->internal));
	if (summary->delivered[MW_FORK])
		fprintf(stderr, "  %s children were forked and not followed\n",
			N(summary->delivered[MW_FORK]));
	if (totals->superseded)
		fprintf(stderr, "  %s blocks were given out again though their free was not seen\n",
			N(totals->superseded));
	if (summary->ledger->unkept)
		fprintf(stderr, "  %s blocks were not kept: mwbpf is out of memory\n",
			N(summary->ledger->unkept));
	for (size_t i = 0; i < summary->n_ends; i++)
		if (summary->ends[i].has_ints && coverage_doubt(&summary->ends[i].ints))
			fprintf(stderr, "  ints of process %d may be missing: %s\n",
				(int)summary->ends[i].pid, coverage_doubt(&summary->ends[i].ints));
	if (summary->values_unknown)
		fprintf(stderr, "  %s ints are shown without their values\n",
			N(summary->values_unknown));
	if (summary->malformed)
		fprintf(stderr, "  %s records were damaged\n", N(summary->malformed));
	if (summary->output_lost)
		fprintf(stderr, "  %s lines are missing from the output file\n",
			N(summary->output_lost));
}

void sink_print_summary(const struct sink_summary *summary)
{
	print_ends(summary);
	print_heap(summary->ledger);
	print_segments(summary->ledger);
	print_completeness(summary);
}
