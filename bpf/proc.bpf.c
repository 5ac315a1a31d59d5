// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* proc.bpf.c - threads, children, exec and the end of the target. */
#include "thread.bpf.h"

#define SIGNAL_GROUP_EXIT 0x4

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	__u64 pid_tgid = current_pid_tgid();
	struct pt_regs regs;
	struct mw_event *e;
	int is_thread;

	if (!mw_armed || !is_target(pid_tgid >> 32))
		return 0;
	is_thread = BPF_CORE_READ(child, tgid) == BPF_CORE_READ(parent, tgid);
	e = emit_reserve(is_thread ? MW_THREAD : MW_FORK, pid_tgid);
	if (!e)
		return 0;
	if (is_thread) {
		e->tid = number_of(child);
		if (!user_regs(child, &regs))
			e->sp = regs.sp;
	} else {
		e->aux = number_of(child);
		if (!user_regs(parent, &regs))
			e->sp = regs.sp;
	}
	emit_submit(e);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, __u32 old_pid, struct linux_binprm *bprm)
{
	__u64 pid_tgid = current_pid_tgid();
	struct mw_event_exec *e;
	struct mm_struct *mm;
	__u64 key;

	if (!mw_armed || !is_target(pid_tgid >> 32))
		return 0;
	key = bpf_get_current_pid_tgid();
	thread_forget(key);
	/* a thread that was not the first has that one's number now */
	thread_forget(key >> 32 << 32 | old_pid);
	e = emit_reserve_long(MW_EXEC, pid_tgid, sizeof(*e));
	if (!e)
		return 0;
	mm = BPF_CORE_READ(task, mm);
	e->start_code = BPF_CORE_READ(mm, start_code);
	e->end_code = BPF_CORE_READ(mm, end_code);
	e->start_brk = BPF_CORE_READ(mm, start_brk);
	e->start_stack = BPF_CORE_READ(mm, start_stack);
	e->env_end = BPF_CORE_READ(mm, env_end);
	__builtin_memset(e->file, 0, sizeof(e->file));
	bpf_probe_read_kernel_str(e->file, sizeof(e->file), BPF_CORE_READ(bprm, filename));
	emit_submit_long(e, 1);
	return 0;
}

/* The status that wait() will give for the whole process. */
static __always_inline __u64 wait_status(struct task_struct *task)
{
	if (BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT)
		return BPF_CORE_READ(task, signal, group_exit_code);
	return BPF_CORE_READ(task, group_leader, exit_code);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	__u64 pid_tgid = current_pid_tgid();
	struct mw_event *e;
	int last;

	if (!is_target(pid_tgid >> 32))
		return 0;
	thread_forget(bpf_get_current_pid_tgid());
	if (!mw_armed)
		return 0;
	last = BPF_CORE_READ(task, signal, live.counter) == 0;
	e = emit_reserve_long(last ? MW_EXIT : MW_THREAD_EXIT, pid_tgid, sizeof(*e));
	if (!e)
		return 0;
	if (last)
		e->aux = wait_status(task);
	emit_submit_long(e, last);
	return 0;
}
