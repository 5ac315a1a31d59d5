/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * linkmap.h - the order in which the dynamic loader searches a process's objects.
 *
 * Which malloc a program really uses is decided by this order: the first object that
 * defines the symbol wins (LD_PRELOAD, then the libraries as they were asked for).
 */
#ifndef MWBPF_LINKMAP_H
#define MWBPF_LINKMAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LINKMAP_MAX 4096 /* objects; a target with more is taken to be damaged */

/*
 * Addresses of each object's dynamic section, in search order, the executable first:
 * each lies in a mapping of that object. *dynamic is the caller's. Count; 0 for a
 * static program and while the loader is still at work; -EFAULT when the list cannot be
 * read.
 */
ssize_t linkmap_read(pid_t pid, uint64_t **dynamic);

/* Addresses of the loader's records of the objects, each a struct link_map; likewise. */
ssize_t linkmap_nodes(pid_t pid, uint64_t **nodes);

/*
 * The address of the loader's record of the object whose vaddr 0 lies at bias, a struct
 * link_map and more; 0: there is none, or it cannot be read.
 */
uint64_t linkmap_node(pid_t pid, uint64_t bias);

#endif
