// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* words.c - the names that numbers of the wire go by in everything that is shown. */
#include "sink/words.h"

#include <stddef.h>

static const struct {
	const char *name;
	const char *group;
} kinds[MW_KIND_MAX] = {
#define KIND(id, number, json, group) [number] = { json, group },
#include <mwbpf/kinds.def>
#undef KIND
};

static const struct {
	const char *name;
	const char *sentence;
} causes[MW_LOSS_MAX] = {
#define LOSS(id, json, text) [MW_LOSS_##id] = { json, text },
#include <mwbpf/loss.def>
#undef LOSS
};

static const char *const probes[MW_PROBE_MAX] = {
#define PROBE(id, symbol, ...) [MW_PROBE_##id] = symbol,
#include <mwbpf/probes.def>
#undef PROBE
};

const char *kind_name(unsigned kind)
{
	return kind < MW_KIND_MAX ? kinds[kind].name : NULL;
}

const char *kind_group(unsigned kind)
{
	return kind < MW_KIND_MAX ? kinds[kind].group : NULL;
}

const char *loss_name(enum mw_loss cause)
{
	return causes[cause].name;
}

const char *loss_sentence(enum mw_loss cause)
{
	return causes[cause].sentence;
}

const char *probe_name(unsigned probe)
{
	return probe < MW_PROBE_MAX ? probes[probe] : NULL;
}
