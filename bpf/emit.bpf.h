/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * emit.bpf.h - records onto the ring, and an account of those that did not fit.
 */
#ifndef MWBPF_EMIT_BPF_H
#define MWBPF_EMIT_BPF_H

#include "maps.bpf.h"

static __always_inline struct mw_counters *own_counters(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&mw_counters, &cpu);
}

/* Programs can be interrupted by others on the same CPU: atomic although per CPU. */
static __always_inline void count_hit(__u32 kind)
{
	struct mw_counters *c = own_counters();

	barrier_var(kind); /* in a register: 6.1 forgets what was compared if it was spilled */
	if (c && kind < MW_KIND_MAX)
		__sync_fetch_and_add(&c->hits[kind], 1);
}

static __always_inline void count_nested(void)
{
	struct mw_counters *c = own_counters();

	if (c)
		__sync_fetch_and_add(&c->nested, 1);
}

static __always_inline void count_lost(__u32 kind, enum mw_loss cause)
{
	struct mw_counters *c = own_counters();

	barrier_var(kind);
	if (c && kind < MW_KIND_MAX) {
		__sync_fetch_and_add(&c->lost[kind], 1);
		__sync_fetch_and_add(&c->cause[cause], 1);
	}
	__sync_fetch_and_add(&mw_lost_total, 1);
}

/* bpf_get_current_task_btf is of 5.11 */
static __always_inline struct task_struct *current_task(void)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		return bpf_get_current_task_btf();
	return (struct task_struct *)bpf_get_current_task();
}

#define PIDNS_LEVELS 8 /* how deep namespaces are looked for ours */

/*
 * A task's number in our pid namespace; 0 where it is not to be seen. (The helper
 * bpf_get_ns_current_pid_tgid knows only tasks whose own namespace it is, not those in
 * a namespace below.)
 */
static __always_inline __u32 number_of(struct task_struct *task)
{
	struct pid *pid;
	__u32 level;

	if (!mw_config.pidns_ino)
		return BPF_CORE_READ(task, pid);
	pid = BPF_CORE_READ(task, thread_pid);
	level = BPF_CORE_READ(pid, level);
	for (__u32 i = 0; i < PIDNS_LEVELS && i <= level; i++)
		if (BPF_CORE_READ(pid, numbers[i].ns, ns.inum) == mw_config.pidns_ino)
			return BPF_CORE_READ(pid, numbers[i].nr);
	return 0;
}

static __always_inline __u64 current_pid_tgid(void)
{
	struct task_struct *task;

	if (!mw_config.pidns_ino)
		return bpf_get_current_pid_tgid();
	task = current_task();
	return (__u64)number_of(BPF_CORE_READ(task, group_leader)) << 32 | number_of(task);
}

/*
 * A record of size bytes with its head begun; NULL, and counted, when the ring
 * is full. size is a constant at every call.
 */
static __always_inline void *emit_reserve(__u32 kind, __u64 pid_tgid, __u64 size)
{
	struct mw_event *e = bpf_ringbuf_reserve(&mw_ring, size, 0);

	count_hit(kind);
	if (!e) {
		count_lost(kind, MW_LOSS_RING_FULL);
		return NULL;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->ts_ns = bpf_ktime_get_ns();
	e->pid = pid_tgid >> 32;
	e->tid = pid_tgid;
	e->kind = kind;
	e->probe = MW_PROBE_NONE;
	e->lost = mw_lost_total;
	return e;
}

/*
 * The reader polls. Waking it costs 4 to 5 microseconds an event in a VM, so only
 * what it must act on at once (exec, exit, a newly mapped library) wakes it.
 */
static __always_inline void emit_submit(void *event, int urgent)
{
	bpf_ringbuf_submit(event, urgent ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

#endif
