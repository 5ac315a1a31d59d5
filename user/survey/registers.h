/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * registers.h - the registers of threads that are not held.
 *
 * A thread that waits, in a system call or for a processor, has left all of them on its
 * kernel stack, where a BPF iterator reads them (bpf/registers; Linux 5.8), in 4 us. Where
 * BPF cannot be used, /proc has two of them, and only of a thread that waits in a call.
 */
#ifndef MWBPF_REGISTERS_READ_H
#define MWBPF_REGISTERS_READ_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

struct registers_bpf;

struct registers {
	struct registers_bpf *skel; /* NULL: not loaded yet, or it cannot be */
	int error; /* why BPF cannot be used, -errno; 0 */
	bool all;  /* the kernel goes through all threads of the machine for one: before 6.1 */
};

/* What a thread's registers were at a moment. */
struct registers_thread {
	bool runs;	/* just then: they are those it last came into the kernel with */
	bool few;	/* only rsp and rip are known */
	uint64_t switches; /* how often it stopped running before */
	struct user_regs_struct regs; /* ds, es, fs, gs and gs_base are 0 */
};

/*
 * Read one thread of a process; the first time takes some 15 ms. registers begins as zeros,
 * and is ended by registers_clear. 0; -ESRCH: the process has no such thread, or nothing is
 * known of it.
 */
int registers_read(struct registers *registers, pid_t pid, pid_t tid,
		   struct registers_thread *thread);
void registers_clear(struct registers *registers);

/* Whether a thread waited from one reading to the next: what was read in between was still. */
bool registers_same(const struct registers_thread *before, const struct registers_thread *after);

#endif
