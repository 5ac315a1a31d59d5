// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* difftext.c - the two ways a difference is written. */
#include "base/fmt.h"
#include "base/json.h"
#include "report/diff.h"
#include "report/table.h"
#include "report/words.h"

#define N(value)  fmt_thousands((char[28]){ 0 }, value)
#define SIGN(value) ((int64_t)(value) < 0 ? "-" : "+")
#define SIZE(value) N((int64_t)(value) < 0 ? -(uint64_t)(value) : (uint64_t)(value))

static void add_total(struct table *table, const char *what, uint64_t before, uint64_t after)
{
	table_cell(table, "%s", what);
	table_cell(table, "%s", N(before));
	table_cell(table, "%s", N(after));
	table_cell(table, "%s%s", SIGN(after - before), SIZE(after - before));
}

static void write_totals(const struct diff *diff, unsigned width, FILE *to)
{
	static const char *const titles[] = { "<", "BEFORE", "AFTER", "CHANGE", NULL };
	const struct ledger_totals *a = &diff->reports[0]->totals, *b = &diff->reports[1]->totals;
	struct table table;

	table_init(&table, titles);
	add_total(&table, "bytes in use at end", a->live.bytes, b->live.bytes);
	add_total(&table, "blocks in use at end", a->live.blocks, b->live.blocks);
	add_total(&table, "bytes at the peak", a->peak.bytes, b->peak.bytes);
	add_total(&table, "allocs", a->allocs, b->allocs);
	add_total(&table, "frees", a->frees, b->frees);
	add_total(&table, "bytes allocated", a->bytes, b->bytes);
	table_print(&table, width, to);
}

static bool differs(const struct diff_row *row)
{
	return row->live[0].bytes != row->live[1].bytes || row->live[0].blocks != row->live[1].blocks ||
	       row->total[0].blocks != row->total[1].blocks ||
	       row->at_peak[0].bytes != row->at_peak[1].bytes;
}

static void add_change(struct table *table, uint64_t before, uint64_t after)
{
	if (before == after)
		table_cell(table, "0");
	else
		table_cell(table, "%s%s", SIGN(after - before), SIZE(after - before));
}

static void write_rows(const struct diff *diff, const struct report_options *options, unsigned width,
		       FILE *to)
{
	static const char *const titles[] = { "LIVE", "BLOCKS", "AT-PEAK", "ALLOCS", "<SITE", NULL };
	char text[1024];
	struct table table;
	size_t shown = 0;

	table_init(&table, titles);
	for (size_t i = 0; i < diff->n && (!options->top || shown < options->top); i++) {
		const struct diff_row *row = &diff->rows[i];

		if (!differs(row))
			continue;
		shown++;
		add_change(&table, row->live[0].bytes, row->live[1].bytes);
		add_change(&table, row->live[0].blocks, row->live[1].blocks);
		add_change(&table, row->at_peak[0].bytes, row->at_peak[1].bytes);
		add_change(&table, row->total[0].blocks, row->total[1].blocks);
		table_cell(&table, "%s", words_site(text, sizeof(text), row->site));
	}
	fprintf(to, "\nSITES BY CHANGE (%zu shown, of %zu that either has):\n", shown, diff->n);
	table_print(&table, width, to);
}

void diff_write_text(const struct diff *diff, const struct report_options *options, FILE *to)
{
	static const char *const sides[] = { "before", "after" };
	unsigned width = table_width(to);
	char text[1024];

	for (int side = 0; side < 2; side++)
		fprintf(to, "%s: %s: %s\n", sides[side], diff->reports[side]->file,
			fmt_safe(text, sizeof(text), diff->reports[side]->title));
	fputc('\n', to);
	write_totals(diff, width, to);
	write_rows(diff, options, width, to);
	for (int side = 0; side < 2; side++) {
		const struct report *report = diff->reports[side];

		fprintf(to, "\nCOMPLETENESS, %s:\n", sides[side]);
		for (size_t i = 0; i < report->n_completeness; i++)
			fprintf(to, "  %s\n", fmt_safe(text, sizeof(text), report->completeness[i]));
	}
}

static void put_pair(struct json *json, const char *key, const struct ledger_amount pair[2])
{
	json_object(json, key);
	json_u64(json, "bytes_before", pair[0].bytes);
	json_u64(json, "bytes_after", pair[1].bytes);
	json_u64(json, "blocks_before", pair[0].blocks);
	json_u64(json, "blocks_after", pair[1].blocks);
	json_object_end(json);
}

static void put_diff(struct json *json, const struct diff *diff)
{
	const struct ledger_totals *a = &diff->reports[0]->totals, *b = &diff->reports[1]->totals;
	char text[4096];

	json_str(json, "type", "diff");
	json_str(json, "before", diff->reports[0]->title);
	json_str(json, "after", diff->reports[1]->title);
	put_pair(json, "in_use", (struct ledger_amount[2]){ a->live, b->live });
	put_pair(json, "peak", (struct ledger_amount[2]){ a->peak, b->peak });
	put_pair(json, "total", (struct ledger_amount[2]){ { a->allocs, a->bytes },
							    { b->allocs, b->bytes } });
	json_bool(json, "complete", diff->reports[0]->complete && diff->reports[1]->complete);
	json_array(json, "sites");
	for (size_t i = 0; i < diff->n; i++) {
		const struct diff_row *row = &diff->rows[i];

		json_object(json, NULL);
		put_pair(json, "live", row->live);
		put_pair(json, "at_peak", row->at_peak);
		put_pair(json, "total", row->total);
		json_str(json, "site", words_site(text, sizeof(text), row->site));
		json_object_end(json);
	}
	json_array_end(json);
}

void diff_write_json(const struct diff *diff, FILE *to)
{
	struct json json;
	struct out out;

	fflush(to);
	if (out_init(&out, fileno(to)))
		return;
	json_begin(&json, &out);
	put_diff(&json, diff);
	json_end(&json);
	if (!out_close(&out) && !out.lines_lost)
		return;
	/* what kept the line from being written keeps this, and the caller finds it with ferror */
	fputc('\n', to);
	fflush(to);
}
