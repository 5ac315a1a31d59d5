// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_coverage.c - what counts as evidence that ints are missed, and how much of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ledger/coverage.h"

#define PID 42

static struct coverages coverages;
static struct space space;
static struct site *python, *native;

static int setup(void **state)
{
	(void)state;
	space = (struct space){ .pid = PID };
	space.cpython.found = true;
	space.cpython.layout.version = 0x030b;
	python = calloc(1, sizeof(*python));
	native = calloc(1, sizeof(*native));
	python->frames = calloc(1, sizeof(struct frame));
	native->frames = calloc(1, sizeof(struct frame));
	python->n = native->n = 1;
	python->frames[0].language = FRAME_PYTHON;
	native->frames[0].language = FRAME_NATIVE;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(python->frames);
	free(native->frames);
	free(python);
	free(native);
	coverages_clear(&coverages);
	return 0;
}

static void apply(unsigned kind, const struct site *site, bool new_site, uint64_t times)
{
	const struct mw_event event = { .kind = kind, .pid = PID };
	const struct placed placed = {
		.event = &event, .space = &space, .site = site, .new_site = new_site
	};

	while (times--)
		coverages_apply(&coverages, &placed);
}

static void apply_int(uint32_t flags, unsigned probe, enum segment_kind kind, uint64_t times)
{
	const struct mw_event event = {
		.kind = MW_PYLONG, .pid = PID, .flags = flags, .probe = probe
	};
	const struct placed placed = {
		.event = &event, .space = &space, .segment = { .kind = kind }
	};

	while (times--)
		coverages_apply(&coverages, &placed);
}

static bool doubts(void)
{
	const struct coverage coverage = coverages_of(&coverages, PID);

	return coverage_doubt(&coverage) != NULL;
}

static void test_no_ints(void **state)
{
	(void)state;
	assert_false(doubts());
	apply(MW_STACK, python, true, COVERAGE_PLACES);
	apply(MW_MALLOC, python, false, COVERAGE_CALLS - 1);
	assert_false(doubts());
	apply(MW_FREE, python, false, 1);
	assert_true(doubts());
	/* small ones that are given out are no ints that are made */
	apply_int(MW_F_CACHED, MW_PROBE_PYLONG_FROMLONG, SEGMENT_DATA, 1000);
	assert_true(doubts());
	apply_int(MW_F_FAILED, MW_PROBE_PYLONG_FROMLONG, SEGMENT_UNKNOWN, 1);
	assert_true(doubts());
	apply_int(MW_F_SITE, MW_PROBE_NONE, SEGMENT_PYMALLOC, 1);
	assert_false(doubts());
	assert_int_equal(coverages_of(&coverages, PID).by_sites, 1);
	assert_int_equal(coverages_of(&coverages, PID).cached, 1000);
	/* another program, about which nothing is known yet */
	apply(MW_EXEC, NULL, false, 1);
	assert_int_equal(coverages_of(&coverages, PID).by_sites, 0);
	apply(MW_STACK, python, true, COVERAGE_PLACES);
	apply(MW_MALLOC, python, false, COVERAGE_CALLS);
	assert_true(doubts());
	apply_int(0, MW_PROBE_PYLONG_FROMLONG, SEGMENT_PYMALLOC, 1);
	assert_false(doubts());
}

/* What is not Python code, or the same place again, says nothing of its ints. */
static void test_no_evidence(void **state)
{
	(void)state;
	apply(MW_STACK, python, true, COVERAGE_PLACES - 1);
	apply(MW_STACK, native, true, COVERAGE_PLACES);
	apply(MW_STACK, NULL, true, COVERAGE_PLACES);
	apply(MW_STACK, python, false, COVERAGE_PLACES);
	apply(MW_MALLOC, python, false, COVERAGE_CALLS);
	assert_false(doubts());
	apply(MW_STACK, python, true, 1);
	assert_true(doubts());
	coverages_clear(&coverages);
	apply(MW_STACK, python, true, COVERAGE_PLACES);
	apply(MW_MALLOC, native, false, COVERAGE_CALLS);
	apply(MW_MALLOC, NULL, false, COVERAGE_CALLS);
	apply(MW_MMAP, python, false, COVERAGE_CALLS);
	assert_false(doubts());
}

static void test_strays(void **state)
{
	static const struct {
		enum segment_kind kind;
		unsigned probe;
		uint16_t version;
		bool stray;
	} rows[] = {
		{ SEGMENT_PYMALLOC, MW_PROBE_PYLONG_FROMLONG, 0x030b, true },
		{ SEGMENT_HEAP, MW_PROBE_PYLONG_FROMUINT64, 0x030b, true },
		{ SEGMENT_PYMALLOC, MW_PROBE_PYLONG_FROMSTRING, 0x0306, true },
		{ SEGMENT_DATA, MW_PROBE_PYLONG_FROMLONG, 0x030b, false },
		{ SEGMENT_BSS, MW_PROBE_PYLONG_FROMLONG, 0x0306, false },
		{ SEGMENT_UNKNOWN, MW_PROBE_PYLONG_FROMLONG, 0x030b, false },
		/* their small ints have memory of their own */
		{ SEGMENT_PYMALLOC, MW_PROBE_PYLONG_FROMLONG, 0x0309, false },
		{ SEGMENT_PYMALLOC, MW_PROBE_PYLONG_FROMLONG, 0x030a, false },
		/* returns what it was given */
		{ SEGMENT_PYMALLOC, MW_PROBE__PYLONG_GCD, 0x030b, false },
		{ SEGMENT_PYMALLOC, MW_PROBE_PYLONGWRITER_FINISH, 0x030e, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		coverages_clear(&coverages);
		space.cpython.layout.version = rows[i].version;
		apply_int(MW_F_SITE, MW_PROBE_NONE, SEGMENT_PYMALLOC, 1000);
		apply_int(MW_F_CACHED, rows[i].probe, rows[i].kind, COVERAGE_STRAYS - 1);
		assert_false(doubts());
		apply_int(MW_F_CACHED, rows[i].probe, rows[i].kind, 1);
		if (doubts() != rows[i].stray)
			fail_msg("row %zu", i);
	}
	/* of what is not known of the interpreter, or was lost, nothing follows */
	coverages_clear(&coverages);
	space.cpython.layout.version = 0x030b;
	space.cpython.found = false;
	apply_int(MW_F_CACHED, MW_PROBE_PYLONG_FROMLONG, SEGMENT_PYMALLOC, 1000);
	assert_false(doubts());
	assert_int_equal(coverages_of(&coverages, PID + 1).cached, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_ints, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_evidence, setup, teardown),
		cmocka_unit_test_setup_teardown(test_strays, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
