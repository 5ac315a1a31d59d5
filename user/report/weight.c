// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* weight.c - which figure of a site is what its frames are drawn wide by. */
#include "report/weight.h"

#include <stddef.h>
#include <string.h>

#include "report/report.h"

static const struct {
	const char *name, *title;
	bool bytes;
	size_t offset;
} weights[REPORT_WEIGHTS] = {
	[WEIGHT_LIVE] = { "live", "bytes live at the end", true,
			  offsetof(struct report_site, live.bytes) },
	[WEIGHT_PEAK] = { "peak", "bytes live at the peak", true,
			  offsetof(struct report_site, at_peak.bytes) },
	[WEIGHT_TOTAL] = { "total", "bytes ever allocated", true,
			   offsetof(struct report_site, total.bytes) },
	[WEIGHT_ALLOCS] = { "allocs", "allocations", false,
			    offsetof(struct report_site, total.blocks) },
	[WEIGHT_TEMPORARY] = { "temporary", "temporary allocations", false,
			       offsetof(struct report_site, temporary.blocks) },
};

const char *weight_name(enum report_weight weight)
{
	return weights[weight].name;
}

const char *weight_title(enum report_weight weight)
{
	return weights[weight].title;
}

bool weight_is_bytes(enum report_weight weight)
{
	return weights[weight].bytes;
}

int weight_from_name(const char *name)
{
	for (int weight = 0; weight < REPORT_WEIGHTS; weight++)
		if (!strcmp(weights[weight].name, name))
			return weight;
	return -1;
}

uint64_t weight_of(const struct report_site *site, enum report_weight weight)
{
	return *(const uint64_t *)((const char *)site + weights[weight].offset);
}
