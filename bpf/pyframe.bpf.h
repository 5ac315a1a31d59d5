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

#include <mwbpf/pylayout.h>

#define PYFRAME_BYTES_OLD 128 /* of a PyFrameObject, which is longer */
#define PYFRAME_BYTES_NEW 80  /* of an _PyInterpreterFrame: may end its memory chunk */

static __always_inline __u64 pyframe_mix(__u64 hash, __u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

static __always_inline __u64 read_user_u64(__u64 addr)
{
	__u64 value = 0;

	bpf_probe_read_user(&value, sizeof(value), (void *)addr);
	return value;
}

/* Whether a thread state is one of the calling thread's, by the thread that made it. */
static __always_inline int is_own_tstate(const struct mw_pylayout *l, __u64 tstate, __u64 fs)
{
	return tstate && read_user_u64(tstate + l->tstate_thread_id) == fs;
}

static __always_inline int has_subinterpreters(const struct mw_pylayout *l)
{
	__u64 newest = read_user_u64(l->interpreters);

	return newest && read_user_u64(newest + l->interp_next);
}

/* The state that the thread's TSS leads to; 0: none, or there is no such way. */
static __always_inline __u64 tstate_by_tss(const struct mw_pylayout *l, __u64 fs)
{
	__u32 key = ~0U;

	if (!(l->has & MW_PY_TSS) || bpf_probe_read_user(&key, sizeof(key), (void *)l->tss_key) ||
	    key >= MW_PY_TSS_KEYS)
		return 0;
	return read_user_u64(fs + MW_PY_TSS_DATA + key * 16 + 8);
}

/*
 * The calling thread's PyThreadState. 0 when there is none, with the reason.
 *
 * Where the TSS leads to the thread's first state, whoever has the GIL comes before it: in a
 * subinterpreter that is another state. While the thread is without the GIL, nothing tells
 * which of several interpreters it has left.
 */
static __always_inline __u64 find_tstate(const struct mw_pylayout *l, __u32 *reason)
{
	__u64 fs = BPF_CORE_READ(bpf_get_current_task_btf(), thread.fsbase);
	__u64 tstate = 0, holder = 0;

	*reason = MW_STACK_NO_THREAD;
	/* empty while the thread is without the GIL: the others tell its state then too */
	if (l->has & MW_PY_TLS)
		tstate = read_user_u64(fs + l->tls);
	if (!tstate && l->has & MW_PY_TLS_BOUND)
		tstate = read_user_u64(fs + l->tls_bound);
	if (tstate)
		return tstate;
	if (l->has & MW_PY_TSS && !(l->has & MW_PY_TSS_FIRST))
		return tstate_by_tss(l, fs);
	if (l->has & MW_PY_GIL_HOLDER)
		holder = read_user_u64(l->gil_holder);
	if (is_own_tstate(l, holder, fs))
		return holder;
	if (!(l->has & MW_PY_TSS_FIRST))
		return 0;
	tstate = tstate_by_tss(l, fs);
	if (tstate == holder || !has_subinterpreters(l))
		return tstate;
	*reason = MW_STACK_ANY_INTERPRETER;
	return 0;
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

/* filename, name, (qualname,) line table: neighbours in every version, never changed. */
static __always_inline __u32 guard_of(const struct mw_pylayout *l, __u64 code)
{
	__u64 pointers[4] = {};
	__u64 hash = 0;
	long err;

	if (l->code_qualname)
		err = bpf_probe_read_user(pointers, 32, (void *)(code + l->code_filename));
	else
		err = bpf_probe_read_user(pointers, 24, (void *)(code + l->code_filename));
	if (err)
		return 0;
	for (int i = 0; i < 4; i++)
		hash = pyframe_mix(hash, pointers[i]);
	return (__u32)hash | 1;
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
		stack->hash = pyframe_mix(stack->hash, code ^ (__u64)to->guard << 32);
		stack->hash = pyframe_mix(stack->hash, to->lasti);
		stack->n_python = n + 1;
	}
	if (walk->frame)
		return 0;
	stack->reason = MW_STACK_WHOLE;
	return 1;
}

static __always_inline void walk_frames(const struct mw_pylayout *l, struct mw_event_stack *stack,
					struct mw_pyraw *raw)
{
	struct mw_walk walk = { .layout = l, .stack = stack, .raw = raw };
	__u64 tstate = find_tstate(l, &stack->reason);

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
}

/*
 * Walk the frames of the calling thread into stack, innermost first: n_python, reason,
 * and what they add to the hash.
 */
static __always_inline void pyframe_walk(const struct mw_pylayout *l, struct mw_event_stack *stack,
					 struct mw_pyraw *raw)
{
	walk_frames(l, stack, raw);
	stack->hash = pyframe_mix(stack->hash, stack->reason);
}

#endif
