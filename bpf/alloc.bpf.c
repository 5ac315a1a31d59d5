// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* alloc.bpf.c - the malloc family. */
#include "call.bpf.h"

CALL_PROGRAMS(alloc, MW_FAMILY_ALLOC)

/* For links with nothing but free: no call is needed to know which function it is. */
SEC("?kprobe")
int alloc_free(struct pt_regs *ctx)
{
	keep_own_stack(ctx);
	call_enter(ctx, MW_FAMILY_ALLOC, MW_PROBE_FREE);
	return 0;
}

/* A code object is about to die: frames in which its address comes again are others. */
SEC("?kprobe")
int code_dies(struct pt_regs *ctx)
{
	__u32 zero = 0;
	struct mw_deaths *deaths = bpf_map_lookup_elem(&mw_deaths, &zero);

	if (deaths)
		__sync_fetch_and_add(&deaths->at[mw_death_slot(PT_REGS_PARM1(ctx))], 1);
	return 0;
}

/* For trying out return probes where they can do no harm. */
SEC("?kprobe")
int returns_test(struct pt_regs *ctx)
{
	return 0;
}
