/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * maps.bpf.h - the state shared by all programs; defined once, in maps.bpf.c.
 */
#ifndef MWBPF_MAPS_BPF_H
#define MWBPF_MAPS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <mwbpf/config.h>
#include <mwbpf/event.h>

/* The outermost call of one family that a thread is in. */
struct mw_pending {
	__u64 sp;	/* at entry, where the return address lies; 0: no call */
	__u64 size;
	__u64 pointer;	/* old block, or where posix_memalign writes */
	__u64 align;
	__u64 enter_ns;
	__u64 stack;
	__u64 probe;
	__u64 caller;	/* of a constructor of ints: where it returns to */
};

#define MW_NO_PYTHON 1 /* as a frame: the thread is not in Python code */

/* An int whose digits were not written yet when it was seen being made. */
struct mw_unread {
	__u64 addr;   /* 0: none */
	__u64 frame;  /* the innermost of Python's then; 0: not known; MW_NO_PYTHON */
	__u64 instr;  /* at which that frame was */
	__u64 maker;  /* which call made it, by instruction and stack pointer; 0: not certain */
	__u64 sp;     /* stack pointer then */
	__u32 number; /* of those read later */
	__u32 made;   /* ints that the thread made before */
	__u32 site;
	__u8 soon;    /* it is whole at the thread's next event, whatever that is */
	__u8 filled;  /* the function that made it writes its digits, too */
	__u16 again;  /* ints made at the same instruction and stack pointer since */
};

#define MW_UNREAD 16

struct mw_thread {
	__u64 key;		/* pid << 32 | tid as the kernel counts; 0: a free entry */
	__u64 pid_tgid;		/* the same as we and /proc count */
	struct mw_pending pending[MW_FAMILY_MAX];
	__u64 syscall_ns;	/* entry of the system call it is in, where syscalls.def asks */
	__u64 stacks[4];	/* hashes of its last ones, which user space has, by their low bits */
	__u64 fs;		/* the thread pointer; 0: not read yet */
	__u64 stack_top;	/* above all that it has on its stack; known when fs is */
	__u64 frame;		/* its innermost of Python's at its last call; 0, MW_NO_PYTHON */
	__u64 instr;		/* as that frame says where it is */
	struct mw_unread unread[MW_UNREAD];
	__u32 made;		/* ints */
	__u32 later;		/* of these, those whose values are read later */
	__u32 in_use;		/* a bit for each entry of unread */
	__u32 unused;
	__u64 below;		/* bytes that its Python frames took at its last call */
	__u32 bits;		/* of its process, as the targets map said ... */
	__u32 bits_change;	/* ... at this count of changes */
};

/* --buffer says how large these two are */
struct mw_slots_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mw_event);
};

struct mw_ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct mw_counters_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);	/* possible CPUs, set before load */
	__type(key, __u32);
	__type(value, struct mw_counters);
};

struct mw_targets_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);	/* pid */
	__type(value, __u32);	/* MW_TARGET_* */
};

/*
 * A thread's state is in the entry that the low bits of its tid say, or, where another
 * thread has that one, in the table.
 */
struct mw_threads_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MW_THREADS);
	__type(key, __u32);
	__type(value, struct mw_thread);
};

struct mw_thread_table_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384); /* --threads */
	__type(key, __u64);	    /* mw_thread.key */
	__type(value, struct mw_thread);
};

struct mw_probe_at_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384); /* 1 where there are cookies */
	__type(key, struct mw_probe_at);
	__type(value, __u32);
};

struct mw_intsites_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MW_INTSITES);
	__type(key, __u32);
	__type(value, struct mw_intsite);
};

extern struct mw_intsites_map mw_intsites SEC(".maps");
extern struct mw_slots_map mw_slots SEC(".maps");
extern struct mw_ring_map mw_ring SEC(".maps");
extern struct mw_counters_map mw_counters SEC(".maps");
extern struct mw_targets_map mw_targets SEC(".maps");
extern struct mw_threads_map mw_threads SEC(".maps");
extern struct mw_thread_table_map mw_thread_table SEC(".maps");
extern struct mw_probe_at_map mw_probe_at SEC(".maps");

extern const volatile struct mw_config mw_config;
extern const volatile struct mw_probe_spec mw_probe_specs[MW_PROBE_SPECS];

extern const volatile __u64 mw_new_thread[sizeof(struct mw_thread) / 8]; /* all zero */
extern const volatile __u32 mw_never; /* 0, which the verifier knows and the compiler does not */

extern __u32 mw_armed;	 /* enum mw_arm: which events user space wants by now */
extern __u32 mw_stacks;	 /* stacks can be taken: some process's layout is known, or native */
extern __u32 mw_targets_changes; /* counts changes of the values in the targets map */
extern __u32 mw_lost_total; /* sum of all lost[] */
extern __u32 mw_spilled; /* how many threads are in the table */
extern struct mw_positions mw_positions;

#endif
