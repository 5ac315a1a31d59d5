// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* header.c - the first record: what is traced and how. */
#include "header.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clean.h"
#include "base/log.h"

int header_send(struct stream *stream, const struct targets *targets, const struct attach *attach,
		const struct tier_report *tier, const char *syscalls)
{
	struct sink_target *words __free = calloc(targets->n, sizeof(*words));
	struct sink_probe *probes __free = calloc(targets->n * MW_PROBE_MAX, sizeof(*probes));
	struct sink_header header = {
		.tier = tier_name(tier->tier),
		.tier_why = tier->tier == TIER_SESSION ? "the best there is"
						       : tier->why[tier->tier + 1],
		.syscalls = syscalls,
		.targets = words,
		.n_targets = targets->n,
		.probes = probes,
	};

	if (!words || !probes) {
		log_error("cannot write the header: out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < targets->n; i++) {
		const struct target *target = &targets->at[i];

		targets_describe(target, &words[i]);
		for (size_t j = 0; j < target->findings.n; j++)
			if (!attach_refused(attach, target->proc.pid, &target->findings.at[j]))
				targets_describe_probe(target, &target->findings.at[j],
						       &probes[header.n_probes++]);
	}
	stream_begin(stream, &header);
	return 0;
}
