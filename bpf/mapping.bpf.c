// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * mapping.bpf.c - the system calls that change the target's address space.
 *
 * Arguments come from the saved registers, which are still whole at exit, not from
 * the tracepoint's record: that has as many fields as the call has arguments, and
 * the kernel refuses a program that could read past the shortest.
 */
#include "thread.bpf.h"

#define MAP_ANONYMOUS	     0x20
#define PROT_EXEC	     0x4
#define PR_SET_VMA	     0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#define MAX_ERRNO	     4095
#define S_IFMT		     0170000
#define S_IFREG		     0100000
#define OVERLAYFS_SUPER_MAGIC 0x794c7630

static __always_inline __u32 kind_of(__u64 nr)
{
	switch (nr) {
#define SYSCALL(name, number, kind, enter) case number: return MW_##kind;
#include <mwbpf/syscalls.def>
#undef SYSCALL
	default: return MW_KIND_NONE;
	}
}

/* What all the records say: who called, on which stack, from inside which allocation. */
static __always_inline void fill_head(struct mw_event *e, const struct pt_regs *regs,
				      const struct mw_thread *t)
{
	const struct mw_pending *p = &t->pending[MW_FAMILY_ALLOC];

	e->sp = regs->sp;
	/* libc's wrappers are leaves: the word on the stack is their return address */
	bpf_probe_read_user(&e->caller, sizeof(e->caller), (void *)regs->sp);
	if (p->sp && regs->sp < p->sp) {
		e->flags |= MW_F_IN_ALLOC;
		e->aux = p->size;
		e->probe = p->probe;
	}
}

static __always_inline int emit_name(const struct pt_regs *regs, struct mw_thread *t)
{
	struct mw_event_name *n;

	if (regs->di != PR_SET_VMA || regs->si != PR_SET_VMA_ANON_NAME || regs->ax)
		return 0;
	n = emit_reserve_long(MW_VMA_NAME, t->pid_tgid, sizeof(*n));
	if (!n)
		return 0;
	fill_head(&n->head, regs, t);
	n->head.addr = regs->dx;
	n->head.size = regs->r10;
	__builtin_memset(n->name, 0, sizeof(n->name));
	if (regs->r8)
		bpf_probe_read_user_str(n->name, sizeof(n->name), (void *)regs->r8);
	emit_submit_long(n, 0);
	return 0;
}

/*
 * The number of a regular file's inode, as /proc/PID/maps gives it for what is mapped of it;
 * 0: not known. On an overlay that is the number of the file below on some kernels.
 */
static __always_inline __u64 inode_of(__u32 fd)
{
	struct fdtable *table = BPF_CORE_READ(current_task(), files, fdt);
	struct file **slots = BPF_CORE_READ(table, fd), *file = NULL;
	struct inode *inode;

	if (fd >= BPF_CORE_READ(table, max_fds) ||
	    bpf_probe_read_kernel(&file, sizeof(file), slots + fd) || !file)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	if ((BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFREG ||
	    BPF_CORE_READ(inode, i_sb, s_magic) == OVERLAYFS_SUPER_MAGIC)
		return 0;
	return BPF_CORE_READ(inode, i_ino);
}

static __always_inline void fill_call(struct mw_event_map *m, const struct pt_regs *regs)
{
	switch (m->head.kind) {
	case MW_MMAP:
		m->head.addr = regs->ax;
		m->head.size = regs->si;
		m->prot = regs->dx;
		m->map_flags = regs->r10;
		m->file_off = regs->r9;
		if (!(m->map_flags & MAP_ANONYMOUS)) {
			m->head.flags |= MW_F_FILE;
			m->old_size = inode_of(regs->r8);
		}
		break;
	case MW_MPROTECT:
		m->head.addr = regs->di;
		m->head.size = regs->si;
		m->prot = regs->dx;
		break;
	case MW_MUNMAP:
		m->head.addr = regs->di;
		m->head.size = regs->si;
		break;
	case MW_SHMDT:
		m->head.addr = regs->di;
		break;
	case MW_BRK:
		m->head.addr = regs->di;
		m->old_size = BPF_CORE_READ(current_task(), mm, start_brk);
		break;
	case MW_MREMAP:
		m->head.addr = regs->ax;
		m->head.aux = regs->di;
		m->old_size = regs->si;
		m->head.size = regs->dx;
		m->map_flags = regs->r10;
		break;
	case MW_SHMAT:
		m->head.addr = regs->ax;
		m->map_flags = regs->dx;
		break;
	}
}

SEC("?tracepoint")
int syscall_exit(void *ctx)
{
	__u64 pid_tgid = current_pid_tgid();
	struct mw_event_map *m;
	struct pt_regs regs;
	struct mw_thread *t;
	__u32 kind;

	if (!mw_armed || !is_target(pid_tgid >> 32))
		return 0;
	if (user_regs(current_task(), &regs))
		return 0;
	kind = kind_of(regs.orig_ax);
	t = thread_get(bpf_get_current_pid_tgid(), kind);
	if (!t || kind == MW_KIND_NONE)
		return 0;
	if (kind == MW_VMA_NAME)
		return emit_name(&regs, t);
	m = emit_reserve_long(kind, pid_tgid, sizeof(*m));
	if (!m)
		return 0;
	m->result = regs.ax;
	m->file_off = 0;
	m->old_size = 0;
	m->prot = 0;
	m->map_flags = 0;
	fill_head(&m->head, &regs, t);
	fill_call(m, &regs);
	if (m->result < 0 && m->result >= -MAX_ERRNO) {
		m->head.flags |= MW_F_FAILED;
		if (kind == MW_MMAP || kind == MW_MREMAP || kind == MW_SHMAT)
			m->head.addr = 0;
	}
	if (t->syscall_ns)
		m->head.took_ns = m->head.ts_ns - t->syscall_ns > ~0U ? ~0U
								      : m->head.ts_ns - t->syscall_ns;
	t->syscall_ns = 0;
	emit_submit_long(m, kind == MW_MMAP && m->head.flags & MW_F_FILE && m->prot & PROT_EXEC);
	return 0;
}

SEC("?tracepoint")
int syscall_enter(void *ctx)
{
	__u64 pid_tgid = current_pid_tgid();
	struct mw_thread *t;

	if (!mw_armed || !is_target(pid_tgid >> 32))
		return 0;
	t = thread_get(bpf_get_current_pid_tgid(), MW_MUNMAP);
	if (t)
		t->syscall_ns = bpf_ktime_get_ns();
	return 0;
}
