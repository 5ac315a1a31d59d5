// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* options.c - the names of what can be asked of a report. */
#include "report/options.h"

#include <string.h>

static const char *const sorts[] = {
#define SORT(id, name, what) name,
#include "report/sorts.def"
#undef SORT
};

static const char *const bys[] = {
#define BY(id, name, what) name,
#include "report/bys.def"
#undef BY
};

static int find_name(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

int report_sort_from_name(const char *name)
{
	return find_name(sorts, REPORT_SORTS, name);
}

int report_by_from_name(const char *name)
{
	return find_name(bys, REPORT_BYS, name);
}
