/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pythread.bpf.h - from the calling thread to the state that CPython has of it.
 *
 * The ways there are, and where they lead when: include/mwbpf/pylayout.h.
 */
#ifndef MWBPF_PYTHREAD_BPF_H
#define MWBPF_PYTHREAD_BPF_H

#include "scratch.bpf.h"

static __always_inline __u64 read_user_u64(__u64 addr)
{
	__u64 value = 0;

	bpf_probe_read_user(&value, sizeof(value), (void *)addr);
	return value;
}

/*
 * Less of a stack in use than this is the thread's own: the main one has more room kept free
 * below it (mmap_base(), arch/x86/mm/mmap.c), another thread's is as large by default.
 */
#define STACK_OWN (8ULL << 20)

/*
 * A thread's pointer to its own data is set once, by the C library, before it runs: to the
 * top of its stack, but in the main thread.
 */
static __always_inline __u64 thread_pointer(struct mw_thread *t, __u64 sp)
{
	struct task_struct *task = current_task();

	if (t->fs)
		return t->fs;
	t->fs = BPF_CORE_READ(task, thread.fsbase);
	t->stack_top = t->fs - sp < STACK_OWN ? t->fs : BPF_CORE_READ(task, mm, start_stack);
	return t->fs;
}

/* Whether it was the calling thread that made a thread state; another one may run it. */
static __always_inline int is_own_tstate(const struct mw_pylayout *l, __u64 tstate, __u64 fs)
{
	return tstate && read_user_u64(tstate + l->tstate_thread_id) == fs;
}

/* Whether it is the calling thread that runs a thread state. 0 when that is not known, too. */
static __always_inline int is_run_here(const struct mw_pylayout *l, __u64 tstate,
				       const struct mw_thread *t, __u64 sp)
{
	__u64 used = t->stack_top - sp;

	return l->has & MW_PY_CSTACK && used < STACK_OWN &&
	       read_user_u64(tstate + l->tstate_cframe) - sp < used;
}

static __always_inline int has_subinterpreters(const struct mw_pylayout *l)
{
	__u64 newest = read_user_u64(l->interpreters);

	return newest && read_user_u64(newest + l->interp_next);
}

/* Where the thread-local variables lie that the offsets count from; 0: the thread has none. */
static __always_inline __u64 tls_base(const struct mw_pylayout *l, __u64 fs)
{
	__u64 dtv, base;

	if (!l->tls_module)
		return fs;
	dtv = read_user_u64(fs + MW_PY_DTV);
	if (l->tls_module > read_user_u64(dtv - MW_PY_DTV_ENTRY))
		return 0;
	base = read_user_u64(dtv + l->tls_module * MW_PY_DTV_ENTRY);
	return base == MW_PY_DTV_UNALLOCATED ? 0 : base;
}

static __always_inline __u64 tstate_by_tls(const struct mw_pylayout *l, __u64 fs)
{
	__u64 base = tls_base(l, fs), tstate = 0;

	if (!base)
		return 0;
	if (l->has & MW_PY_TLS)
		tstate = read_user_u64(base + l->tls);
	/* empty while the thread is without the GIL */
	if (!tstate && l->has & MW_PY_TLS_BOUND)
		tstate = read_user_u64(base + l->tls_bound);
	return tstate;
}

static __always_inline __u64 tstate_by_tss(const struct mw_pylayout *l, __u64 fs)
{
	__u32 key = ~0U;

	if (bpf_probe_read_user(&key, sizeof(key), (void *)l->tss_key) || key >= MW_PY_TSS_KEYS)
		return 0;
	return read_user_u64(fs + MW_PY_TSS_DATA + key * 16 + 8);
}

/*
 * The state that has the GIL, or, without it, the thread's first: which of the two cannot be
 * told where a thread can have several states. It may be without the GIL while another one
 * runs a state that it made, as _xxsubinterpreters.run_string() does.
 */
static __always_inline __u64 tstate_by_gil(const struct mw_pylayout *l, const struct mw_thread *t,
					   __u64 sp, int has_gil, __u16 *reason)
{
	__u64 holder = 0, first = 0;
	int own;

	if (l->has & MW_PY_GIL_HOLDER)
		holder = read_user_u64(l->gil_holder);
	/* from 3.12 on there may be other GILs than the one whose holder this is */
	if (holder && ((has_gil && l->version < 0x030c) || is_run_here(l, holder, t, sp)))
		return holder;
	if (l->has & MW_PY_TSS_FIRST)
		first = tstate_by_tss(l, t->fs);
	if (holder == first && (!holder || !(l->has & MW_PY_CSTACK)))
		return holder;
	own = is_own_tstate(l, holder, t->fs);
	if (!has_subinterpreters(l) && (!own || !first || holder == first))
		return own ? holder : first;
	*reason = MW_STACK_ANY_INTERPRETER;
	return 0;
}

/*
 * The calling thread's PyThreadState. 0 when there is none: then the reason. sp: its stack
 * pointer; has_gil: it is in code of CPython's that runs with the GIL only.
 */
static __always_inline __u64 find_tstate(const struct mw_pylayout *l, struct mw_thread *t,
					 __u64 sp, int has_gil, __u16 *reason)
{
	__u64 fs = thread_pointer(t, sp), tstate = 0;

	*reason = MW_STACK_NO_THREAD;
	if (l->has & (MW_PY_TLS | MW_PY_TLS_BOUND))
		tstate = tstate_by_tls(l, fs);
	if (tstate || l->has & MW_PY_TLS_BOUND)
		return tstate;
	if (l->has & MW_PY_TSS && !(l->has & MW_PY_TSS_FIRST))
		return tstate_by_tss(l, fs);
	return tstate_by_gil(l, t, sp, has_gil, reason);
}

#endif
