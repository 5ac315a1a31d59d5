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

/* A thread's pointer to its own data is set once, by the C library, before it runs. */
static __always_inline __u64 thread_pointer(struct mw_thread *t)
{
	if (!t->fs)
		t->fs = BPF_CORE_READ(current_task(), thread.fsbase);
	return t->fs;
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
 * Whoever has the GIL comes first: in a subinterpreter that is another state than the one
 * the TSS leads to. While the thread is without it, nothing tells which of several
 * interpreters it has left.
 */
static __always_inline __u64 tstate_by_gil(const struct mw_pylayout *l, __u64 fs, __u16 *reason)
{
	__u64 holder = 0, tstate;

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

/* The calling thread's PyThreadState. 0 when there is none: then the reason. */
static __always_inline __u64 find_tstate(const struct mw_pylayout *l, struct mw_thread *t,
					 __u16 *reason)
{
	__u64 fs = thread_pointer(t), tstate = 0;

	*reason = MW_STACK_NO_THREAD;
	if (l->has & (MW_PY_TLS | MW_PY_TLS_BOUND))
		tstate = tstate_by_tls(l, fs);
	if (tstate || l->has & MW_PY_TLS_BOUND)
		return tstate;
	if (l->has & MW_PY_TSS && !(l->has & MW_PY_TSS_FIRST))
		return tstate_by_tss(l, fs);
	return tstate_by_gil(l, fs, reason);
}

#endif
