// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* registers.c - the registers of threads that are not held. */
#include "survey/registers.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <mwbpf/registers.h>

#include "base/clean.h"
#include "base/libbpf.h"
#include "registers.skel.h"
#include "target/proc.h"

static void load(struct registers *registers)
{
	libbpf_begin();
	registers->skel = registers_bpf__open_and_load();
	if (!registers->skel)
		registers->error = errno ? -errno : -EINVAL;
}

/* A descriptor that tells of the thread when it is read; or -errno. */
static int open_iterator(struct registers *registers, pid_t tid)
{
	union bpf_iter_link_info thread = { .task.tid = (uint32_t)tid };
	LIBBPF_OPTS(bpf_link_create_opts, options);
	const int program = bpf_program__fd(registers->skel->progs.mw_threads);
	int link __fd = -1;
	int iterator;

	if (!registers->all) {
		options.iter_info = &thread;
		options.iter_info_len = sizeof(thread);
	}
	link = bpf_link_create(program, 0, BPF_TRACE_ITER, &options);
	if (link < 0)
		return -errno;
	iterator = bpf_iter_create(link);
	return iterator < 0 ? -errno : iterator;
}

static int read_iterator(struct registers *registers, pid_t tid, struct mw_registers *record)
{
	int iterator __fd = -1;
	ssize_t n;

	registers->skel->bss->mw_tid = (uint32_t)tid;
	iterator = open_iterator(registers, tid);
	if (iterator == -EINVAL && !registers->all) {
		registers->all = true;
		iterator = open_iterator(registers, tid);
	}
	if (iterator < 0)
		return iterator;
	do
		n = read(iterator, record, sizeof(*record));
	while (n < 0 && (errno == EINTR || errno == EAGAIN));
	return n < 0 ? -errno : n == sizeof(*record) ? 0 : -ESRCH;
}

static int read_bpf(struct registers *registers, pid_t pid, pid_t tid,
		    struct registers_thread *thread)
{
	struct mw_registers record;
	int err = read_iterator(registers, tid, &record);

	if (err)
		return err;
	if (record.pid != (uint32_t)pid)
		return -ESRCH;
	thread->runs = record.on_cpu;
	thread->switches = record.switches;
	_Static_assert(sizeof(record.regs) == offsetof(struct user_regs_struct, fs_base),
		       "user_regs_struct begins with struct pt_regs");
	memcpy(&thread->regs, record.regs, sizeof(record.regs));
	thread->regs.fs_base = record.fs_base;
	return 0;
}

static int read_proc(pid_t pid, pid_t tid, struct registers_thread *thread)
{
	uint64_t sp = 0, pc = 0, unforced, forced;

	if (!proc_status(tid, "voluntary_ctxt_switches: %" SCNu64, &unforced) ||
	    !proc_status(tid, "nonvoluntary_ctxt_switches: %" SCNu64, &forced))
		return -ESRCH;
	thread->few = true;
	thread->switches = unforced + forced;
	thread->runs = !proc_thread_waits(pid, tid, &sp, &pc);
	thread->regs.rsp = sp;
	thread->regs.rip = pc;
	return 0;
}

int registers_read(struct registers *registers, pid_t pid, pid_t tid,
		   struct registers_thread *thread)
{
	int err;

	if (!registers->skel && !registers->error)
		load(registers);
	*thread = (struct registers_thread){ .runs = true };
	if (!registers->error) {
		err = read_bpf(registers, pid, tid, thread);
		if (!err || err == -ESRCH)
			return err;
		registers->error = err;
	}
	return read_proc(pid, tid, thread);
}

void registers_clear(struct registers *registers)
{
	registers_bpf__destroy(registers->skel);
	*registers = (struct registers){ 0 };
}

bool registers_same(const struct registers_thread *before, const struct registers_thread *after)
{
	return !before->runs && !after->runs && before->switches == after->switches &&
	       before->regs.rsp == after->regs.rsp && before->regs.rip == after->regs.rip;
}
