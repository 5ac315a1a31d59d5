/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * intvalue.bpf.h - the values of ints, read when they are certain to be whole.
 *
 * When an int is seen being made its digits are mostly not written yet. They are once its
 * thread
 *
 *   is at another instruction of Python, and so is the frame that it was in: all that was at
 *   work on the int has returned. (The same frame at the same instruction, with others in
 *   it: a signal's handler, say, in the middle of a multiplication.) Or
 *   makes another int by the same call at the same depth of its stack; or
 *   has left the function that writes the digits, and has made two more ints; or
 *   has made eight more at the same instruction and stack pointer: they were asked for by one
 *     function, and none asks for so many before it is done with the first (a division of
 *     large ones asks for three); or
 *   has got it from a constructor that gives out only what is whole.
 *
 * Being anywhere else in C is not enough: a division allocates quotient and remainder,
 * computes both, and gives the quotient its sign only then, which is why one more int does
 * not do in the last case. What is read may be of an int that has died meanwhile: the
 * allocator writes to its first word only. Whether the memory still is an int is judged by
 * its type, in user space.
 */
#ifndef MWBPF_INTVALUE_BPF_H
#define MWBPF_INTVALUE_BPF_H

#include "stack.bpf.h"

#include <mwbpf/intobject.h>

/*
 * The functions below that are global: the verifier looks at each once, and not again for
 * every way that leads to it, which would take seconds. They look up what their callers
 * have, as walk_some() does.
 */

static __always_inline struct mw_thread *own_thread(void)
{
	return thread_find(bpf_get_current_pid_tgid());
}

/* As a frame says where it is: an address, or, before 3.11, a number of 32 bits. */
static __always_inline __u64 frame_at(const struct mw_pylayout *l, __u64 frame)
{
	__u64 at = read_user_u64(frame + l->frame_instr);

	return l->instr == MW_PYINSTR_POINTER ? at : (__u32)at;
}

static __always_inline struct mw_pylayout *layout_of(struct mw_thread *t)
{
	__u32 index = thread_bits(t) >> MW_TARGET_LAYOUT;

	return index ? bpf_map_lookup_elem(&mw_pylayouts, &index) : NULL;
}

/*
 * Find where the thread is in Python, mw_thread.frame and instr. Where its stack was taken,
 * that is known. As find_tstate().
 */
__weak int find_where(__u64 sp, int has_gil)
{
	struct mw_thread *t = own_thread();
	struct mw_pylayout *layout = t ? layout_of(t) : NULL;
	__u16 reason = 0;

	if (!t || !layout)
		return 0;
	t->frame = first_frame(layout, t, sp, has_gil, &reason);
	if (t->frame)
		t->instr = frame_at(layout, t->frame);
	else if (reason == MW_STACK_NO_FRAME)
		t->frame = MW_NO_PYTHON;
	return 0;
}

/* Whether the thread has gone on from where it was in Python when it made an int. */
__weak int has_gone_on(__u32 index)
{
	struct mw_thread *t = own_thread();
	struct mw_pylayout *layout;
	struct mw_unread *unread;

	if (!t || !t->frame)
		return 0;
	unread = &t->unread[index & (MW_UNREAD - 1)];
	layout = layout_of(t);
	if (!layout)
		return 0;
	if (!unread->frame) { /* it was not known then: it is here, or before it */
		unread->frame = t->frame;
		unread->instr = t->instr;
		return 0;
	}
	if (unread->frame == MW_NO_PYTHON ||
	    (t->frame == unread->frame && t->instr == unread->instr))
		return 0;
	return frame_at(layout, unread->frame) != unread->instr;
}

static __always_inline void send_digits(struct mw_thread *t, const struct mw_unread *unread,
					const struct mw_intsite *site, const __u64 words[5])
{
	__u64 n = mw_int_digits(words[1], site->flags & MW_SITE_TAGGED), m = n, bytes;
	struct mw_event_digits *e = emit_reserve_long(MW_DIGITS, t->pid_tgid, sizeof(*e));

	if (!e)
		return;
	if (m > MW_DIGITS_MAX)
		m = MW_DIGITS_MAX;
	bytes = m * sizeof(e->digits[0]);
	barrier_var(bytes);
	if (bytes > sizeof(e->digits))
		bytes = sizeof(e->digits);
	if (bpf_probe_read_user(e->digits, bytes, (void *)(unread->addr + site->ob_type + 16 +
							  (n - m) * sizeof(e->digits[0]))))
		m = 0;
	e->head.took_ns = unread->number;
	e->head.addr = words[0];
	e->head.size = words[1];
	e->head.aux = m;
	emit_submit_long(e, 0);
}

/* Say what an int was, or why that is not known. */
__weak int send_value(__u32 index, __u32 reason)
{
	struct mw_thread *t = own_thread();
	__u64 words[5] = {}; /* ob_type, size word, digits */
	struct mw_unread *unread;
	struct mw_intsite *site;
	struct mw_event *e;
	void *from;

	if (!t)
		return 0;
	unread = &t->unread[index & (MW_UNREAD - 1)];
	site = bpf_map_lookup_elem(&mw_intsites, &unread->site);
	if (!site)
		return 0;
	from = (void *)(unread->addr + site->ob_type);
	/* an object of one digit may be the last of its page, and the next not there */
	if (reason == MW_VALUE_READ && bpf_probe_read_user(words, 40, from) &&
	    bpf_probe_read_user(words, 24, from))
		reason = MW_VALUE_FAULT;
	if (reason == MW_VALUE_READ && mw_int_digits(words[1], site->flags & MW_SITE_TAGGED) - 1 -
					       MW_VALUE_DIGITS < 1ULL << 31) {
		send_digits(t, unread, site, words);
		return 0;
	}
	e = emit_reserve(MW_VALUE, t->pid_tgid);
	if (!e)
		return 0;
	e->took_ns = unread->number;
	e->aux = reason;
	e->addr = words[0];
	e->size = words[1];
	e->sp = words[2];
	e->caller = words[3];
	e->stack = words[4];
	emit_submit(e);
	return 0;
}

#define MW_AGAIN 8

/*
 * Whether the function that writes the digits has returned, and its callers have done theirs.
 * site: of the int that is being made, or none.
 */
static __always_inline int is_left(const struct mw_thread *t, struct mw_unread *unread, __u64 sp,
				   __u32 site)
{
	const int same = sp == unread->sp && site == unread->site;

	unread->again += same;
	if (unread->again >= MW_AGAIN)
		return 1;
	return unread->filled && t->made - unread->made >= 2 && (sp > unread->sp || same);
}

/*
 * Read an int if it is whole by now. sp: the stack pointer. maker, addr, site: of what is
 * being made at this moment, else 0; site with MW_MAKING and MW_UNTOUCHED.
 */
#define MW_MAKING     (1ULL << 32)
#define MW_UNTOUCHED  (1ULL << 33)

__weak int read_value(__u32 index, __u64 sp, __u64 maker, __u64 addr, __u64 making)
{
	struct mw_thread *t = own_thread();
	struct mw_unread *unread;
	int whole;

	if (!t)
		return 0;
	index &= MW_UNREAD - 1;
	unread = &t->unread[index];
	whole = unread->soon || has_gone_on(index) || (maker && maker == unread->maker) ||
		is_left(t, unread, sp, making & MW_MAKING ? (__u32)making : ~0U);
	if (!whole && unread->addr != addr)
		return 0;
	send_value(index, whole && (unread->addr != addr || making & MW_UNTOUCHED)
				  ? MW_VALUE_READ
				  : MW_VALUE_REUSED);
	t->in_use &= ~(1U << index);
	return 0;
}

static __always_inline void read_values(struct mw_thread *t, __u64 sp, __u64 maker, __u64 addr,
					__u64 making)
{
	/* up to 6.1 no loop may go back to what is behind a call */
#pragma unroll
	for (int i = 0; i < MW_UNREAD; i++)
		if (t->in_use >> i & 1)
			read_value(i, sp, maker, addr, making);
}

/* A constructor gave out an int that is whole. 1 when it was one of those to be read. */
__weak int value_returned(__u64 addr)
{
	struct mw_thread *t = own_thread();

	if (!t)
		return 0;
	for (int i = 0; i < MW_UNREAD; i++) {
		if (!(t->in_use >> i & 1) || t->unread[i].addr != addr)
			continue;
		send_value(i, MW_VALUE_READ);
		t->in_use &= ~(1U << i);
		return 1;
	}
	return 0;
}

/* To be called at every call that is traced, once the thread's stack has been taken. */
static __always_inline void values_settle(struct mw_thread *t, __u64 sp, int has_gil)
{
	if (!t->in_use)
		return;
	if (!mw_config.take_python)
		find_where(sp, has_gil);
	read_values(t, sp, 0, 0, 0);
}

/* Where there is room for one more; else the place of one that has to make room. */
static __always_inline __u32 unread_room(const struct mw_thread *t, __u32 number)
{
	for (int i = 0; i < MW_UNREAD; i++)
		if (!(t->in_use >> i & 1))
			return i;
	return number & (MW_UNREAD - 1);
}

/* Remember an int to be read later; its number. */
static __always_inline __u32 value_later(struct mw_thread *t, const struct mw_unread *made)
{
	__u32 number = ++t->later, index = unread_room(t, number);
	struct mw_unread *unread = &t->unread[index & (MW_UNREAD - 1)];

	if (t->in_use >> index & 1)
		send_value(index, MW_VALUE_CROWDED);
	t->in_use |= 1U << (index & (MW_UNREAD - 1));
	*unread = *made;
	unread->frame = t->frame;
	unread->instr = t->instr;
	unread->number = number;
	unread->made = t->made;
	return number;
}

#endif
