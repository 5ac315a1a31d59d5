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

/* pid << 32 | tid of the current thread as we and /proc count. */
static __always_inline __u64 current_pid_tgid(void)
{
	struct task_struct *task;

	if (!mw_config.pidns_ino)
		return bpf_get_current_pid_tgid();
	task = current_task();
	return (__u64)number_of(BPF_CORE_READ(task, group_leader)) << 32 | number_of(task);
}

static __always_inline void emit_begin(struct mw_event *e, __u32 kind, __u64 pid_tgid)
{
	e->ts_ns = bpf_ktime_get_ns();
	e->pid = pid_tgid >> 32;
	e->tid = pid_tgid;
	e->kind = kind;
	e->flags = 0;
	e->probe = MW_PROBE_NONE;
	e->lost = mw_lost_total;
	e->sp = 0;
	e->caller = 0;
	e->addr = 0;
	e->size = 0;
	e->aux = 0;
	e->took_ns = 0;
	e->stack = 0;
}

#ifndef MW_RING_ONLY

#define SLOT_TRIES 32 /* each that fails is another CPU's success */

/*
 * A slot of our own, for slot_submit; NULL when the reader has not yet done with it, or
 * too many CPUs wanted one. With slots instead of the kernel's ring, which takes a lock
 * and five calls for an event, a malloc and free pair takes 190 ns less (AMD EPYC).
 */
static __always_inline struct mw_event *slot_reserve(enum mw_loss *cause)
{
	__u64 at = *(volatile __u64 *)&mw_positions.head, seen;
	struct mw_event *e;
	__u32 index;

	*cause = MW_LOSS_RING_FULL;
	for (int i = 0; i < SLOT_TRIES; i++) {
		/* less than 0: we were preempted, and head has moved on */
		if ((__s64)(at - *(volatile __u64 *)&mw_positions.tail) > (__s64)mw_config.slots_mask)
			return NULL;
		seen = __sync_val_compare_and_swap(&mw_positions.head, at, at + 1);
		if (seen == at) {
			index = at & mw_config.slots_mask;
			e = bpf_map_lookup_elem(&mw_slots, &index);
			if (e)
				e->seq = at; /* not at + 1: not whole yet */
			return e;
		}
		at = seen;
	}
	*cause = MW_LOSS_CONTENDED;
	return NULL;
}

/* x86-64 lets other CPUs see stores in their order. */
static __always_inline void slot_submit(struct mw_event *e)
{
	barrier();
	*(volatile __u32 *)&e->seq = e->seq + 1;
}

/* An event that is no more than a struct mw_event; NULL, and counted, when it is lost. */
static __always_inline struct mw_event *emit_reserve(__u32 kind, __u64 pid_tgid)
{
	enum mw_loss cause;
	struct mw_event *e;

	/* before the slot, which is seldom in the cache: an atomic add would wait for its store */
	count_hit(kind);
	e = slot_reserve(&cause);
	if (!e) {
		count_lost(kind, cause);
		return NULL;
	}
	emit_begin(e, kind, pid_tgid);
	return e;
}

static __always_inline void emit_submit(struct mw_event *e)
{
	slot_submit(e);
}

/*
 * The place of a long record in the order: a slot that says its number. The record is
 * in the ring before the slot is whole.
 */
static __always_inline struct mw_event *place_reserve(struct mw_event *record)
{
	enum mw_loss cause;
	struct mw_event *place = slot_reserve(&cause);

	if (!place) {
		count_lost(record->kind, cause);
		return NULL;
	}
	record->seq = __sync_fetch_and_add(&mw_positions.records, 1);
	place->aux = record->seq;
	place->kind = MW_LONG;
	return place;
}

#else /* before 5.12: no compare and swap, nor a fetching add */

static __always_inline struct mw_event *emit_reserve(__u32 kind, __u64 pid_tgid)
{
	struct mw_event *e = bpf_ringbuf_reserve(&mw_ring, sizeof(*e), 0);

	count_hit(kind);
	if (!e) {
		count_lost(kind, MW_LOSS_RING_FULL);
		return NULL;
	}
	emit_begin(e, kind, pid_tgid);
	return e;
}

static __always_inline void emit_submit(struct mw_event *e)
{
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
}

static __always_inline struct mw_event *place_reserve(struct mw_event *record)
{
	return record;
}

static __always_inline void slot_submit(struct mw_event *e)
{
}

#endif

/* Wake the reader, once what it is to see is whole. */
static __always_inline void emit_wake(void)
{
	__u64 bell = 0;

	bpf_ringbuf_output(&mw_ring, &bell, MW_BELL, BPF_RB_FORCE_WAKEUP);
}

/*
 * A record of size bytes, which is a constant at every call, with its head begun; NULL,
 * and counted, when the ring is full.
 */
static __always_inline void *emit_reserve_long(__u32 kind, __u64 pid_tgid, __u64 size)
{
	struct mw_event *e = bpf_ringbuf_reserve(&mw_ring, size, 0);

	count_hit(kind);
	if (!e) {
		count_lost(kind, MW_LOSS_RING_FULL);
		return NULL;
	}
	emit_begin(e, kind, pid_tgid);
	return e;
}

/*
 * The reader polls. Waking it costs 4 to 5 microseconds an event in a VM, so only
 * what it must act on at once (exec, exit, a newly mapped library) wakes it.
 */
static __always_inline void emit_submit_long(void *record, int urgent)
{
	struct mw_event *place = place_reserve(record);

	if (!place) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return;
	}
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	slot_submit(place);
	if (urgent)
		emit_wake();
}

#endif
