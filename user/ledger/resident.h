/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * resident.h - what the kernel holds in memory for a process, to be held against the ledger.
 */
#ifndef MWBPF_RESIDENT_H
#define MWBPF_RESIDENT_H

#include <stdint.h>

/* As in /proc/PID/status (proc(5)), but in bytes. */
struct resident {
	uint32_t pid;
	uint64_t rss;  /* VmRSS, of which: */
	uint64_t anon; /* RssAnon */
	uint64_t file; /* RssFile */
	uint64_t shmem; /* RssShmem */
	uint64_t most; /* VmHWM */
};

#endif
