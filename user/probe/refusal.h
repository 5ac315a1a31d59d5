/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * refusal.h - probes that the kernel does not put where they are to go, one by one: an
 * instruction with a lock prefix, say. They are named; the others are put all the same.
 */
#ifndef MWBPF_REFUSAL_H
#define MWBPF_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct image;

struct refusal {
	pid_t pid;
	const struct image *image;
	bool site;	 /* an instruction that makes an int; else a function of probes.def */
	uint32_t number; /* its row, or the site's number */
	int error;
	bool said;
};

struct refusals {
	struct refusal *at;
	size_t n;
};

/* Whether an error of attaching is about an instruction, not about the process or memory. */
bool refusal_is(int error);

/* In words; good until the next call. */
const char *refusal_why(int error);

/* Add what is not there yet. 0 or -ENOMEM. */
int refusals_add(struct refusals *refusals, const struct refusal *refusal);

bool refusals_have(const struct refusals *refusals, const struct refusal *refusal);

void refusals_clear(struct refusals *refusals);

#endif
