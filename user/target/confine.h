/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * confine.h - a child that may compute, read what it was given and answer, and no more.
 *
 * For work on a target's bytes by code that was not written to be attacked.
 */
#ifndef MWBPF_CONFINE_H
#define MWBPF_CONFINE_H

#include <stdint.h>
#include <sys/types.h>

#define CONFINE_SOCKET 3 /* the descriptor that the child keeps */

/*
 * A file for reading: a descriptor, or -errno. Called in a signal handler, in the middle of
 * whatever opens a file: it may not allocate.
 */
typedef int confine_open(const char *path);

/*
 * In the child, right after the fork: keep socket as CONFINE_SOCKET and nothing else, ask
 * for at most so many bytes of memory more, belong to nobody, end with the parent, and
 * lose all system calls but those on memory, descriptors at hand and that socket. Where a
 * library wants to open a file, open answers in the kernel's place. 0, or -errno when one of
 * these cannot be had: the child must end then.
 */
int confine(int socket, pid_t parent, uint64_t memory, confine_open *open);

/*
 * In the child, just before it executes a program that is to have no privilege of ours:
 * belong to nobody, without any capability to be had again, end with the parent, and work for
 * a minute at most with at most so many bytes of memory. 0 or -errno: it must end then.
 */
int confine_program(pid_t parent, uint64_t memory);

#endif
