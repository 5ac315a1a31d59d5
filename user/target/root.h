/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * root.h - files by their path as a process sees them.
 */
#ifndef MWBPF_ROOT_H
#define MWBPF_ROOT_H

#include <sys/types.h>

/*
 * Open a regular file by its absolute path in the root directory of a process; pid 0: in
 * ours. Links of that root stay in it, as they do for the process. The descriptor is the
 * caller's; -ENOENT, -ESRCH and whatever open says; -EINVAL: not a regular file.
 */
int root_open(pid_t pid, const char *path);

#endif
