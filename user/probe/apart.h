/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * apart.h - probes put in and taken out by a process of their own.
 *
 * A task that is killed while the kernel writes or removes breakpoints for it cannot
 * finish that: reading the target's page fails for a task with a fatal signal, and the
 * breakpoints stay in the target (6.18: "failed to unregister, leaking uprobe"). So
 * probes are put in by a child, which nobody who kills mwbpf by its pid hits, and they are
 * taken out by a thread of the kernel (pins.h), or where that cannot be, by a child too.
 * When mwbpf is killed at any other moment, its own exit closes what it has, and that
 * works.
 */
#ifndef MWBPF_APART_H
#define MWBPF_APART_H

#include <sys/types.h>

#include "probe/link.h"

/* As link_multi; -EIO when child after child is killed. */
int apart_link(int prog, int attach_type, const struct link_multi *link);

/*
 * Begin to let go: run(arg) in a child, once ready is closed in this process. The caller
 * closes its own copies of what run closes, then ready, then calls apart_wait. The
 * child's pid, or -errno.
 */
pid_t apart_begin(void (*run)(void *arg), void *arg, int *ready);
void apart_wait(pid_t child);

#endif
