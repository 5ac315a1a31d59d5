/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * loss.h - what the programs counted: hits, and the events that were lost.
 */
#ifndef MWBPF_LOSS_H
#define MWBPF_LOSS_H

#include <mwbpf/config.h>

struct loss {
	const struct mw_counters *per_cpu; /* the map, shared with the programs */
	unsigned cpus;
};

/* Map the counters of map_fd, one entry for each possible CPU. 0 or -errno. */
int loss_open(int map_fd, unsigned cpus, struct loss *loss);
void loss_close(struct loss *loss);

/* The sums over all CPUs, as of now. */
void loss_read(const struct loss *loss, struct mw_counters *sum);

#endif
