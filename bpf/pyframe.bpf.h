/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyframe.bpf.h - the Python stack of the calling thread, as (code object, offset) pairs.
 *
 * Only what must be done at the moment of the call is done here. Names and lines are
 * read later in user space, which compares the guard: a checksum of the code object's
 * immutable pointers, so that an object that died and was replaced is noticed.
 *
 * Struct offsets and how a thread finds its state: include/mwbpf/pylayout.h.
 */
#ifndef MWBPF_PYFRAME_BPF_H
#define MWBPF_PYFRAME_BPF_H

#include "thread.bpf.h"

#include <mwbpf/guard.h>

#define PYFRAME_BYTES_OLD 128 /* of a PyFrameObject, which is longer */
#define PYFRAME_BYTES_NEW 80  /* of an _PyInterpreterFrame: may end its memory chunk */

static __always_inline __u64 read_user_u64(__u64 addr)
{
	__u64 value = 0;

	bpf_probe_read_user(&value, sizeof(value), (void *)addr);
	return value;
}

/* Whether a thread state is that of the calling thread. */
static __always_inline int is_own_tstate(const struct mw_pylayout *l, __u64 tstate, __u64 fs,
					 __u32 tid)
{
	if (l->has & MW_PY_NATIVE_ID)
		return (__u32)read_user_u64(tstate + l->tstate_native_id) == tid;
	return read_user_u64(tstate + l->tstate_thread_id) == fs;
}

/* The calling thread's PyThreadState; 0 when it has none: it is not a Python thread. */
static __always_inline __u64 find_tstate(const struct mw_pylayout *l, __u32 tid)
{
	__u64 fs = BPF_CORE_READ(bpf_get_current_task_btf(), thread.fsbase);
	__u64 tstate = 0;
	__u32 key = ~0U;

	/* empty while the thread is without the GIL: the others tell its state then too */
	if (l->has & MW_PY_TLS)
		tstate = read_user_u64(fs + l->tls);
	if (!tstate && l->has & MW_PY_TLS_BOUND)
		tstate = read_user_u64(fs + l->tls_bound);
	if (tstate)
		return tstate;
	if (l->has & MW_PY_TSS && !bpf_probe_read_user(&key, sizeof(key), (void *)l->tss_key) &&
	    key < MW_PY_TSS_KEYS)
		return read_user_u64(fs + MW_PY_TSS_DATA + key * 16 + 8);
	if (l->has & MW_PY_GIL_HOLDER)
		tstate = read_user_u64(l->gil_holder);
	return tstate && is_own_tstate(l, tstate, fs, tid) ? tstate : 0;
}

/* One frame as read from the target, with room behind it for any masked offset. */
struct mw_pyraw {
	__u8 bytes[PYFRAME_BYTES_OLD];
	__u8 room[8];
};

static __always_inline __u64 raw_u64(const struct mw_pyraw *raw, __u16 offset)
{
	return *(__u64 *)(raw->bytes + (offset & (PYFRAME_BYTES_OLD - 1)));
}

static __always_inline int read_frame(const struct mw_pylayout *l, __u64 frame,
				      struct mw_pyraw *raw)
{
	if (l->instr == MW_PYINSTR_POINTER)
		return bpf_probe_read_user(raw->bytes, PYFRAME_BYTES_NEW, (void *)frame);
	return bpf_probe_read_user(raw->bytes, PYFRAME_BYTES_OLD, (void *)frame);
}

static __always_inline __s32 last_instruction(const struct mw_pylayout *l,
					      const struct mw_pyraw *raw, __u64 code)
{
	__u64 at = raw_u64(raw, l->frame_instr);

	if (l->instr == MW_PYINSTR_POINTER)
		return at - (code + l->code_bytecode);
	return l->instr == MW_PYINSTR_UNITS ? (__s32)at * 2 : (__s32)at;
}

/* 0: unreadable. */
static __always_inline __u32 guard_of(const struct mw_pylayout *l, __u64 code)
{
	__u64 words[MW_GUARD_WORDS] = {};

	if (bpf_probe_read_user(words, mw_guard_bytes(l), (void *)(code + l->code_filename)))
		return 0;
	return mw_guard(words);
}

/* Where a walk is; what it fills in is in the scratch of the thread. */
struct mw_walk {
	const struct mw_pylayout *layout;
	struct mw_event_stack *stack;
	struct mw_pyraw *raw;
	__u64 frame;
};

/* One frame. 1 ends the walk. */
static long walk_frame(__u32 index, struct mw_walk *walk)
{
	const struct mw_pylayout *l = walk->layout;
	struct mw_event_stack *stack = walk->stack;
	__u32 n = stack->n_python;
	struct mw_pyframe *to;
	__u64 code;

	if (read_frame(l, walk->frame, walk->raw)) {
		stack->reason = MW_STACK_FAULT;
		return 1;
	}
	code = raw_u64(walk->raw, l->frame_code) & ~(__u64)l->code_tag;
	walk->frame = raw_u64(walk->raw, l->frame_back);
	if (!(l->has & MW_PY_OWNER) ||
	    walk->raw->bytes[l->frame_owner & (PYFRAME_BYTES_OLD - 1)] < l->owner_shim) {
		if (n >= MW_STACK_DEPTH || n >= mw_config.max_depth)
			return 1; /* with the reason it began with: truncated */
		to = &stack->frames[n];
		to->code = code;
		to->lasti = last_instruction(l, walk->raw, code);
		to->guard = guard_of(l, code);
		stack->hash = mw_mix(stack->hash, code ^ (__u64)to->guard << 32);
		stack->hash = mw_mix(stack->hash, to->lasti);
		stack->n_python = n + 1;
	}
	if (walk->frame)
		return 0;
	stack->reason = MW_STACK_WHOLE;
	return 1;
}

/*
 * Walk the frames of the calling thread into stack, innermost first: n_python, reason,
 * and what they add to the hash.
 */
static __always_inline void pyframe_walk(const struct mw_pylayout *l, __u32 tid,
					 struct mw_event_stack *stack, struct mw_pyraw *raw)
{
	struct mw_walk walk = { .layout = l, .stack = stack, .raw = raw };
	__u64 tstate = find_tstate(l, tid);

	stack->reason = MW_STACK_NO_THREAD;
	if (!tstate)
		return;
	walk.frame = read_user_u64(tstate + l->tstate_frame);
	if (l->has & MW_PY_CFRAME && walk.frame)
		walk.frame = read_user_u64(walk.frame + l->cframe_frame);
	stack->reason = walk.frame ? MW_STACK_TRUNCATED : MW_STACK_NO_FRAME;
	if (!walk.frame)
		return;
	/* bpf_loop is of 5.17; verifying the loop without it takes seconds, and fewer frames */
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)) {
		bpf_loop(MW_STACK_WALK, walk_frame, &walk, 0);
	} else {
		for (int i = 0; i < MW_STACK_WALK_OLD; i++)
			if (walk_frame(i, &walk))
				break;
	}
	stack->hash = mw_mix(stack->hash, stack->reason);
}

#endif
