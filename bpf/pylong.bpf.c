// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pylong.bpf.c - CPython's int constructors, and where it makes ints without them. */
#include "call.bpf.h"

CALL_PROGRAMS(pylong, MW_FAMILY_PYLONG)

/* A word of the registers; from a copy, for the verifier wants constant offsets of ctx. */
static __always_inline __u64 register_word(struct pt_regs *ctx, __u8 word)
{
	__u64 words[sizeof(*ctx) / sizeof(__u64)];

	if (word >= sizeof(words) / sizeof(*words) ||
	    bpf_probe_read_kernel(words, sizeof(words), ctx))
		return 0;
	return words[word];
}

/*
 * An instruction that makes an int. Inside an exported constructor the event names that;
 * the constructor's return then has nothing to add.
 */
SEC("?kprobe")
int int_site(struct pt_regs *ctx)
{
	__u64 sp = PT_REGS_SP(ctx), addr, stack;
	struct mw_intsite *site;
	struct mw_pending *p;
	struct mw_thread *t;
	struct mw_event *e;
	__u32 number;

	keep_own_stack(ctx);
	if (mw_armed < MW_ARM_ALL)
		return 0;
	number = mw_config.has_cookie ? bpf_get_attach_cookie(ctx) : number_at(ctx, MW_AT_SITE);
	site = bpf_map_lookup_elem(&mw_intsites, &number);
	t = site ? thread_get(bpf_get_current_pid_tgid(), MW_PYLONG) : NULL;
	if (!t)
		return 0;
	addr = register_word(ctx, site->word);
	if (!addr) /* memory has run out, as the instruction below is about to find */
		return 0;
	stack = stack_of(ctx, t, AT_SITE);
	e = emit_reserve(MW_PYLONG, t->pid_tgid);
	if (!e)
		return 0;
	p = &t->pending[MW_FAMILY_PYLONG];
	if (p->sp && sp <= p->sp) {
		if (!p->size++)
			p->align = addr; /* the first, and ... */
		p->pointer = addr; /* ... the last it made: one of them is its result */
		e->probe = p->probe;
	}
	e->sp = sp;
	e->addr = addr;
	e->stack = stack;
	e->flags = MW_F_SITE;
	e->aux = number;
	emit_submit(e);
	return 0;
}
