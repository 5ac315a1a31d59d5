/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * store.h - small files of our own, in a directory that nobody else can write to.
 *
 * Nothing is followed through a symbolic link, and nothing is read that is not a file of
 * the effective user alone: whoever else could write it might as well choose what we do.
 */
#ifndef MWBPF_STORE_H
#define MWBPF_STORE_H

#include <stddef.h>

/*
 * Open the directory at path; made first, for us alone, when only it is missing. A
 * descriptor, or -errno, and then *why is one clause about it; good until the next call.
 */
int store_open(const char *path, const char **why);

/* A file, of at most `most` bytes; the caller frees it. NULL: none, or not one of ours. */
void *store_read(int dir, const char *name, size_t most, size_t *len);

/*
 * Put a file in place of what has its name, whole or not at all, also when another does so
 * at the same time. 0 or -errno.
 */
int store_write(int dir, const char *name, const void *bytes, size_t len);

#endif
