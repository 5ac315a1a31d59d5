// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* coverage.c - whether the ints of a CPython are seen, judged by what else it does. */
#include "ledger/coverage.h"

#include <stdlib.h>

/* Their result may be an int that was there before; others make one, or give a cached one. */
static bool makes_new(unsigned probe)
{
	return probe >= MW_PROBE_PYLONG_FROMLONG && probe < MW_PROBE_PYLONGWRITER_FINISH;
}

/*
 * Cached small ints lie in the interpreter's image: _PyRuntime, from 3.11, and small_ints up
 * to 3.8. In between each has memory of its own, like any other (Objects/longobject.c).
 */
static bool is_image(const struct placed *placed)
{
	const unsigned version = placed->space->cpython.layout.version;

	return placed->space->cpython.found && version != 0x0309 && version != 0x030a;
}

/* Whether what was given out as a cached int cannot be one. */
static bool is_stray(const struct placed *placed)
{
	switch (placed->segment.kind) {
	case SEGMENT_HEAP:
	case SEGMENT_ARENA:
	case SEGMENT_MMAP_CHUNK:
	case SEGMENT_PYMALLOC:
		/* where events were lost, that of its making may be one of them */
		return is_image(placed) && makes_new(placed->event->probe) && !placed->event->lost;
	default:
		return false;
	}
}

static bool is_python(const struct site *site)
{
	return site && site->n && site->frames[0].language == FRAME_PYTHON;
}

static void count_int(struct coverage *coverage, const struct placed *placed)
{
	const uint32_t flags = placed->event->flags;

	if (flags & MW_F_FAILED)
		return;
	coverage->by_sites += !!(flags & MW_F_SITE);
	coverage->by_functions += !(flags & (MW_F_SITE | MW_F_CACHED));
	coverage->cached += !!(flags & MW_F_CACHED);
	coverage->strays += flags & MW_F_CACHED && is_stray(placed);
}

void coverages_apply(struct coverages *coverages, const struct placed *placed)
{
	const struct mw_event *event = placed->event;
	struct coverage *coverage = hash_get(&coverages->by_pid, event->pid);

	if (!coverage) {
		coverage = calloc(1, sizeof(*coverage));
		if (!coverage || hash_set(&coverages->by_pid, event->pid, coverage)) {
			free(coverage);
			return;
		}
	}
	switch (event->kind) {
	case MW_MALLOC ... MW_FREE:
		coverage->calls += is_python(placed->site);
		break;
	case MW_STACK:
		coverage->places += placed->new_site && is_python(placed->site);
		break;
	case MW_PYLONG:
		count_int(coverage, placed);
		break;
	case MW_EXEC:
		*coverage = (struct coverage){ 0 };
		break;
	}
}

struct coverage coverages_of(const struct coverages *coverages, pid_t pid)
{
	const struct coverage *coverage = hash_get(&coverages->by_pid, pid);

	return coverage ? *coverage : (struct coverage){ 0 };
}

const char *coverage_doubt(const struct coverage *coverage)
{
	if (coverage->strays >= COVERAGE_STRAYS)
		return "constructors returned ints that no probe saw being made";
	if (!coverage->by_sites && !coverage->by_functions && coverage->calls >= COVERAGE_CALLS &&
	    coverage->places >= COVERAGE_PLACES)
		return "its Python code allocates a lot, from many places, and no int was seen being made";
	return NULL;
}

void coverages_clear(struct coverages *coverages)
{
	struct coverage *coverage;
	size_t at = 0;

	while ((coverage = hash_next(&coverages->by_pid, &at, NULL)))
		free(coverage);
	hash_clear(&coverages->by_pid);
}
