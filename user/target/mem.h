/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * mem.h - bounded reads of a process's memory, without stopping it.
 */
#ifndef MWBPF_MEM_H
#define MWBPF_MEM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * From now on a process is read by /proc/PID/mem instead of process_vm_readv(2), which pins
 * the pages it copies from. A page that processes share since a fork is copied before it may
 * be pinned, and stays copied (Linux 5.19 and later: gup_must_unshare() in mm/gup.c): to look
 * into one worker of a server for 1 GB that all have in common would take 1 GB more. Until
 * mem_release, or another process; for whoever reads much of it. 0 or -errno of opening it:
 * it is then read as ever. After an exec, too, reads fail with -ESRCH.
 */
int mem_hold(pid_t pid);
void mem_release(void);

/* Read exactly len bytes. 0, -EFAULT (not all mapped), -ESRCH, -EPERM. */
int mem_read(pid_t pid, uint64_t addr, void *buf, size_t len);

#define MEM_EACH 512 /* places read in one go */

/*
 * Read size bytes, which do not cross a page, at each of n addresses (at most MEM_EACH) into
 * buf, one behind the other; what cannot be read is 0. With a call for each, a walk past
 * 524,288 pages took 0.52 s of CPU time, and takes 0.36 s; of a process that is held by mem_hold
 * it is a call for each.
 */
void mem_read_each(pid_t pid, const uint64_t *addrs, size_t n, size_t size, void *buf);

/* Read a string of at most cap - 1 bytes; it is always terminated. 0 or as mem_read. */
int mem_read_string(pid_t pid, uint64_t addr, char *buf, size_t cap);

#endif
