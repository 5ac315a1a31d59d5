/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * follow.h - a target's code, from the first search to what it maps and executes later.
 */
#ifndef MWBPF_FOLLOW_H
#define MWBPF_FOLLOW_H

#include "ints.h"
#include "programs.h"
#include "stream.h"
#include "targets.h"

struct follow {
	struct programs *programs;
	bool python; /* Python stacks are wanted */
	struct targets *targets;
	struct attach *attach;
	struct stream *stream;
	struct ints *ints;
};

/* Probe a target and take its map. Says what is wrong; 0 or -errno. */
int follow_begin(const struct follow *follow, struct target *target);

/*
 * What an event means for the target's code. True when new code should be looked at
 * before more events are taken: follow_new_code, for targets with rescan set.
 */
bool follow_notice(const struct follow *follow, const struct mw_event *event);

/*
 * Find out how the target's CPython lays out its frames, if that is wanted and not known:
 * a young interpreter does not know itself yet, so this is to be called again.
 */
void follow_python(const struct follow *follow, struct target *target);

/* Whether it has to be. */
bool follow_awaits_python(const struct follow *follow, const struct target *target);

/* Probe what new code there is, and say so. */
void follow_new_code(const struct follow *follow, struct target *target);

#endif
