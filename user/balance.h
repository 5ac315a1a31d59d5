/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * balance.h - what the kernel says of a target's memory, asked now and then.
 */
#ifndef MWBPF_BALANCE_H
#define MWBPF_BALANCE_H

#include "stream.h"
#include "targets.h"

/* When it is asked. A zeroed one begins. */
struct balance_clock {
	uint64_t begun_ns, next_ns;
	uint64_t oom_kills; /* of the kernel, at the start */
};

/*
 * If it is time to, ask of all targets and tell the stream: each time when the trace is twice
 * as old as the last time, so that it is known of short runs, too, and at least twice a
 * second, so that it is known of what is killed.
 */
void balance_look(struct balance_clock *clock, struct stream *stream, const struct targets *targets,
		  uint64_t now_ns);

/* At the end: say so when a target that was killed may be a victim of the OOM killer. */
void balance_end(const struct balance_clock *clock, struct stream *stream,
		 const struct targets *targets);

#endif
