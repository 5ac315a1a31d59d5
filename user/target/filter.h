/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * filter.h - another program, without any privilege of ours, between two files.
 */
#ifndef MWBPF_FILTER_H
#define MWBPF_FILTER_H

#define FILTER_SAID 256

/*
 * Run argv, found in PATH, with in (from its beginning) as its input and out as its output,
 * both the caller's, and nothing else of ours. It ends with us. What it said on standard
 * error, the first line or "", goes to said. 0; -ENOENT: there is no such program; -EIO: it
 * did not succeed; or -errno.
 */
int filter_run(char *const argv[], int in, int out, char said[FILTER_SAID]);

#endif
