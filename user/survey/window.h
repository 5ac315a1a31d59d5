/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * window.h - a process's memory read from low to high addresses, in pieces.
 *
 * A piece grows while the reading goes straight on and starts as one page again behind a
 * jump, so that pages the process has not touched are mostly not touched by this either.
 */
#ifndef MWBPF_WINDOW_H
#define MWBPF_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WINDOW_MOST 65536 /* bytes of a piece */

struct window {
	pid_t pid;
	int error;	/* of the last read that failed: as mem_read; 0: none did */
	uint64_t start; /* of what is in bytes */
	size_t len;
	size_t piece;	/* bytes of the next one */
	uint8_t bytes[WINDOW_MOST];
};

void window_init(struct window *window, pid_t pid);

/* What was read is old: read it again when it is asked for. */
void window_forget(struct window *window);

/*
 * len bytes (at most WINDOW_MOST / 2) at an address; NULL when not all of them can be
 * read. Valid until the next call.
 */
const void *window_at(struct window *window, uint64_t addr, size_t len);

#endif
