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

/* Whether all ints that a target makes are seen where they are made. */
static __always_inline int has_sites(__u32 pid)
{
	__u32 *bits = bpf_map_lookup_elem(&mw_targets, &pid);

	return bits && *bits & MW_TARGET_SITES;
}

static __always_inline struct mw_thread *thread_slot(__u64 pid_tgid)
{
	__u32 tid = pid_tgid;

	if (mw_config.has_task_storage)
		return bpf_task_storage_get(&mw_threads, bpf_get_current_task_btf(), NULL, 0);
	return bpf_map_lookup_elem(&mw_thread_table, &tid);
}

/* The thread's state if it has one; NULL for threads of other processes. */
static __always_inline struct mw_thread *thread_find(__u64 pid_tgid)
{
	struct mw_thread *t = thread_slot(pid_tgid);

	/* another pid: the tid was reused after an exit that was not seen */
	return t && t->pid == pid_tgid >> 32 ? t : NULL;
}

static __always_inline struct mw_thread *thread_make(__u64 pid_tgid)
{
	struct mw_thread fresh = { .pid = pid_tgid >> 32 };
	__u32 tid = pid_tgid;

	if (mw_config.has_task_storage)
		return bpf_task_storage_get(&mw_threads, bpf_get_current_task_btf(), &fresh,
					    BPF_LOCAL_STORAGE_GET_F_CREATE);
	bpf_map_update_elem(&mw_thread_table, &tid, &fresh, BPF_ANY);
	return bpf_map_lookup_elem(&mw_thread_table, &tid);
}

/* As thread_find, but makes the state of a target's thread at its first probe. */
static __always_inline struct mw_thread *thread_get(__u64 pid_tgid, __u32 kind)
{
	struct mw_thread *t = thread_find(pid_tgid);

	if (t)
		return t;
	if (!is_target(pid_tgid >> 32))
		return NULL;
	t = thread_make(pid_tgid);
	if (t)
		return t;
	count_hit(kind);
	count_lost(kind, MW_LOSS_NO_THREAD);
	return NULL;
}

/* The current thread has ended, or runs another program now. */
static __always_inline void thread_forget(__u64 pid_tgid)
{
	__u32 tid = pid_tgid;

	if (mw_config.has_task_storage)
		bpf_task_storage_delete(&mw_threads, bpf_get_current_task_btf());
	else
		bpf_map_delete_elem(&mw_thread_table, &tid);
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
