/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * stack.bpf.h - the stack of a call, sent once and named by its hash afterwards.
 */
#ifndef MWBPF_STACK_BPF_H
#define MWBPF_STACK_BPF_H

#include "pyframe.bpf.h"

/* Where a stack is put together: too large for the stack of a BPF program. */
struct mw_scratch {
	struct mw_event_stack stack;
	struct mw_pyraw raw;
	__u64 frame; /* the next one to look at */
};

/*
 * By thread, not by CPU: these programs can be preempted by others of their kind.
 */
struct mw_scratch_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1); /* more when stacks are taken */
	__type(key, __u32);	/* tid */
	__type(value, struct mw_scratch);
};

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

extern struct mw_scratch_map mw_scratch SEC(".maps");
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

#define WALK_AT_ONCE 16 /* frames in one call: many stacks have no more */

/*
 * Some more frames of the walk that is in the scratch. 1 ends it. Global, the verifier
 * looks at it once, however often it is called: inline, the loop takes seconds. Pointers
 * can be given to such functions since 5.12 only, so it looks up what the caller has.
 * (bpf_loop is of 5.17, and no kernel before 5.13 loads a program that could call it.)
 */
__weak int walk_some(__u32 pid, __u32 tid)
{
	struct mw_pylayout *layout = bpf_map_lookup_elem(&mw_pylayouts, &pid);
	struct mw_scratch *scratch = bpf_map_lookup_elem(&mw_scratch, &tid);
	struct mw_walk walk = { .layout = layout };

	if (!layout || !scratch)
		return 1;
	walk.stack = &scratch->stack;
	walk.raw = &scratch->raw;
	walk.frame = scratch->frame;
	for (int i = 0; i < WALK_AT_ONCE; i++)
		if (walk_frame(&walk))
			return 1;
	scratch->frame = walk.frame;
	return 0;
}

/*
 * Walk the frames of the calling thread, innermost first: n_python, reason, and what they
 * add to the hash.
 */
static __always_inline void walk_python(const struct mw_pylayout *layout, __u64 pid_tgid,
					struct mw_scratch *scratch)
{
	struct mw_event_stack *stack = &scratch->stack;

	scratch->frame = first_frame(layout, pid_tgid, stack);
	if (!scratch->frame)
		return;
	for (int i = 0; i < MW_STACK_WALK / WALK_AT_ONCE; i++)
		if (walk_some(pid_tgid >> 32, pid_tgid))
			break;
	stack->hash = pyframe_mix(stack->hash, stack->reason);
}

static __always_inline void walk_native(struct pt_regs *ctx, struct mw_event_stack *stack)
{
	__u64 sp = PT_REGS_SP(ctx);
	long bytes;

	/*
	 * The kernel follows frame pointers and misses the immediate caller, whose address
	 * is still on top of the stack: the function has not set up its own frame.
	 */
	stack->native[0] = read_user_u64(sp);
	bytes = bpf_get_stack(ctx, stack->native + 1, sizeof(stack->native) - 8,
			      BPF_F_USER_STACK);
	stack->n_native = bytes > 0 ? 1 + bytes / 8 : 1;
	if (stack->n_native > MW_NATIVE_DEPTH)
		stack->n_native = MW_NATIVE_DEPTH;
	for (int i = 0; i < MW_NATIVE_DEPTH; i++)
		if (i < stack->n_native)
			stack->hash = pyframe_mix(stack->hash, stack->native[i]);
}

/* Send a stack that user space does not have yet. False when it could not be sent. */
static __always_inline int send_stack(struct mw_event_stack *stack, __u64 pid_tgid)
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
	count_hit(MW_STACK);
	/* names must be read before the process ends: a new stack is rare, and urgent */
	if (bpf_ringbuf_output(&mw_ring, stack, bytes, BPF_RB_FORCE_WAKEUP)) {
		count_lost(MW_STACK, MW_LOSS_RING_FULL);
		return 0;
	}
	bpf_map_update_elem(&mw_sent, &stack->hash, &one, BPF_ANY);
	return 1;
}

/* The hash of the calling thread's stack, which user space has or is being sent; 0. */
static __noinline __u64 take_stack(struct pt_regs *ctx)
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
		walk_python(layout, pid_tgid, scratch);
	if (mw_config.take_native)
		walk_native(ctx, &scratch->stack);
	scratch->stack.hash |= 1;
	return send_stack(&scratch->stack, pid_tgid) ? scratch->stack.hash : 0;
}

/*
 * To be called by every program that runs at a uprobe. Since 6.13 the kernel gives programs
 * with 64 bytes of stack or more one stack for each CPU (bpf_enable_priv_stack() in
 * kernel/bpf/verifier.c of 7.2), and although these programs can be preempted, it does not
 * keep another thread from running the same program on that stack meanwhile: the kernel
 * crashes. It does not do so for a program with a tail call, even one never reached.
 */
static __always_inline void keep_own_stack(struct pt_regs *ctx)
{
	if (mw_never)
		bpf_tail_call(ctx, NULL, 0);
}

static __always_inline __u64 stack_of(struct pt_regs *ctx)
{
	if (!mw_config.take_python && !mw_config.take_native)
		return 0;
	return mw_stacks ? take_stack(ctx) : 0;
}

#endif
