// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * registers.bpf.c - the registers of threads, read where the kernel keeps them.
 *
 * A thread that comes into the kernel leaves its registers at the top of its kernel stack
 * (arch/x86/entry/entry_64.S). While it waits there, or waits for a processor, they are what
 * ptrace(2) would say of it, and it need not be stopped for that.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <mwbpf/registers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Without the helper (before 5.15): arch/x86/include/asm/page_64_types.h, without KASAN. */
#define THREAD_SIZE (4096 << 2)

__u32 mw_tid; /* the thread that is asked for */

/* As the reader knows it: by its own pid namespace. 0: it does not know it. */
static __u32 number_of(const struct pid *pid, __u32 level)
{
	const struct upid *number;

	if (BPF_CORE_READ(pid, level) < level)
		return 0;
	number = (const void *)pid + bpf_core_field_offset(struct pid, numbers) +
		 level * bpf_core_type_size(struct upid);
	return BPF_CORE_READ(number, nr);
}

SEC("iter/task")
int mw_threads(struct bpf_iter__task *ctx)
{
	struct task_struct *reader = (void *)bpf_get_current_task(), *task = ctx->task;
	struct mw_registers record = {};
	const void *regs;
	__u32 level;

	if (!task)
		return 0;
	level = BPF_CORE_READ(reader, thread_pid, level);
	record.tid = number_of(BPF_CORE_READ(task, thread_pid), level);
	if (!record.tid || record.tid != mw_tid)
		return 0;
	record.pid = number_of(BPF_CORE_READ(task, group_leader, thread_pid), level);
	/* in this order: what changes later than it is read shows in the next reading's switches */
	record.on_cpu = task->on_cpu;
	record.switches = BPF_CORE_READ(task, nvcsw) + BPF_CORE_READ(task, nivcsw);
	record.fs_base = BPF_CORE_READ(task, thread.fsbase);
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		regs = (const void *)bpf_task_pt_regs(task);
	else
		regs = BPF_CORE_READ(task, stack) + THREAD_SIZE - sizeof(record.regs);
	if (!bpf_probe_read_kernel(record.regs, sizeof(record.regs), regs))
		bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
