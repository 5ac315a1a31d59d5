/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * check.h - whether this kernel and these privileges are enough.
 */
#ifndef MWBPF_CHECK_H
#define MWBPF_CHECK_H

#include "probe/tier.h"

/* Privileges that tracing needs whatever the tier. Names the missing; 0 or -EPERM. */
int check_privileges(void);

/* Kernel type information, and a way to attach. Says what is missing; 0 or -ENOTSUP, -EPERM. */
int check_kernel(const struct tier_report *tier);

/* Descriptors enough for maps, programs and links. Says so if not; 0 or -EMFILE. */
int check_limits(void);

#endif
