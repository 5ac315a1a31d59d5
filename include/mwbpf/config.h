/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * config.h - what user space tells the BPF programs before they are loaded, and
 * what they count.
 */
#ifndef MWBPF_CONFIG_H
#define MWBPF_CONFIG_H

#include <mwbpf/event.h>

/* How a probed function's arguments are read: one row of probes.def. */
enum mw_role { MW_ROLE_ALLOC, MW_ROLE_MEMPTR, MW_ROLE_REALLOC, MW_ROLE_FREE, MW_ROLE_OBJECT };
#define MW_NA 0xff

struct mw_probe_spec {
	__u8 role;
	__u8 kind;
	__u8 size;
	__u8 count;
	__u8 pointer;
	__u8 align;
};

#define MW_THREADS 4096 /* a power of two: entries found by the low bits of a tid, 5 MB */

#define MW_PROBE_SPECS 64 /* a power of two: the index is masked for the verifier */

/* Which events are wanted by now: probes are armed once all of them are attached. */
enum mw_arm {
	MW_ARM_OFF,
	MW_ARM_SPACE, /* what changes address spaces and processes */
	MW_ARM_ALL,   /* and calls of probed functions */
};

struct mw_config {
	__u64 pidns_ino;	/* pid namespace to give pids in; 0: the initial one */
	__u32 has_cookie;	/* bpf_get_attach_cookie() exists (5.15); else probe_at is used */
	__u32 take_python;	/* walk Python frames */
	__u32 take_native;	/* walk native frames */
	__u32 take_caller;	/* read the return address where only that tells the caller */
	__u32 max_depth;	/* Python frames, at most MW_STACK_DEPTH */
	__u32 slots_mask;	/* how many slots there are, a power of two, less 1 */
};

/* What of the attach cookie of a probed function is its row; the rest is its address. */
#define MW_COOKIE_ROW_BITS 8

/*
 * Where writers and the reader of the slots are: numbers that only grow. Writers change
 * head at every event, so it has cache lines of its own (two: they are fetched in pairs).
 */
struct mw_positions {
	__u64 head;    /* slots given out to writers */
	__u64 unused1[15];
	__u64 tail;    /* slots the reader has done with */
	__u64 records; /* long records sent */
	__u64 unused2[14];
};

/* One per possible CPU; a program only ever adds to its own. */
struct mw_counters {
	__u64 hits[MW_KIND_MAX];  /* calls that must end as an event */
	__u64 lost[MW_KIND_MAX];  /* of those, the ones that did not, by kind ... */
	__u64 cause[MW_LOSS_MAX]; /* ... and by cause */
	__u64 nested;		  /* calls inside another call of their family: not events */
	__u64 unused[8 - (2 * MW_KIND_MAX + MW_LOSS_MAX + 1) % 8]; /* own cache lines */
};

/* An instruction that makes an int: entry of the intsites map, by the site's number. */
struct mw_intsite {
	__u8 word;	/* of struct pt_regs, where the object's register is */
	__u8 digit;	/* likewise the value of an int of one digit, or MW_LATER */
	__u8 sizes;	/* likewise its size word, or MW_IN_OBJECT */
	__u8 flags;	/* MW_SITE_* */
	__u8 ob_type;	/* offset in the object; the size word and the digits follow */
	__u8 unused[3];
};

#define MW_LATER     0xff /* only written later */
#define MW_IN_OBJECT 0xfe /* written already */

#define MW_SITE_UNTOUCHED 1u /* nothing of the object is written yet at the probe */
#define MW_SITE_TAGGED	  2u /* the size word is lv_tag (3.12) */
#define MW_SITE_FILLED	  4u /* the function that the probe is in writes the digits, too */

#define MW_INTSITES 8192

/* values of the targets map */
#define MW_TARGET	1u
#define MW_TARGET_SITES 2u /* its int sites are probed: they tell which ints are made */
#define MW_TARGET_LAYOUT 16 /* from this bit on: its entry of the pylayouts map; 0: none */

#define MW_PYLAYOUTS	  1024 /* entry 0 is not used */
#define MW_SCRATCH_LEVELS 4    /* programs on one CPU, each preempting the one before */

/* what the number found in the probe_at map is */
enum mw_at {
	MW_AT_ROW,  /* a row of probes.def */
	MW_AT_SITE, /* a site that makes ints */
};

/* key of the probe_at map: used where the kernel has no attach cookies */
struct mw_probe_at {
	__u64 offset; /* in the file, bytes */
	__u32 pid;
	__u32 what;   /* enum mw_at */
};

#endif
