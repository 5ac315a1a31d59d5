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

/* The length that FF /2 has with this operand: Intel SDM 2, tables 2-2 and 2-3. */
static __always_inline __u32 indirect_call_length(__u8 modrm, __u8 sib)
{
	__u32 mod = modrm >> 6, rm = modrm & 7;
	__u32 far = mod == 2 || (!mod && (rm == 5 || (rm == 4 && (sib & 7) == 5)));

	return 2 + (mod != 3 && rm == 4) + (mod == 1) + 4 * far;
}

/* Whether the bytes in front of an address are a call. 0 when they cannot be read, too. */
static __always_inline int follows_call(__u64 addr)
{
	__u8 code[8] = {};
	int call;

	if (bpf_probe_read_user(code, sizeof(code), (void *)(addr - sizeof(code))))
		return 0;
	call = code[3] == 0xe8;
#pragma unroll
	for (__u32 len = 2; len <= 7; len++)
		call |= code[8 - len] == 0xff && (code[9 - len] >> 3 & 7) == 2 &&
			indirect_call_length(code[9 - len], len > 2 ? code[10 - len] : 0) == len;
	return call;
}

#define RETURN_PROBES 8 /* calls of probed functions inside each other */

/*
 * The address that a return probe has put another in place of, by where that lies on the
 * stack; 0. Ours are on allocators and int constructors, other tracers' anywhere.
 */
static __always_inline __u64 hidden_return(__u64 slot)
{
	struct return_instance *at =
		BPF_CORE_READ(current_task(), utask, return_instances);

	for (int i = 0; i < RETURN_PROBES && at; i++) {
		if (BPF_CORE_READ(at, stack) == slot)
			return BPF_CORE_READ(at, orig_ret_vaddr);
		at = BPF_CORE_READ(at, next);
	}
	return 0;
}

/* One frame. 1 ends the walk. */
static __always_inline int walk_native_frame(struct mw_scratch *scratch)
{
	struct mw_event_stack *stack = &scratch->stack;
	__u32 n = stack->n_native;
	__u64 fp = scratch->fp;
	__u64 frame[2]; /* the caller's frame pointer, the return address */

	if (n >= MW_NATIVE_DEPTH)
		return 1; /* with the reason it began with: deeper */
	stack->native_end = fp ? MW_NATIVE_DOWN : MW_NATIVE_ZERO;
	if (fp <= scratch->last_fp || fp & 7)
		return 1;
	stack->native_end = MW_NATIVE_FAULT;
	if (bpf_probe_read_user(frame, sizeof(frame), (void *)fp))
		return 1;
	if (!follows_call(frame[1]))
		frame[1] = hidden_return(fp + sizeof(fp));
	stack->native_end = MW_NATIVE_NO_CALL;
	if (!frame[1])
		return 1;
	stack->native[n & (MW_NATIVE_DEPTH - 1)] = frame[1]; /* masked for the verifier */
	stack->hash = mw_mix(stack->hash, frame[1]);
	stack->n_native = n + 1;
	stack->native_end = MW_NATIVE_DEEP;
	scratch->last_fp = fp;
	scratch->fp = frame[0];
	return 0;
}

#define NATIVE_AT_ONCE 4 /* frames in a call: of 16 the verifier takes five times as long */

/* Global, the verifier looks at it once, however often it is called. 1 ends the walk. */
__weak int native_some(__u32 scratch_index)
{
	struct mw_scratch *scratch = bpf_map_lookup_elem(&mw_scratch, &scratch_index);

	if (!scratch)
		return 1;
	for (int i = 0; i < NATIVE_AT_ONCE; i++)
		if (walk_native_frame(scratch))
			return 1;
	return 0;
}

/*
 * Walk the stack: n_native, native_end, and what they add to the hash. At a function's
 * entry the return address is on top of the stack, and %rbp still the caller's; at a site
 * inside a function there is only the instruction itself to begin with.
 */
static __always_inline void walk_native(struct pt_regs *ctx, struct mw_scratch *scratch,
					__u32 scratch_index, int at_site)
{
	struct mw_event_stack *stack = &scratch->stack;

	scratch->last_fp = PT_REGS_SP(ctx);
	scratch->fp = PT_REGS_FP(ctx);
	stack->native[0] = at_site ? PT_REGS_IP(ctx) : read_user_u64(scratch->last_fp);
	stack->hash = mw_mix(stack->hash, stack->native[0]);
	stack->n_native = 1;
	stack->native_end = MW_NATIVE_DEEP;
	for (int i = 0; i < MW_NATIVE_DEPTH / NATIVE_AT_ONCE; i++)
		if (native_some(scratch_index))
			break;
	stack->hash = mw_mix(stack->hash, stack->native_end);
}

#endif
