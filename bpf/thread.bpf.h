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

/* The thread's state if it has one; NULL for threads of other processes. */
static __always_inline struct mw_thread *thread_find(__u64 pid_tgid)
{
	__u32 tid = pid_tgid;
	struct mw_thread *t = bpf_map_lookup_elem(&mw_threads, &tid);

	/* another pid: the tid was reused after an exit that was not seen */
	return t && t->pid == pid_tgid >> 32 ? t : NULL;
}

/* As thread_find, but makes the state of a target's thread at its first probe. */
static __always_inline struct mw_thread *thread_get(__u64 pid_tgid, __u32 kind)
{
	struct mw_thread fresh = {};
	struct mw_thread *t = thread_find(pid_tgid);
	__u32 tid = pid_tgid;

	if (t)
		return t;
	fresh.pid = pid_tgid >> 32;
	if (!is_target(fresh.pid))
		return NULL;
	if (bpf_map_update_elem(&mw_threads, &tid, &fresh, BPF_ANY)) {
		count_hit(kind);
		count_lost(kind, MW_LOSS_NO_THREAD);
		return NULL;
	}
	return bpf_map_lookup_elem(&mw_threads, &tid);
}

static __always_inline void thread_forget(__u32 tid)
{
	bpf_map_delete_elem(&mw_threads, &tid);
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
