/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * call.bpf.h - from a probed function's entry and return to one event.
 *
 * Only the outermost call of a family is reported: realloc(NULL, n) jumps to
 * malloc, calloc may call malloc. The entry of the outermost call is remembered
 * with its stack pointer S, and that alone tells everything:
 *
 *   a call with a stack pointer below S is nested;
 *   one at S exactly was reached by a tail jump and is nested too, unless it is the
 *     same function: none jumps to itself, so the remembered call was left;
 *   one above S means that the remembered call was left without a return;
 *   the return that leaves the stack pointer at S + 8 is the outermost one.
 */
#ifndef MWBPF_CALL_BPF_H
#define MWBPF_CALL_BPF_H

#include "intvalue.bpf.h"

/* What only kernels before 6.1 have. */
struct vmacache___old {
	struct vm_area_struct *vmas[4];
} __attribute__((preserve_access_index));

struct task_struct___old {
	struct vmacache___old vmacache;
} __attribute__((preserve_access_index));

/*
 * Where in its file a probe is; all ones when that is not known. The kernel has just looked
 * for the mapping of this address, and find_vma() leaves what it finds in a small cache of
 * the task (mm/vmacache.c of 5.8 to 5.14, all the kernels that have to do without cookies).
 * Unlike the address itself, the offset stays the same when the task executes a program.
 */
static __always_inline __u64 offset_of(__u64 ip)
{
	struct task_struct___old *task = (void *)current_task();

	for (int i = 0; i < 4; i++) {
		struct vm_area_struct *vma = BPF_CORE_READ(task, vmacache.vmas[i]);
		__u64 start = BPF_CORE_READ(vma, vm_start);

		if (vma && start <= ip && ip < BPF_CORE_READ(vma, vm_end))
			return ip - start + (BPF_CORE_READ(vma, vm_pgoff) << 12);
	}
	return ~0ULL;
}

/* The number of what was hit, where the kernel has no cookies; all ones: it cannot be told. */
static __always_inline __u32 number_at(struct pt_regs *ctx, enum mw_at what)
{
	struct mw_probe_at at = { .what = what };
	__u32 *number;

	at.offset = offset_of(PT_REGS_IP(ctx));
	at.pid = current_pid_tgid() >> 32;
	number = bpf_map_lookup_elem(&mw_probe_at, &at);
	return number ? *number : ~0U;
}

/* Which row of probes.def was hit; MW_PROBE_MAX or more when it cannot be told. */
static __always_inline __u32 probe_of(struct pt_regs *ctx, __u64 cookie)
{
	if (mw_config.has_cookie)
		return cookie & ((1 << MW_COOKIE_ROW_BITS) - 1);
	return number_at(ctx, MW_AT_ROW);
}

/* volatile: clang would else choose among addresses, and the verifier wants constant ones */
static __always_inline __u64 argument(struct pt_regs *ctx, __u8 n)
{
	__u64 first = *(volatile unsigned long *)&ctx->di;
	__u64 second = *(volatile unsigned long *)&ctx->si;
	__u64 third = *(volatile unsigned long *)&ctx->dx;

	return n == 0 ? first : n == 1 ? second : n == 2 ? third : 0;
}

/* size * count, or all ones where that overflows: such a request must fail. */
static __always_inline __u64 requested(struct pt_regs *ctx, const volatile struct mw_probe_spec *spec)
{
	__u64 size = argument(ctx, spec->size);
	__u64 most = ~0ULL;
	__u64 count;

	if (spec->count == MW_NA)
		return size;
	count = argument(ctx, spec->count);
	barrier_var(most); /* else clang sees an overflow test and calls for a 128-bit multiply */
	if ((size | count) >> 32 && size && count > most / size)
		return ~0ULL;
	return size * count;
}

/* At an entry. At a return it is where the thread goes on: no read of 30 to 120 ns is needed. */
static __always_inline __u64 return_address(__u64 sp)
{
	__u64 caller = 0;

	bpf_probe_read_user(&caller, sizeof(caller), (void *)sp);
	return caller;
}

/* Whether a call at sp is inside the pending one; ends a pending one that was left. */
static __always_inline int is_nested(struct mw_pending *p, __u64 sp, __u32 probe)
{
	if (!p->sp || sp < p->sp)
		return p->sp != 0;
	if (sp == p->sp && probe != p->probe)
		return 1;
	count_hit(mw_probe_specs[p->probe & (MW_PROBE_SPECS - 1)].kind);
	count_lost(mw_probe_specs[p->probe & (MW_PROBE_SPECS - 1)].kind, MW_LOSS_NO_RETURN);
	p->sp = 0;
	return 0;
}

static __always_inline void emit_free(struct pt_regs *ctx, struct mw_thread *t, __u32 probe)
{
	__u64 stack = stack_of(ctx, t, AT_CALL), sp = PT_REGS_SP(ctx);
	struct mw_event *e;

	values_settle(t, sp, 0);
	e = emit_reserve(MW_FREE, t->pid_tgid);
	if (!e)
		return;
	e->probe = probe;
	e->sp = sp;
	if (mw_config.take_caller && (!stack || t->frame <= MW_NO_PYTHON))
		e->caller = return_address(sp);
	e->addr = argument(ctx, mw_probe_specs[probe & (MW_PROBE_SPECS - 1)].pointer);
	e->stack = stack;
	emit_submit(e);
}

/* Entry of the function that row probe says. 1 when its return need not be seen. */
static __always_inline int call_enter(struct pt_regs *ctx, enum mw_family family, __u32 probe)
{
	const volatile struct mw_probe_spec *spec = &mw_probe_specs[probe & (MW_PROBE_SPECS - 1)];
	__u64 sp = PT_REGS_SP(ctx);
	struct mw_pending *p;
	struct mw_thread *t;

	if (mw_armed < MW_ARM_ALL || probe >= MW_PROBE_MAX)
		return 1;
	if (spec->role == MW_ROLE_FREE && !argument(ctx, spec->pointer))
		return 1;
	t = thread_get(bpf_get_current_pid_tgid(), spec->kind);
	if (!t)
		return 1;
	p = &t->pending[family];
	if (is_nested(p, sp, probe)) {
		count_nested();
		return 1;
	}
	if (spec->role == MW_ROLE_FREE) {
		emit_free(ctx, t, probe);
		return 1;
	}
	p->probe = probe;
	p->size = requested(ctx, spec);
	p->pointer = argument(ctx, spec->pointer);
	p->align = argument(ctx, spec->align);
	p->enter_ns = spec->role == MW_ROLE_REALLOC ? bpf_ktime_get_ns() : 0;
	p->stack = stack_of(ctx, t, family == MW_FAMILY_PYLONG ? AT_CONSTRUCTOR : AT_CALL);
	values_settle(t, sp, family == MW_FAMILY_PYLONG);
	/* from now on the kernel's own address is there */
	p->caller = family == MW_FAMILY_PYLONG ? return_address(sp) : 0;
	p->sp = sp;
	return 0;
}

/* What the call made: its address, and whether it failed. */
static __always_inline void result_of(struct pt_regs *ctx, __u8 role, const struct mw_pending *p,
				      struct mw_event *e)
{
	__u64 result = PT_REGS_RC(ctx);

	e->addr = result;
	if (role == MW_ROLE_MEMPTR) {
		e->addr = 0;
		if ((__u32)result == 0)
			bpf_probe_read_user(&e->addr, sizeof(e->addr), (void *)p->pointer);
	}
	/* realloc(block, 0) is NULL in success: the block is freed */
	if (!e->addr && !(role == MW_ROLE_REALLOC && p->pointer && !p->size))
		e->flags |= MW_F_FAILED;
}

/* Return from a probed function. */
static __always_inline int call_return(struct pt_regs *ctx, enum mw_family family)
{
	struct mw_thread *t = thread_find(bpf_get_current_pid_tgid());
	const volatile struct mw_probe_spec *spec;
	struct mw_event *e;
	struct mw_pending *p;
	int sites;
	__u64 sp;

	if (!t)
		return 0;
	p = &t->pending[family];
	sp = p->sp;
	if (!sp || PT_REGS_SP(ctx) != sp + sizeof(__u64))
		return 0;
	p->sp = 0;
	spec = &mw_probe_specs[p->probe & (MW_PROBE_SPECS - 1)];
	sites = family == MW_FAMILY_PYLONG && thread_bits(t) & MW_TARGET_SITES;
	/*
	 * The ints it made were reported as it made them. Its result may be another one all
	 * the same: int("1") makes an int and gives out the cached 1.
	 */
	if (sites && p->size && (PT_REGS_RC(ctx) == p->pointer || PT_REGS_RC(ctx) == p->align)) {
		count_nested();
		return 0;
	}
	/* that writer's int was reported as it was made, by another call */
	if (sites && p->probe == MW_PROBE_PYLONGWRITER_FINISH && PT_REGS_RC(ctx) && t->in_use &&
	    value_returned(PT_REGS_RC(ctx))) {
		count_nested();
		return 0;
	}
	e = emit_reserve(spec->kind, t->pid_tgid);
	if (!e)
		return 0;
	e->probe = p->probe;
	e->sp = sp;
	e->caller = PT_REGS_IP(ctx);
	e->stack = p->stack;
	e->size = sites ? 0 : p->size;
	result_of(ctx, spec->role, p, e);
	if (sites)
		e->flags |= MW_F_CACHED;
	e->aux = spec->role == MW_ROLE_REALLOC ? p->pointer : p->align;
	if (p->enter_ns)
		e->took_ns = e->ts_ns - p->enter_ns > ~0U ? ~0U : e->ts_ns - p->enter_ns;
	emit_submit(e);
	return 0;
}

/*
 * Whether a session program runs at entry, where the instruction pointer is still at the
 * probe, or at return. The cookie says where the probe was when it was attached, without
 * a call; code that was mapped a second time since has the same place in its page. (The
 * kernel offers a call that tells, with a prototype that changed between 6.18 and 7.0.)
 */
static __always_inline int is_entry(struct pt_regs *ctx, __u64 cookie)
{
	__u64 away = PT_REGS_IP(ctx) ^ cookie >> MW_COOKIE_ROW_BITS;

	if (!away)
		return 1;
	return !(away & 0xfff) && PT_REGS_IP(ctx) == bpf_get_func_ip(ctx);
}

static __always_inline __u64 cookie_of(struct pt_regs *ctx)
{
	return mw_config.has_cookie ? bpf_get_attach_cookie(ctx) : 0;
}

static __always_inline int call_session(struct pt_regs *ctx, enum mw_family family)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);

	if (is_entry(ctx, cookie))
		return call_enter(ctx, family, probe_of(ctx, cookie));
	return call_return(ctx, family);
}

/*
 * The three programs of a family. The kernel knows them by the attach type that
 * user space sets before the load: session; or enter and leave, by multi or perf
 * links. The return value of enter is ignored by those, and must be 0 on perf.
 */
#define CALL_PROGRAMS(name, family)                                                   \
	SEC("?kprobe")                                                                \
	int name##_session(struct pt_regs *ctx)                                       \
	{                                                                             \
		keep_own_stack(ctx);                                                  \
		return call_session(ctx, family);                                     \
	}                                                                             \
	SEC("?kprobe")                                                                \
	int name##_enter(struct pt_regs *ctx)                                         \
	{                                                                             \
		keep_own_stack(ctx);                                                  \
		call_enter(ctx, family, probe_of(ctx, cookie_of(ctx)));               \
		return 0;                                                             \
	}                                                                             \
	SEC("?kprobe")                                                                \
	int name##_leave(struct pt_regs *ctx)                                         \
	{                                                                             \
		keep_own_stack(ctx);                                                  \
		return call_return(ctx, family);                                      \
	}

#endif
