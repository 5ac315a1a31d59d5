/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * options.h - what is asked of a report.
 */
#ifndef MWBPF_REPORT_OPTIONS_H
#define MWBPF_REPORT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "report/weight.h"

/* What the table of sites is in the order of. */
enum report_sort {
#define SORT(id, name, what) REPORT_SORT_##id,
#include "report/sorts.def"
#undef SORT
	REPORT_SORTS,
};

/* What the amounts are told by. */
enum report_by {
#define BY(id, name, what) REPORT_BY_##id,
#include "report/bys.def"
#undef BY
	REPORT_BYS,
};

struct report_format;

struct report_options {
	const struct report_format *format;
	enum report_sort sort;
	enum report_by by;
	enum report_weight weight; /* what frames are drawn wide by */
	uint32_t top;	      /* sites shown; 0: all */
	uint32_t temporary;   /* freed within so many further allocations of its thread */
	uint64_t older_ns;    /* from what age on a block of a growing site is likely leaked */
	uint64_t address;     /* whose biography is wanted; 0: none */
	bool diff;	      /* the first file against the second */
	uint32_t error_exitcode; /* when a limit is exceeded; 0: not asked */
	uint64_t max_leak;    /* bytes; UINT64_MAX: no limit */
	uint64_t max_peak;    /* likewise */
	const char *suppressions; /* a file; NULL */
};

/* -1 for a name that is none. */
int report_sort_from_name(const char *name);
int report_by_from_name(const char *name);

#endif
