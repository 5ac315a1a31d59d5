/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * header.h - the first record: what is traced and how.
 */
#ifndef MWBPF_HEADER_H
#define MWBPF_HEADER_H

#include "stream.h"
#include "targets.h"

/* syscalls: how changes of the map are seen. Says what is wrong; 0 or -errno. */
int header_send(struct stream *stream, const struct targets *targets, const struct attach *attach,
		const struct tier_report *tier, const char *syscalls);

#endif
