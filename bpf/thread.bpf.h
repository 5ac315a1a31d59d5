/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * thread.bpf.h - what is remembered of a target's thread between two probes.
 */
#ifndef MWBPF_THREAD_BPF_H
#define MWBPF_THREAD_BPF_H

#include "emit.bpf.h"

static __always_inline int is_target(__u32 pid)
{
	return bpf_map_lookup_elem(&mw_targets, &pid) != NULL;
}

/* MW_TARGET_* of a thread's process. */
static __always_inline __u32 thread_bits(struct mw_thread *t)
{
	__u32 change = *(volatile __u32 *)&mw_targets_changes, pid = t->pid_tgid >> 32, *bits;

	if (t->bits_change != change) {
		bits = bpf_map_lookup_elem(&mw_targets, &pid);
		t->bits = bits ? *bits : 0;
		t->bits_change = change;
	}
	return t->bits;
}

/*
 * The current thread's state if it has one; NULL for threads of other processes. key is
 * what bpf_get_current_pid_tgid says.
 */
static __always_inline struct mw_thread *thread_find(__u64 key)
{
	__u32 index = key & (MW_THREADS - 1);
	struct mw_thread *t = bpf_map_lookup_elem(&mw_threads, &index);

	if (t && t->key == key)
		return t;
	return mw_spilled ? bpf_map_lookup_elem(&mw_thread_table, &key) : NULL;
}

static __always_inline void thread_reset(struct mw_thread *t)
{
	for (int i = 0; i < MW_FAMILY_MAX; i++)
		t->pending[i].sp = 0;
	t->syscall_ns = 0;
	for (int i = 0; i < 4; i++)
		t->stacks[i] = 0;
	t->in_use = 0;
	t->frame = t->instr = 0;
	t->below = 0;
	t->fs = 0;
	t->bits_change = 0;
}

#ifndef MW_RING_ONLY
/* Make a free entry the current thread's, or one that a thread of its number left behind. */
static __always_inline struct mw_thread *thread_claim(__u64 key)
{
	__u32 index = key & (MW_THREADS - 1);
	struct mw_thread *t = bpf_map_lookup_elem(&mw_threads, &index);
	__u64 owner;

	if (!t)
		return NULL;
	owner = __sync_val_compare_and_swap(&t->key, 0, key);
	if (!owner)
		return t;
	if ((__u32)owner != (__u32)key)
		return NULL;
	thread_reset(t);
	t->key = key;
	return t;
}
#else
static __always_inline struct mw_thread *thread_claim(__u64 key)
{
	return NULL;
}
#endif

static __always_inline struct mw_thread *thread_make(__u64 key)
{
	struct mw_thread *t = thread_claim(key);

	if (t)
		return t;
	/* from constants: it is too large for the stack of a program */
	if (!bpf_map_update_elem(&mw_thread_table, &key, (const void *)&mw_new_thread, BPF_NOEXIST))
		__sync_fetch_and_add(&mw_spilled, 1);
	t = bpf_map_lookup_elem(&mw_thread_table, &key);
	if (t)
		t->key = key;
	return t;
}

/* As thread_find, but makes the state of a target's thread at its first probe. */
static __always_inline struct mw_thread *thread_get(__u64 key, __u32 kind)
{
	struct mw_thread *t = thread_find(key);
	__u64 pid_tgid;

	if (t)
		return t;
	pid_tgid = current_pid_tgid();
	if (!is_target(pid_tgid >> 32))
		return NULL;
	t = thread_make(key);
	if (t) {
		t->pid_tgid = pid_tgid;
		return t;
	}
	count_hit(kind);
	count_lost(kind, MW_LOSS_NO_THREAD);
	return NULL;
}

/* The thread has ended, or runs another program now. */
static __always_inline void thread_forget(__u64 key)
{
	__u32 index = key & (MW_THREADS - 1);
	struct mw_thread *t = bpf_map_lookup_elem(&mw_threads, &index);

	if (t && t->key == key) {
		thread_reset(t);
		barrier();
		*(volatile __u64 *)&t->key = 0;
	} else if (mw_spilled && !bpf_map_delete_elem(&mw_thread_table, &key)) {
		__sync_fetch_and_add(&mw_spilled, -1);
	}
}

/* The user-mode registers of a task that is in the kernel. 0, or -errno. */
static __always_inline int user_regs(struct task_struct *task, struct pt_regs *regs)
{
	void *saved;

	/* b8ebce86ffe6 ("libbpf, bpf: bpf_task_pt_regs") of 5.15; before it, the
	 * registers are at the top of the kernel stack, which is 16 KiB on x86-64 */
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		saved = (void *)bpf_task_pt_regs(task);
	else
		saved = BPF_CORE_READ(task, stack) + 16384 - sizeof(struct pt_regs);
	return bpf_probe_read_kernel(regs, sizeof(*regs), saved);
}

#endif
