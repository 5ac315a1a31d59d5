// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* text.c - a report in words and tables, for a person, in valgrind's layout. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "report/format.h"
#include "report/views.h"
#include "report/words.h"

#define N(value) fmt_thousands((char[28]){ 0 }, value)

void view_title(const struct view *view, const char *format, ...)
{
	va_list args;

	fputs(view->colour ? "\n\033[1m" : "\n", view->to);
	va_start(args, format);
	vfprintf(view->to, format, args);
	va_end(args);
	fputs(view->colour ? ":\033[0m\n" : ":\n", view->to);
}

static void write_head(const struct view *view)
{
	const struct report *report = view->report;
	char text[1024], duration[32];

	fprintf(view->to, "%s\n", fmt_safe(text, sizeof(text), report->title));
	fprintf(view->to, "%s%straced for %s%s%s%s%s\n", report->time, *report->time ? ", " : "",
		words_duration(duration, report->duration_ns),
		*report->version ? ", by mwbpf " : "", report->version,
		*report->kernel ? " on Linux " : "", report->kernel);
	fprintf(view->to, "%s\n", fmt_safe(text, sizeof(text), report->ended_by));
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * part / whole : 0;
}

static uint64_t temporaries(const struct report *report)
{
	uint64_t n = 0;

	for (size_t i = 0; i < report->n_sites; i++)
		n += report->sites[i].temporary.blocks;
	return n;
}

static void write_habits(const struct view *view)
{
	const struct report *report = view->report;
	const struct report_reuse *reuse = &report->reuse;
	uint64_t allocs = report->totals.allocs;

	if (!allocs)
		return;
	fprintf(view->to, "         temporary: %s allocs (%.0f %%) freed within %u more of their thread\n",
		N(temporaries(report)), percent(temporaries(report), allocs),
		view->options->temporary);
	fprintf(view->to, "            reused: %s allocs (%.0f %%) at the address just freed by their thread\n",
		N(reuse->reused), percent(reuse->reused, allocs));
	if (reuse->reallocs)
		fprintf(view->to,
			"          reallocs: %s of a block, %s moved it (%s bytes copied), up to %u%s in a row\n",
			N(reuse->reallocs), N(reuse->moved), N(reuse->copied), reuse->chain,
			reuse->chain == BLOCK_REALLOCS_MAX ? " or more" : "");
}

static void write_heap(const struct view *view)
{
	const struct ledger_totals *totals = &view->report->totals;
	char when[32];

	view_title(view, "HEAP SUMMARY");
	fprintf(view->to, "    in use at end: %s bytes in %s blocks\n", N(totals->live.bytes),
		N(totals->live.blocks));
	fprintf(view->to, "  total heap usage: %s allocs, %s frees, %s bytes allocated\n",
		N(totals->allocs), N(totals->frees), N(totals->bytes));
	fprintf(view->to, "      most at once: %s bytes in %s blocks, after %s\n",
		N(totals->peak.bytes), N(totals->peak.blocks),
		words_duration(when, view->report->peak_ns));
	if (totals->failed)
		fprintf(view->to, "            failed: %s requests\n", N(totals->failed));
	if (totals->ended.blocks)
		fprintf(view->to, "   given up at exec: %s bytes in %s blocks\n",
			N(totals->ended.bytes), N(totals->ended.blocks));
	if (totals->pylongs)
		fprintf(view->to, "       Python ints: %s made\n", N(totals->pylongs));
	write_habits(view);
}

static void write_segments(const struct view *view)
{
	const struct report *report = view->report;

	if (!report->totals.live.blocks)
		return;
	view_title(view, "IN USE BY SEGMENT");
	for (int kind = 0; kind < SEGMENT_KINDS; kind++)
		if (report->by_kind[kind].blocks)
			fprintf(view->to, "  %16s: %s bytes in %s blocks\n", segment_kind_name(kind),
				N(report->by_kind[kind].bytes), N(report->by_kind[kind].blocks));
}

static void write_leaks(const struct view *view)
{
	const struct report *report = view->report;

	if (!report->scanned && !report->suppressed.blocks)
		return;
	view_title(view, "LEAK SUMMARY");
	for (int leak = 0; report->scanned && leak < LEAK_KINDS; leak++)
		fprintf(view->to, "  %16s: %s bytes in %s blocks\n", report_leak_name(leak),
			N(report->leaks[leak].bytes), N(report->leaks[leak].blocks));
	fprintf(view->to, "  %16s: %s bytes in %s blocks\n", "suppressed", N(report->suppressed.bytes),
		N(report->suppressed.blocks));
}

static void write_completeness(const struct view *view)
{
	const struct report *report = view->report;
	char text[1024];

	view_title(view, "COMPLETENESS");
	for (size_t i = 0; i < report->n_completeness; i++)
		fprintf(view->to, "  %s\n", fmt_safe(text, sizeof(text), report->completeness[i]));
}

int report_write_text(const struct report *report, const struct report_options *options, FILE *to)
{
	const struct view view = { .report = report,
				   .options = options,
				   .to = to,
				   .width = table_width(to),
				   .colour = table_colour(to) };

	write_head(&view);
	write_heap(&view);
	write_segments(&view);
	write_leaks(&view);
	view_write(&view, options->by);
	write_completeness(&view);
	return 0;
}
