/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * proc.h - which process this is, and a hold on it that a reused pid cannot fool.
 */
#ifndef MWBPF_PROC_H
#define MWBPF_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc {
	pid_t pid;
	int pidfd;	   /* readable once the process has ended */
	uint64_t start;	   /* clock ticks since boot: with pid, its identity */
	char state;	   /* as proc(5): R S D T t Z X ... */
	bool kernel_thread;
	bool bits32;	   /* a 32-bit program */
	int seccomp;	   /* 0 off, 1 strict, 2 filter */
	bool shadow_stack; /* the CPU checks its return addresses */
	char *exe;	   /* path as the process sees it; "" when there is none */
	char **argv;	   /* NULL-terminated; points into one allocation */
};

/* Where the kernel put a program; two programs of one process differ in these. */
struct proc_layout {
	uint64_t start_code, end_code, start_stack, start_brk;
};

/* From /proc/PID/stat. 0, -ESRCH, -EBADMSG. */
int proc_layout(pid_t pid, struct proc_layout *layout);

/* Auxiliary vector entries (elf.h's AT_*) that mwbpf reads. */
struct proc_auxv {
	uint64_t phdr, phent, phnum, base, entry;
};

/*
 * Take hold of a process. 0; -ESRCH when there is none of that pid (or it is only a
 * thread of one); -EPERM; -ENOSYS on a kernel without pidfds.
 */
int proc_open(pid_t pid, struct proc *proc);
void proc_close(struct proc *proc);

/* Read state and command again, after an exec. 0 or -ESRCH. */
int proc_refresh(struct proc *proc);

bool proc_alive(const struct proc *proc);
bool proc_stopped(const struct proc *proc); /* by a signal or a debugger, when last read */

/* 0, -ESRCH, -EIO. Fields that are absent are 0. */
int proc_auxv(pid_t pid, struct proc_auxv *auxv);

/* The thread ids of a process: *tids is the caller's. Count, or -ESRCH, -ENOMEM. */
ssize_t proc_threads(pid_t pid, pid_t **tids);

/* The id of a thread in its own pid namespace: what it calls itself. Or -ESRCH. */
pid_t proc_inner_tid(pid_t pid, pid_t tid);

/*
 * What a line of a thread's status in /proc says, by scanf's format of one value. False: the
 * thread has gone, or has no such line.
 */
bool proc_status(pid_t tid, const char *format, void *value);

/*
 * Who traces the first thread of a process that is traced by ptrace, and the name of that
 * program as the kernel has it, "" when it cannot be read. 0: none is traced.
 */
#define PROC_NAME 64
pid_t proc_tracer(pid_t pid, char name[PROC_NAME]);

/*
 * Stack pointer and place of a thread that waits in the kernel. False: it runs, waits for a
 * processor, or is gone.
 */
bool proc_thread_waits(pid_t pid, pid_t tid, uint64_t *sp, uint64_t *pc);

#endif
