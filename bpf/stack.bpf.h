/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * stack.bpf.h - the stack of a call, sent once and named by its hash afterwards.
 */
#ifndef MWBPF_STACK_BPF_H
#define MWBPF_STACK_BPF_H

#include "native.bpf.h"
#include "pycode.bpf.h"

/* What a stack is of. CPython makes ints with the GIL only. */
enum stack_at {
	AT_CALL,
	AT_SITE,	/* an instruction that makes an int, not a function's entry */
	AT_CONSTRUCTOR, /* a call that makes an int */
};

/* Send a stack that user space does not have yet. False when it could not be sent. */
static __always_inline int send_stack(struct mw_event_stack *stack, __u64 pid_tgid,
				      enum stack_at at)
{
	__u64 bytes = __builtin_offsetof(struct mw_event_stack, frames) +
		      (stack->n_python & (2 * MW_STACK_DEPTH - 1)) * sizeof(stack->frames[0]);
	struct mw_event *place;
	__u8 one = 1;

	if (stack->n_native || bytes > sizeof(*stack))
		bytes = sizeof(*stack);
	emit_begin(&stack->head, MW_STACK, pid_tgid);
	stack->head.stack = stack->hash;
	stack->head.flags = at == AT_SITE ? MW_F_SITE : 0;
	count_hit(MW_STACK);
	place = place_reserve(&stack->head);
	if (!place)
		return 0;
	if (bpf_ringbuf_output(&mw_ring, stack, bytes, BPF_RB_NO_WAKEUP)) {
		place->kind = MW_KIND_NONE;
		slot_submit(place);
		count_lost(MW_STACK, MW_LOSS_RING_FULL);
		return 0;
	}
	slot_submit(place);
	/* names must be read before the process ends: a new stack is rare, and urgent */
	emit_wake();
	bpf_map_update_elem(&mw_sent, &stack->hash, &one, BPF_ANY);
	return 1;
}

/* The hash of the stack in the scratch, which user space then has; 0. */
static __always_inline __u64 known_stack(__u32 layout_index, __u32 scratch_index,
					 struct mw_scratch *scratch, struct mw_thread *t,
					 enum stack_at at)
{
	__u64 hash = scratch->stack.hash | 1;
	__u64 *last = &t->stacks[hash >> 1 & 3];

	scratch->stack.hash = hash;
	/* many calls come from where one of the thread's last came from: no look-up then */
	if (hash == *last)
		return hash;
	if (bpf_map_lookup_elem(&mw_sent, &hash)) {
		*last = hash;
		return hash;
	}
	show_codes(layout_index, scratch_index, scratch);
	if (!send_stack(&scratch->stack, t->pid_tgid, at))
		return 0;
	*last = hash;
	return hash;
}

/* The hash of the calling thread's stack, which user space has or is being sent; 0. */
static __noinline __u64 take_stack(struct pt_regs *ctx, struct mw_thread *t, enum stack_at at)
{
	__u32 layout_index = thread_bits(t) >> MW_TARGET_LAYOUT, scratch_index;
	struct mw_pylayout *layout = NULL;
	struct mw_scratch *scratch;
	__u64 hash;

	if (mw_config.take_python && layout_index)
		layout = bpf_map_lookup_elem(&mw_pylayouts, &layout_index);
	if (!layout && !mw_config.take_native)
		return 0;
	scratch = scratch_take(&scratch_index);
	if (!scratch) {
		count_hit(MW_STACK);
		count_lost(MW_STACK, MW_LOSS_CONTENDED);
		return 0;
	}
	scratch->stack.n_python = scratch->stack.n_native = 0;
	scratch->stack.reason = MW_STACK_NONE;
	scratch->stack.hash = t->pid_tgid >> 32;
	scratch->sp = PT_REGS_SP(ctx);
	scratch->has_gil = at != AT_CALL;
	scratch->pid_tgid = t->pid_tgid;
	if (layout)
		walk_python(layout_index, layout, t, scratch_index, scratch);
	if (mw_config.take_native)
		walk_native(ctx, scratch, scratch_index, at == AT_SITE);
	hash = known_stack(layout_index, scratch_index, scratch, t, at);
	scratch_put(scratch);
	return hash;
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

static __always_inline __u64 stack_of(struct pt_regs *ctx, struct mw_thread *t,
				      enum stack_at at)
{
	t->frame = 0;
	if (!mw_config.take_python && !mw_config.take_native)
		return 0;
	return mw_stacks ? take_stack(ctx, t, at) : 0;
}

#endif
