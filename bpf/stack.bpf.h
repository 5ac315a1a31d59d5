/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * stack.bpf.h - the stack of a call, sent once and named by its hash afterwards.
 */
#ifndef MWBPF_STACK_BPF_H
#define MWBPF_STACK_BPF_H

#include "native.bpf.h"

struct mw_sent_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64); /* hash of a stack that user space has */
	__type(value, __u8);
};

struct mw_pylayouts_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32); /* pid */
	__type(value, struct mw_pylayout);
};

extern struct mw_sent_map mw_sent SEC(".maps");
extern struct mw_pylayouts_map mw_pylayouts SEC(".maps");

static const struct mw_scratch scratch_zero = {};

static __always_inline struct mw_scratch *scratch_of(__u32 tid)
{
	struct mw_scratch *scratch = bpf_map_lookup_elem(&mw_scratch, &tid);

	if (scratch)
		return scratch;
	bpf_map_update_elem(&mw_scratch, &tid, &scratch_zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&mw_scratch, &tid);
}

/* Send a stack that user space does not have yet. False when it could not be sent. */
static __always_inline int send_stack(struct mw_event_stack *stack, __u64 pid_tgid, int at_site)
{
	__u64 bytes = __builtin_offsetof(struct mw_event_stack, frames) +
		      (stack->n_python & (2 * MW_STACK_DEPTH - 1)) * sizeof(stack->frames[0]);
	__u8 one = 1;

	if (bpf_map_lookup_elem(&mw_sent, &stack->hash))
		return 1;
	if (stack->n_native || bytes > sizeof(*stack))
		bytes = sizeof(*stack);
	__builtin_memset(&stack->head, 0, sizeof(stack->head));
	stack->head.ts_ns = bpf_ktime_get_ns();
	stack->head.pid = pid_tgid >> 32;
	stack->head.tid = pid_tgid;
	stack->head.kind = MW_STACK;
	stack->head.probe = MW_PROBE_NONE;
	stack->head.lost = mw_lost_total;
	stack->head.stack = stack->hash;
	stack->head.flags = at_site ? MW_F_SITE : 0;
	count_hit(MW_STACK);
	/* names must be read before the process ends: a new stack is rare, and urgent */
	if (bpf_ringbuf_output(&mw_ring, stack, bytes, BPF_RB_FORCE_WAKEUP)) {
		count_lost(MW_STACK, MW_LOSS_RING_FULL);
		return 0;
	}
	bpf_map_update_elem(&mw_sent, &stack->hash, &one, BPF_ANY);
	return 1;
}

/*
 * The hash of the calling thread's stack, which user space has or is being sent; 0. at_site:
 * not at a function's entry.
 */
static __noinline __u64 take_stack(struct pt_regs *ctx, int at_site)
{
	__u64 pid_tgid = current_pid_tgid();
	__u32 pid = pid_tgid >> 32;
	struct mw_pylayout *layout = NULL;
	struct mw_scratch *scratch;

	if (mw_config.take_python)
		layout = bpf_map_lookup_elem(&mw_pylayouts, &pid);
	if (!layout && !mw_config.take_native)
		return 0;
	scratch = scratch_of(pid_tgid);
	if (!scratch)
		return 0;
	scratch->stack.n_python = scratch->stack.n_native = 0;
	scratch->stack.reason = MW_STACK_NONE;
	scratch->stack.hash = pid;
	if (layout)
		pyframe_walk(layout, pid_tgid, &scratch->stack, &scratch->raw);
	if (mw_config.take_native)
		walk_native(ctx, scratch, pid_tgid, at_site);
	scratch->stack.hash |= 1;
	return send_stack(&scratch->stack, pid_tgid, at_site) ? scratch->stack.hash : 0;
}

static __always_inline __u64 stack_of(struct pt_regs *ctx, int at_site)
{
	if (!mw_config.take_python && !mw_config.take_native)
		return 0;
	return mw_stacks ? take_stack(ctx, at_site) : 0;
}

#endif
