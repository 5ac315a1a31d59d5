// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* alloc.bpf.c - the malloc family. */
#include "call.bpf.h"

CALL_PROGRAMS(alloc, MW_FAMILY_ALLOC)

/* For trying out return probes where they can do no harm. */
SEC("?kprobe")
int returns_test(struct pt_regs *ctx)
{
	return 0;
}
