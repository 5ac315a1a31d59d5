/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * registers.h - what bpf/registers says of a thread: shared by bpf/ and user/, as event.h.
 */
#ifndef MWBPF_REGISTERS_H
#define MWBPF_REGISTERS_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define MW_PT_REGS 21 /* words of struct pt_regs, x86-64 */

struct mw_registers {
	__u32 pid, tid; /* in the reader's pid namespace */
	__u32 on_cpu;	/* it ran when it was looked at: its registers are those of some time ago */
	__u32 unused;
	__u64 switches; /* how often it stopped running */
	__u64 fs_base;
	__u64 regs[MW_PT_REGS]; /* as it last came into the kernel; struct pt_regs */
};

#endif
