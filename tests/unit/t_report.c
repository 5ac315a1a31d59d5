// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_report.c - the parts of a report that are pure: suppressions, timeline, histograms, callers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mwbpf/event.h>

#include "report/history.h"
#include "report/suppress.h"
#include "report/words.h"

static void matches_as_sanitizers_do(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{ "foo", "foo", true },	      { "foo", "a foo b", true },  { "foo", "fo", false },
		{ "^foo", "foobar", true },   { "^foo", "a foo", false },  { "foo$", "a foo", true },
		{ "foo$", "foobar", false },  { "^foo$", "foo", true },	   { "^foo$", "foofoo", false },
		{ "f*o", "xfabcox", true },   { "^f*o$", "foo", true },	   { "^f*o$", "fo", true },
		{ "a*b*c", "xaxbxbxc", true }, { "a*b*c", "xcxbxa", false }, { "*", "", true },
		{ "^$", "", true },	      { "^$", "x", false },	   { "^a*a*a*a*b$", "aaaaaaaaaaaaaaaa", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (suppress_match(cases[i].pattern, cases[i].text) != cases[i].matches)
			fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].text);
}

static void take(struct history *history, unsigned kind, uint64_t ts_ns, uint64_t addr, uint64_t size,
		 unsigned segment)
{
	struct ledger_event event = { .kind = kind, .ts_ns = ts_ns, .addr = addr, .size = size,
				      .segment = segment, .pid = 1, .tid = 1, .program = 1 };
	struct ledger_outcome outcome;

	history_take(history, &event, &outcome);
}

static uint64_t sum(const struct report_moment *moment)
{
	uint64_t bytes = 0;

	for (int kind = 0; kind < SEGMENT_KINDS; kind++)
		bytes += moment->bytes[kind];
	return bytes;
}

/* However long it is: few moments, in order, with the peak and the end among them. */
static void keeps_the_timeline_short(void **state)
{
	(void)state;
	for (uint64_t step = 1000; step < 1000000000000; step *= 10) {
		struct history history;
		struct ledger ledger;
		uint64_t most = 0;

		assert_int_equal(ledger_init(&ledger), 0);
		history_init(&history, &ledger, 0, 1);
		for (uint64_t i = 1; i <= 3000; i++) {
			take(&history, MW_MALLOC, i * step, i * 16, i == 1777 ? 1000000 : i % 50,
			     SEGMENT_HEAP + i % 2);
			if (i % 3 == 0 || i == 1778)
				take(&history, MW_FREE, i * step, (i - 1) * 16, 0, SEGMENT_HEAP);
		}
		history_end(&history, 3000 * step + 5, 0);
		assert_in_range(history.timeline.n, 2, TIMELINE_SLOTS + 1);
		for (size_t i = 0; i < history.timeline.n; i++) {
			const struct report_moment *moment = &history.timeline.at[i];

			assert_true(!i || moment->ts_ns >= moment[-1].ts_ns);
			most = sum(moment) > most ? sum(moment) : most;
		}
		assert_true(most == ledger.totals.peak.bytes);
		assert_true(sum(&history.timeline.at[history.timeline.n - 1]) ==
			    ledger.totals.live.bytes);
		if (step >= 1000000)
			assert_in_range(history.timeline.n, TIMELINE_SLOTS / 2, TIMELINE_SLOTS + 1);
		history_clear(&history);
		ledger_clear(&ledger);
	}
}

static void sorts_into_buckets(void **state)
{
	struct report_bucket sizes[SIZES_MAX], lifetimes[LIFETIMES_MAX];
	struct histogram histogram = { 0 };
	static const uint64_t values[] = { 0, 1, 2, 3, 4, 1023, 1024, UINT64_MAX };
	size_t n;

	(void)state;
	assert_int_equal(histogram_sizes(&histogram, sizes), 0);
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		memset(&histogram, 0, sizeof(histogram));
		histogram_size(&histogram, values[i]);
		histogram_lifetime(&histogram, 1, values[i]);
		assert_int_equal(histogram_sizes(&histogram, sizes), 1);
		assert_true(sizes[0].from <= values[i]);
		assert_true(values[i] < sizes[0].to || sizes[0].to == UINT64_MAX);
		n = histogram_lifetimes(&histogram, lifetimes);
		assert_int_equal(n, 1);
		assert_true(lifetimes[0].from <= values[i]);
		assert_true(values[i] < lifetimes[0].to || lifetimes[0].to == UINT64_MAX);
	}
}

/* One site grows evenly, one is flat, one shrinks: 1000, 0 and -1000 bytes a second. */
static void knows_the_slope(void **state)
{
	struct sitelogs logs = { 0 };
	struct sitelog *grows = sitelogs_add(&logs, 1), *flat = sitelogs_add(&logs, 2);
	struct sitelog *shrinks = sitelogs_add(&logs, 3), *few = sitelogs_add(&logs, 4);

	(void)state;
	assert_null(sitelogs_add(&logs, 1));
	assert_null(sitelogs_add(&logs, 0));
	for (int i = 0; i < 3; i++)
		sitelog_in(&logs, flat, 100, 0);
	for (int i = 0; i < 10000; i++)
		sitelog_in(&logs, shrinks, 1, 0);
	sitelog_in(&logs, few, 1, 0);
	for (uint64_t ms = 1; ms < 10000; ms++) {
		sitelog_in(&logs, grows, 1, ms * 1000000);
		sitelog_out(&logs, shrinks, 1, ms * 1000000);
	}
	for (uint32_t id = 1; id <= 4; id++)
		sitelog_settle(&logs, sitelogs_find(&logs, id), 10000000000);
	assert_true(sitelog_slope(grows) > 999 && sitelog_slope(grows) < 1001);
	assert_true(sitelog_slope(shrinks) > -1001 && sitelog_slope(shrinks) < -999);
	assert_true(sitelog_slope(flat) < 1e-6 && sitelog_slope(flat) > -1e-6);
	assert_true(sitelog_slope(few) != sitelog_slope(few));
	sitelogs_clear(&logs);
}

static void names_callers(void **state)
{
	static const struct {
		const char *at, *function, *file;
		int64_t line;
	} cases[] = {
		{ "getdelim+0x6f (iogetdelim.c:62)", "getdelim", "iogetdelim.c", 62 },
		{ "python3.11+0x1d3743", "python3.11+0x1d3743", NULL, 0 },
		{ "std::f(int)+0x1 (a b.cc:7)", "std::f(int)", "a b.cc", 7 },
		{ "f (g) in h (x.c:0)", "f (g) in h (x.c:0)", NULL, 0 },
		{ "", "", NULL, 0 },
		{ "(x:1)", "(x:1)", NULL, 0 },
	};
	struct callers callers = { 0 };
	struct sitelogs logs = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t id = callers_site(&callers, &logs, 1, 0x1000 + i,
					   &(struct caller_name){ .at = cases[i].at });
		const struct frame *frame = sitelogs_find(&logs, id)->frames;

		assert_true(id >= CALLERS_FIRST);
		assert_string_equal(frame->function, cases[i].function);
		assert_int_equal(frame->line, cases[i].line);
		if (cases[i].file)
			assert_string_equal(frame->file, cases[i].file);
		else
			assert_null(frame->file);
		assert_int_equal(callers_find(&callers, 1, 0x1000 + i), id);
		assert_int_equal(callers_find(&callers, 2, 0x1000 + i), 0);
	}
	sitelogs_clear(&logs);
	callers_clear(&callers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_as_sanitizers_do), cmocka_unit_test(keeps_the_timeline_short),
		cmocka_unit_test(sorts_into_buckets),	    cmocka_unit_test(knows_the_slope),
		cmocka_unit_test(names_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
