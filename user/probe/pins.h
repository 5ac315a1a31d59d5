/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pins.h - links held by files, so that the kernel itself lets them go.
 *
 * Closing the last descriptor of a link takes its breakpoints out at once, and whoever is
 * killed amid that leaves them in the target for good (6.18: "failed to unregister, leaking
 * uprobe"). When a file in a bpf file system was the last to hold it, a thread of the
 * kernel does it, which nobody can kill. The file system is mounted for one descriptor
 * alone: it ends with the processes that have that, however they end.
 */
#ifndef MWBPF_PINS_H
#define MWBPF_PINS_H

/* A file system for pins, as a descriptor; -errno where that is not to be had. */
int pins_open(void);

/* Let a file hold the link behind fd too; number: not used yet. 0 or -errno. */
int pins_add(int pins, unsigned number, int fd);

/* The file is no more: if nothing else holds the link, it is let go soon. */
void pins_remove(int pins, unsigned number);

#endif
