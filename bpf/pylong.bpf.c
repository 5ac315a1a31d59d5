// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pylong.bpf.c - CPython's int constructors, and where it makes ints without them. */
#include "call.bpf.h"

CALL_PROGRAMS(pylong, MW_FAMILY_PYLONG)

#define OB_TYPE_FREE_THREADED 24 /* Include/object.h; else 8 */

/* A word of the registers; by a read, for the verifier wants constant offsets of ctx. */
static __always_inline __u64 register_word(struct pt_regs *ctx, __u8 word)
{
	__u64 value;

	if (word >= sizeof(*ctx) / sizeof(value) ||
	    bpf_probe_read_kernel(&value, sizeof(value), (void *)ctx + word * sizeof(value)))
		return 0;
	return value;
}

/*
 * Which call it is that makes an int here: the outermost exported constructor's, by where
 * that returns to. 0: outside of one the stack does not say who called, and of several ints
 * that one makes only the first is always the same.
 */
static __always_inline __u64 maker_of(const struct mw_pending *p, __u64 sp, __u32 number)
{
	if (!p->sp || sp > p->sp || p->size)
		return 0;
	return mw_mix(mw_mix(number, sp), p->caller) | 1;
}

/* The value of an int of one digit, when registers have it. */
static __always_inline int value_at_once(struct pt_regs *ctx, const struct mw_intsite *site,
					 struct mw_event *e, __u64 addr)
{
	__u64 size;

	if (site->digit == MW_LATER)
		return 0;
	size = site->sizes == MW_IN_OBJECT ? read_user_u64(addr + site->ob_type + 8)
					   : register_word(ctx, site->sizes);
	if (mw_int_digits(size, site->flags & MW_SITE_TAGGED) != 1)
		return 0;
	e->size = size;
	e->took_ns = register_word(ctx, site->digit);
	e->flags |= MW_F_VALUE;
	return 1;
}

/*
 * A division has the remainder made by PyLong_FromLong(), and gives it its sign in place
 * when that has returned, before anything else is called. In a free-threaded build that makes
 * it by _PyLong_FromMedium(), which nothing but a symbol tells from others.
 */
static __always_inline int may_turn(const struct mw_intsite *site, const struct mw_event *e)
{
	return (e->probe == MW_PROBE_PYLONG_FROMLONG || site->ob_type == OB_TYPE_FREE_THREADED) &&
	       !mw_int_is_negative(e->size, site->flags & MW_SITE_TAGGED);
}

/*
 * An instruction that makes an int. Inside an exported constructor the event names that;
 * the constructor's return then has nothing to add.
 */
SEC("?kprobe")
int int_site(struct pt_regs *ctx)
{
	__u64 sp = PT_REGS_SP(ctx), stack;
	struct mw_unread made = { .sp = sp };
	struct mw_intsite *site;
	struct mw_pending *p;
	struct mw_thread *t;
	struct mw_event *e;
	int inside, known = mw_config.take_python; /* where the thread is in Python */

	keep_own_stack(ctx);
	if (mw_armed < MW_ARM_ALL)
		return 0;
	made.site = mw_config.has_cookie ? bpf_get_attach_cookie(ctx) : number_at(ctx, MW_AT_SITE);
	site = bpf_map_lookup_elem(&mw_intsites, &made.site);
	t = site ? thread_get(bpf_get_current_pid_tgid(), MW_PYLONG) : NULL;
	if (!t)
		return 0;
	made.addr = register_word(ctx, site->word);
	if (!made.addr) /* memory has run out, as the instruction below is about to find */
		return 0;
	stack = stack_of(ctx, t, AT_SITE);
	p = &t->pending[MW_FAMILY_PYLONG];
	made.maker = maker_of(p, sp, made.site);
	made.filled = !!(site->flags & MW_SITE_FILLED);
	t->made++;
	if (t->in_use) {
		if (!known)
			find_where(sp, 1);
		known = 1;
		read_values(t, sp, made.maker, made.addr,
			    made.site | MW_MAKING |
				    (site->flags & MW_SITE_UNTOUCHED ? MW_UNTOUCHED : 0));
	}
	inside = p->sp && sp <= p->sp;
	if (inside) {
		if (!p->size++)
			p->align = made.addr; /* the first, and ... */
		p->pointer = made.addr; /* ... the last it made: one of them is its result */
	}
	e = emit_reserve(MW_PYLONG, t->pid_tgid);
	if (!e)
		return 0;
	if (inside)
		e->probe = p->probe;
	e->sp = sp;
	e->addr = made.addr;
	e->stack = stack;
	e->flags = MW_F_SITE;
	e->aux = made.site;
	if (!value_at_once(ctx, site, e, made.addr) || may_turn(site, e)) {
		if (!known)
			find_where(sp, 1);
		made.soon = e->flags & MW_F_VALUE;
		e->flags &= ~MW_F_VALUE;
		e->size = 0;
		e->flags |= MW_F_LATER;
		e->took_ns = value_later(t, &made);
	}
	emit_submit(e);
	return 0;
}
