/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * lines.h - the lines of a file, plain or compressed with zstd, from a disk or a pipe.
 */
#ifndef MWBPF_LINES_H
#define MWBPF_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer line is not one of ours: it is passed over, at no cost in memory. */
#define LINES_MAX ((size_t)16 * 1024 * 1024)

struct lines;

/* Read from fd, which stays the caller's. NULL without memory. */
struct lines *lines_new(int fd);
void lines_free(struct lines *lines);

/*
 * The next line, without its newline, valid until the next call. Where too_long is set, it is
 * empty and stands for a line beyond LINES_MAX. False at the end.
 */
bool lines_next(struct lines *lines, const char **line, size_t *len, bool *too_long);

/* After the last line: whether no newline ended it. */
bool lines_cut(const struct lines *lines);

/* After the last line: why there was no more: -errno; -EBADMSG: the compression is broken; 0. */
int lines_error(const struct lines *lines);

#endif
