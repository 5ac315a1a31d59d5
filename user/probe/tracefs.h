/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * tracefs.h - numbers of the kernel's tracepoints, whether tracefs is mounted or not.
 */
#ifndef MWBPF_TRACEFS_H
#define MWBPF_TRACEFS_H

#include <stdint.h>

/*
 * A descriptor of tracefs's events directory. Where tracefs is mounted nowhere, it is
 * mounted for this descriptor alone and shows up in no mount table. -errno.
 */
int tracefs_events(void);

/* The id of "group/name", or -errno (-ENOENT: the kernel has no such tracepoint). */
int64_t tracefs_event_id(int events, const char *event);

#endif
