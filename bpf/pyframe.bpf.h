/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyframe.bpf.h - the Python stack of the calling thread, as (code object, offset) pairs.
 *
 * Only what must be done at the moment of the call is done here. Names and lines are
 * read later in user space, which looks at the guard (guard.h) to notice a code object
 * that died and was replaced.
 *
 * Struct offsets: include/mwbpf/pylayout.h.
 */
#ifndef MWBPF_PYFRAME_BPF_H
#define MWBPF_PYFRAME_BPF_H

#include "pythread.bpf.h"

#define PYFRAME_BYTES_OLD 128 /* of a PyFrameObject, which is longer */
#define PYFRAME_BYTES_NEW 80  /* of an _PyInterpreterFrame: may end its memory chunk */

static __always_inline long read_window(struct mw_scratch *scratch, __u64 below)
{
	__u64 bytes = below + PYFRAME_BYTES_NEW;

	scratch->at = scratch->frame - below;
	scratch->len = bytes;
	barrier_var(bytes);
	if (bytes > MW_WINDOW_BELOW + PYFRAME_BYTES_NEW)
		return -1;
	return bpf_probe_read_user(scratch->window, bytes, (void *)scratch->at);
}

/*
 * Read a frame and what lies below it: from 3.11 on that is where its callers' frames
 * are, so that one read serves many. As much as the last walk needed, or, where the
 * memory does not begin so far below, what is in the frame's page. An older frame is an
 * object of its own. 0, or -errno when it cannot be read.
 */
static __always_inline long read_frames(const struct mw_pylayout *l, struct mw_scratch *scratch)
{
	__u64 in_page = scratch->frame & 4095;

	if (l->instr != MW_PYINSTR_POINTER) {
		scratch->at = scratch->frame;
		scratch->len = PYFRAME_BYTES_OLD;
		return bpf_probe_read_user(scratch->window, PYFRAME_BYTES_OLD,
					   (void *)scratch->at);
	}
	if (!read_window(scratch, scratch->below))
		return 0;
	return read_window(scratch, in_page < scratch->below ? in_page : 0);
}

static __always_inline __u64 frame_u64(const __u8 *frame, __u16 offset)
{
	return *(__u64 *)(frame + (offset & (PYFRAME_BYTES_OLD - 1)));
}

static __always_inline __s32 last_instruction(const struct mw_pylayout *l, const __u8 *frame,
					      __u64 code)
{
	__u64 at = frame_u64(frame, l->frame_instr);

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

/* One frame. 1 ends the walk. */
static __always_inline int walk_frame(const struct mw_pylayout *l, struct mw_scratch *scratch,
				      struct mw_deaths *deaths)
{
	struct mw_event_stack *stack = &scratch->stack;
	__u64 off = scratch->frame - scratch->at, below = scratch->first - scratch->frame, code;
	__u32 n = stack->n_python;
	struct mw_pyframe *to;
	const __u8 *frame;
	__u64 this;

	/* a frame that begins a little below the window has an offset close to 2^64 */
	if (off > scratch->len || off + PYFRAME_BYTES_NEW > scratch->len ||
	    l->instr != MW_PYINSTR_POINTER) {
		if (read_frames(l, scratch)) {
			stack->reason = MW_STACK_FAULT;
			return 1;
		}
		off = scratch->frame - scratch->at;
	}
	barrier_var(off);
	if (off > MW_WINDOW_BELOW)
		return 1; /* never: it was just read */
	frame = scratch->window + off;
	this = scratch->frame;
	/* from 3.12 on the frame of a call from C lies on the C stack: not below the first one */
	if (below <= MW_WINDOW_BELOW && below > scratch->needs)
		scratch->needs = below;
	code = frame_u64(frame, l->frame_code) & ~(__u64)l->code_tag;
	scratch->frame = frame_u64(frame, l->frame_back);
	if (!(l->has & MW_PY_OWNER) ||
	    frame[l->frame_owner & (PYFRAME_BYTES_OLD - 1)] < l->owner_shim) {
		if (n >= MW_STACK_DEPTH || n >= mw_config.max_depth)
			return 1; /* with the reason it began with: truncated */
		if (!n) {
			scratch->top = this;
			scratch->top_instr = frame_u64(frame, l->frame_instr);
		}
		barrier_var(n); /* 6.1 forgets what was compared if it was spilled */
		to = &stack->frames[n & (MW_STACK_DEPTH - 1)];
		barrier_var(to);
		to->code = code;
		to->lasti = last_instruction(l, frame, code);
		/* a read for each frame of each event is saved where deaths are seen */
		to->guard = l->has & MW_PY_GUARD_ALL ? guard_of(l, code)
						     : deaths->at[mw_death_slot(code)];
		stack->hash = mw_mix(stack->hash, code ^ (__u64)to->guard << 32);
		stack->hash = mw_mix(stack->hash, to->lasti);
		stack->n_python = n + 1;
	}
	if (scratch->frame)
		return 0;
	stack->reason = MW_STACK_WHOLE;
	return 1;
}

/* The innermost frame of the calling thread; 0, and the reason, when it has none. */
static __always_inline __u64 first_frame(const struct mw_pylayout *l, struct mw_thread *t,
					 __u64 sp, int has_gil, __u16 *reason)
{
	__u64 tstate = find_tstate(l, t, sp, has_gil, reason);
	__u64 frame;

	if (!tstate)
		return 0;
	frame = read_user_u64(tstate + l->tstate_frame);
	if (l->has & MW_PY_CFRAME && frame)
		frame = read_user_u64(frame + l->cframe_frame);
	*reason = frame ? MW_STACK_TRUNCATED : MW_STACK_NO_FRAME;
	return frame;
}

#define WALK_AT_ONCE 4 /* frames in a call: 16 are no faster, and take the verifier a third longer */

/*
 * Some more frames of the walk that is in the scratch. 1 ends it. Global, the verifier
 * looks at it once, however often it is called: inline, the loop takes seconds. Pointers
 * can be given to such functions since 5.12 only, so it looks up what the caller has.
 * (bpf_loop is of 5.17, and no kernel before 5.13 loads a program that could call it.)
 */
__weak int walk_some(__u32 layout_index, __u32 scratch_index)
{
	struct mw_pylayout *layout = bpf_map_lookup_elem(&mw_pylayouts, &layout_index);
	struct mw_scratch *scratch = bpf_map_lookup_elem(&mw_scratch, &scratch_index);
	__u32 zero = 0;
	struct mw_deaths *deaths = bpf_map_lookup_elem(&mw_deaths, &zero);

	if (!layout || !scratch || !deaths)
		return 1;
	for (int i = 0; i < WALK_AT_ONCE; i++)
		if (walk_frame(layout, scratch, deaths))
			return 1;
	return 0;
}

/*
 * Walk the frames of the calling thread, innermost first: n_python, reason, and what they
 * add to the hash.
 */
static __always_inline void walk_python(__u32 layout_index, const struct mw_pylayout *layout,
					struct mw_thread *t, __u32 scratch_index,
					struct mw_scratch *scratch)
{
	struct mw_event_stack *stack = &scratch->stack;

	stack->hash = mw_mix(stack->hash, layout->epoch);
	scratch->len = scratch->needs = 0;
	scratch->below = t->below;
	scratch->frame = scratch->first =
		first_frame(layout, t, scratch->sp, scratch->has_gil, &stack->reason);
	for (int i = 0; i < MW_STACK_WALK / WALK_AT_ONCE && scratch->frame; i++)
		if (walk_some(layout_index, scratch_index))
			break;
	stack->hash = mw_mix(stack->hash, stack->reason);
	if (stack->reason == MW_STACK_NO_FRAME) {
		t->frame = MW_NO_PYTHON;
	} else if (stack->n_python) {
		t->frame = scratch->top;
		t->instr = layout->instr == MW_PYINSTR_POINTER ? scratch->top_instr
							       : (__u32)scratch->top_instr;
	}
	t->below = scratch->needs;
}

#endif
