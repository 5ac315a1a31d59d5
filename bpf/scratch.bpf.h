/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * scratch.bpf.h - where a stack is put together, which is too large for the stack of a
 * BPF program, and what Python's frames are read by.
 */
#ifndef MWBPF_SCRATCH_BPF_H
#define MWBPF_SCRATCH_BPF_H

#include "thread.bpf.h"

#include <mwbpf/guard.h>

/* The most bytes below a frame that are read with it: twenty to thirty of its callers. */
#define MW_WINDOW_BELOW 4096

struct mw_scratch {
	struct mw_event_stack stack;
	__u64 frame; /* the next one of Python to look at */
	__u64 fp;    /* where the next native frame lies ... */
	__u64 last_fp; /* ... above the last one */
	__u64 first; /* the innermost one */
	__u64 top, top_instr; /* the innermost that is no shim, and where it is */
	__u64 at;    /* where in the target the window is from */
	__u64 sp;    /* the calling thread's stack pointer */
	__u32 below; /* bytes to read below a frame: what the thread's last walk needed */
	__u32 needs; /* what this one does */
	__u32 has_gil; /* it is in code of CPython's that runs with the GIL only */
	__u32 len;   /* bytes of it that were read */
	__u32 busy;
	__u64 pid_tgid;
	__u8 window[MW_WINDOW_BELOW + 264]; /* room for a frame at its end and any masked offset */
};

/*
 * Some for each CPU: a program can be preempted by another one of its kind.
 */
struct mw_scratch_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* more when stacks are taken */
	__type(key, __u32);
	__type(value, struct mw_scratch);
};

struct mw_sent_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64); /* hash of a stack that user space has */
	__type(value, __u8);
};

struct mw_pylayouts_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MW_PYLAYOUTS);
	__type(key, __u32);
	__type(value, struct mw_pylayout);
};

struct mw_deaths_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mw_deaths);
};

extern struct mw_scratch_map mw_scratch SEC(".maps");
extern struct mw_sent_map mw_sent SEC(".maps");
extern struct mw_pylayouts_map mw_pylayouts SEC(".maps");
extern struct mw_deaths_map mw_deaths SEC(".maps");

/*
 * A scratch that nobody else has, until scratch_put; NULL when all of this CPU are in
 * use. Of two who add at the same time neither may see 1: then both look further.
 */
static __always_inline struct mw_scratch *scratch_take(__u32 *index)
{
	__u32 first = bpf_get_smp_processor_id() * MW_SCRATCH_LEVELS;
	struct mw_scratch *scratch;

	for (int i = 0; i < MW_SCRATCH_LEVELS; i++) {
		*index = first + i;
		scratch = bpf_map_lookup_elem(&mw_scratch, index);
		if (!scratch)
			return NULL;
		if (*(volatile __u32 *)&scratch->busy)
			continue;
		__sync_fetch_and_add(&scratch->busy, 1);
		if (*(volatile __u32 *)&scratch->busy == 1)
			return scratch;
		__sync_fetch_and_add(&scratch->busy, -1);
	}
	return NULL;
}

static __always_inline void scratch_put(struct mw_scratch *scratch)
{
	barrier();
	__sync_fetch_and_add(&scratch->busy, -1);
}

#endif
