// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* sites.c - the table of sites, in the order that was asked for. */
#include <math.h>
#include <stdlib.h>

#include "base/fmt.h"
#include "report/views.h"
#include "report/words.h"

#define N(value) fmt_thousands((char[28]){ 0 }, value)

static double live(const struct report_site *site)
{
	return site->live.bytes;
}

static double allocations(const struct report_site *site)
{
	return site->total.blocks;
}

static double churn(const struct report_site *site)
{
	return site->freed.bytes;
}

static double peak(const struct report_site *site)
{
	return site->at_peak.bytes;
}

static double temporary(const struct report_site *site)
{
	return site->temporary.blocks;
}

static double growth(const struct report_site *site)
{
	return isnan(site->slope) ? -INFINITY : site->slope;
}

static const char *const names[] = {
#define SORT(id, name, what) [REPORT_SORT_##id] = what,
#include "report/sorts.def"
#undef SORT
};

static double (*const keys[])(const struct report_site *site) = {
	[REPORT_SORT_LIVE] = live,   [REPORT_SORT_ALLOCATIONS] = allocations,
	[REPORT_SORT_CHURN] = churn, [REPORT_SORT_PEAK] = peak,
	[REPORT_SORT_TEMPORARY] = temporary, [REPORT_SORT_GROWTH] = growth,
};

static int compare(const void *left, const void *right, void *context)
{
	const struct report_site *const *a = left, *const *b = right;
	double (*key)(const struct report_site *) = keys[*(const enum report_sort *)context];
	double x = key(*a), y = key(*b);

	/* alike: as they are in the report, which is by live bytes */
	return x == y ? (*a > *b) - (*a < *b) : x < y ? 1 : -1;
}

static void add_number(struct table *table, double value)
{
	table_cell(table, isnan(value) ? "-" : "%.3g", value);
}

/* What the order is by has a column of its own. */
static void add_extra(struct table *table, const struct report_site *site, enum report_sort sort)
{
	char age[32];

	if (sort == REPORT_SORT_CHURN)
		table_cell(table, "%s", N(site->freed.bytes));
	else if (sort == REPORT_SORT_TEMPORARY)
		table_cell(table, "%s", N(site->temporary.blocks));
	else if (sort == REPORT_SORT_GROWTH)
		add_number(table, site->slope);
	else
		table_cell(table, "%s", site->live.blocks ? words_duration(age, site->oldest_ns) : "-");
}

static const char *extra_title(enum report_sort sort)
{
	return sort == REPORT_SORT_CHURN       ? "FREED"
	       : sort == REPORT_SORT_TEMPORARY ? "TEMPORARY"
	       : sort == REPORT_SORT_GROWTH    ? "BYTES/S"
					       : "OLDEST";
}

static void add_row(struct table *table, const struct report_site *site, enum report_sort sort)
{
	char text[1024];

	table_cell(table, "%s", N(site->live.bytes));
	table_cell(table, "%s", N(site->live.blocks));
	table_cell(table, "%s", N(site->at_peak.bytes));
	table_cell(table, "%s", N(site->total.blocks));
	add_extra(table, site, sort);
	table_cell(table, "%s", site->suppressed ? "suppressed" : report_verdict_name(site->verdict));
	table_cell(table, "%s", words_site(text, sizeof(text), site));
}

void view_sites(const struct view *view)
{
	const struct report *report = view->report;
	const struct report_site **order = calloc(report->n_sites + 1, sizeof(*order));
	enum report_sort sort = view->options->sort;
	const char *const titles[] = { "LIVE", "BLOCKS", "AT-PEAK", "ALLOCS", extra_title(sort),
				       "<LEAK", "<SITE", NULL };
	size_t n = report->n_sites;
	struct table table;

	if (!order)
		return;
	for (size_t i = 0; i < n; i++)
		order[i] = &report->sites[i];
	qsort_r(order, n, sizeof(*order), compare, &sort);
	if (view->options->top && view->options->top < n)
		n = view->options->top;
	view_title(view, "SITES BY %s (%zu of %zu)", names[sort], n, report->n_sites);
	table_init(&table, titles);
	for (size_t i = 0; i < n; i++)
		add_row(&table, order[i], sort);
	table_print(&table, view->width, view->to);
	free(order);
}
