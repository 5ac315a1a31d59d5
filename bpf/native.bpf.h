/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * native.bpf.h - the return addresses of the calling thread, as frame pointers lead to them.
 *
 * Whether %rbp is a frame pointer at all, user space judges by the unwind tables of the
 * code. Here a frame has to lie above the one before, and what it returns to behind a call:
 * else a register that holds something else would make every stack look new.
 *
 * Not bpf_get_stack: it does not say why it ended, and from Linux 6.11 on it adds the
 * caller or not depending on the probed instruction.
 */
#ifndef MWBPF_NATIVE_BPF_H
#define MWBPF_NATIVE_BPF_H

#include "pyframe.bpf.h"

struct mw_native_walk {
	struct mw_event_stack *stack;
	__u64 below; /* where the last frame lies */
	__u64 fp;
};

/* The length that FF /2 has with this operand: Intel SDM 2, tables 2-2 and 2-3. */
static __always_inline __u32 indirect_call_length(__u8 modrm, __u8 sib)
{
	__u32 mod = modrm >> 6, rm = modrm & 7;
	__u32 len = 2 + (mod != 3 && rm == 4);

	if (mod == 1)
		return len + 1;
	if (mod == 2 || (!mod && (rm == 5 || (rm == 4 && (sib & 7) == 5))))
		return len + 4;
	return len;
}

/* Whether the bytes in front of an address are a call. 0 when they cannot be read, too. */
static __always_inline int follows_call(__u64 addr)
{
	__u8 code[8] = {};

	if (bpf_probe_read_user(code, sizeof(code), (void *)(addr - sizeof(code))))
		return 0;
	if (code[3] == 0xe8)
		return 1;
#pragma unroll
	for (__u32 len = 2; len <= 7; len++)
		if (code[8 - len] == 0xff && (code[9 - len] >> 3 & 7) == 2 &&
		    indirect_call_length(code[9 - len], len > 2 ? code[10 - len] : 0) == len)
			return 1;
	return 0;
}

/* One frame. 1 ends the walk. */
static long walk_native_frame(__u32 index, struct mw_native_walk *walk)
{
	struct mw_event_stack *stack = walk->stack;
	__u32 n = stack->n_native;
	__u64 frame[2]; /* the caller's frame pointer, the return address */

	if (n >= MW_NATIVE_DEPTH)
		return 1;
	if (walk->fp <= walk->below || walk->fp & 7) {
		stack->native_end = walk->fp ? MW_NATIVE_DOWN : MW_NATIVE_ZERO;
		return 1;
	}
	if (bpf_probe_read_user(frame, sizeof(frame), (void *)walk->fp)) {
		stack->native_end = MW_NATIVE_FAULT;
		return 1;
	}
	if (!follows_call(frame[1])) {
		stack->native_end = MW_NATIVE_NO_CALL;
		return 1;
	}
	stack->native[n] = frame[1];
	stack->hash = pyframe_mix(stack->hash, frame[1]);
	stack->n_native = n + 1;
	walk->below = walk->fp;
	walk->fp = frame[0];
	return 0;
}

/*
 * Walk the stack: n_native, native_end, and what they add to the hash. At a function's
 * entry the return address is on top of the stack, and %rbp still the caller's; at a site
 * inside a function there is only the instruction itself to begin with.
 */
static __always_inline void native_walk(struct pt_regs *ctx, struct mw_event_stack *stack,
					int at_site)
{
	struct mw_native_walk walk = { .stack = stack,
				       .below = PT_REGS_SP(ctx),
				       .fp = PT_REGS_FP(ctx) };

	stack->native[0] = at_site ? PT_REGS_IP(ctx) : read_user_u64(walk.below);
	stack->hash = pyframe_mix(stack->hash, stack->native[0]);
	stack->n_native = 1;
	stack->native_end = MW_NATIVE_DEEP;
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)) {
		bpf_loop(MW_NATIVE_DEPTH, walk_native_frame, &walk, 0);
	} else {
		for (int i = 0; i < MW_NATIVE_WALK_OLD; i++)
			if (walk_native_frame(i, &walk))
				break;
	}
}

#endif
