/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * event.h - the records on the ring: fixed layout, shared by bpf/ and user/.
 *
 * Every record begins with struct mw_event; its kind tells whether it is one of
 * the longer ones. Nothing here depends on the compiler: no bool, enum, long
 * or pointer, no implicit padding.
 *
 * Most records are a struct mw_event and nothing else: those are put into slots, an
 * array used in a circle, without any call into the kernel. The others, and those that
 * wake the reader, go into a ring of the kernel's, and a slot of kind MW_LONG keeps
 * their place in the order. Where the kernel lacks what slots need, all are in the ring.
 */
#ifndef MWBPF_EVENT_H
#define MWBPF_EVENT_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define MW_WIRE_VERSION 1

enum mw_kind {
	MW_KIND_NONE = 0,
#define KIND(name, number, json, group) MW_##name = number,
#include <mwbpf/kinds.def>
#undef KIND
	MW_KIND_MAX = 24,
};

enum mw_probe {
#define PROBE(name, ...) MW_PROBE_##name,
#include <mwbpf/probes.def>
#undef PROBE
	MW_PROBE_MAX,
	MW_PROBE_NONE = 0xffff,
};

enum mw_family { MW_FAMILY_ALLOC, MW_FAMILY_PYLONG, MW_FAMILY_MAX };

enum mw_loss {
#define LOSS(name, json, sentence) MW_LOSS_##name,
#include <mwbpf/loss.def>
#undef LOSS
	MW_LOSS_MAX,
};

#define MW_BELL 8    /* bytes of a record that is none: it only wakes the reader */
#define MW_LONG 0xff /* mw_event.kind of a slot: record number aux of the ring comes here */

/* mw_event.flags */
#define MW_F_FAILED   1u /* NULL, or a system call's error; never a live block */
#define MW_F_IN_ALLOC 2u /* a system call made by the allocator; aux = bytes asked of it */
#define MW_F_FILE     4u /* mmap of a file */
#define MW_F_CACHED   8u /* pylong: a cached small int was given out, none was made */
#define MW_F_SITE     16u /* pylong: seen where it is made; aux is the site's number */
#define MW_F_VALUE    32u /* pylong: size is its size word, took_ns its one digit */
#define MW_F_LATER    64u /* pylong: VALUE or DIGITS may come; took_ns is its number */

/*
 * aux means: realloc, mremap: the old address. memalign: the alignment, 0 when
 * it is the page. mmap, brk with MW_F_IN_ALLOC: the bytes asked of the allocator.
 * fork: the child's pid. exit: the wait status.
 */
struct mw_event {
	__u64 ts_ns;	/* CLOCK_MONOTONIC */
	__u32 pid;
	__u32 tid;
	__u8 kind;
	__u8 flags;
	__u16 probe;	/* enum mw_probe */
	__u32 lost;	/* events lost before this one, all causes, modulo 2^32 */
	__u64 sp;	/* the thread's stack pointer at the call; 0 when not known */
	__u64 caller;	/* return address of the call; 0 when not known */
	__u64 addr;
	__u64 size;	/* bytes */
	__u64 aux;
	__u32 seq;	/* slot: its position + 1 once it is whole; long record: its number */
	__u32 took_ns;	/* from the call's entry to this event, saturating; 0 when not timed */
	__u64 stack;	/* hash of its stack, which a STACK record has; 0: none was taken */
};

/* MMAP, MUNMAP, MREMAP, BRK, MPROTECT, SHMAT, SHMDT */
struct mw_event_map {
	struct mw_event head;
	__s64 result;	 /* what the system call returned: a value or -errno */
	__u64 file_off;	 /* mmap: bytes */
	__u64 old_size;	 /* mremap: bytes; brk: where the heap begins; mmap: the file's inode
			    number, 0 when not known */
	__u32 prot;
	__u32 map_flags; /* the flags argument of mmap, mremap, shmat */
};

#define MW_NAME_MAX 80 /* ANON_VMA_NAME_MAX_LEN of the kernel's mm.h */

#define MW_FILE_MAX 128

/* EXEC: where the kernel put the new program, from its struct mm_struct */
struct mw_event_exec {
	struct mw_event head;
	__u64 start_code, end_code;
	__u64 start_brk;   /* the heap begins at the next page */
	__u64 start_stack; /* the stack pointer it starts with */
	__u64 env_end;	   /* above it only the file name and the end of the stack */
	char file[MW_FILE_MAX]; /* as given to execve, NUL-terminated, cut if longer */
};

/* VMA_NAME: prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME) */
struct mw_event_name {
	struct mw_event head;
	char name[MW_NAME_MAX];	/* NUL-terminated; empty takes the name away */
};

/* why a Python stack is as it is: mw_event_stack.reason */
enum mw_stack_reason {
	MW_STACK_NONE,	    /* not asked for */
	MW_STACK_WHOLE,	    /* from the innermost frame to the outermost */
	MW_STACK_TRUNCATED, /* deeper than --max-depth */
	MW_STACK_NO_THREAD, /* the thread is not one of Python's */
	MW_STACK_NO_FRAME,  /* the thread runs no Python code */
	MW_STACK_FAULT,	    /* a page was not resident or an address was bad */
	MW_STACK_ANY_INTERPRETER, /* it is not known which interpreter the thread is in */
};

/* why a native stack ends: mw_event_stack.native_end */
enum mw_native_end {
	MW_NATIVE_NONE,	   /* not asked for */
	MW_NATIVE_ZERO,	   /* the frame pointer is 0, as when a thread begins */
	MW_NATIVE_DEEP,	   /* more than MW_NATIVE_DEPTH frames */
	MW_NATIVE_DOWN,	   /* %rbp does not lead up the stack: no frame pointer */
	MW_NATIVE_NO_CALL, /* what it leads to is no address behind a call instruction */
	MW_NATIVE_FAULT,   /* what it leads to is not resident or no memory */
};

#define MW_STACK_DEPTH 128 /* Python frames in a record */
#define MW_STACK_WALK  192 /* frames walked: shims count here, not above */
#define MW_NATIVE_DEPTH 64

struct mw_pyframe {
	__u64 code;  /* address of the code object */
	__s32 lasti; /* byte offset of the instruction in its bytecode */
	__u32 guard; /* of the code object's pointers; 0: they could not be read */
};

/*
 * STACK: each distinct stack once, before the first event that refers to it, and again
 * when the programs have forgotten that they sent it. head.stack is its hash. Innermost
 * frames first. Without native frames the record ends behind the last Python frame. With
 * MW_F_SITE the first native address is not one of return but of the instruction itself.
 */
struct mw_event_stack {
	struct mw_event head;
	__u64 hash;
	__u16 n_python;
	__u16 n_native;
	__u16 reason;	  /* enum mw_stack_reason */
	__u16 native_end; /* enum mw_native_end */
	struct mw_pyframe frames[MW_STACK_DEPTH];
	__u64 native[MW_NATIVE_DEPTH]; /* return addresses as %rbp leads to them; not sent when
					  there are none */
};

/*
 * CODE: what names a code object, copied when it is in a stack for the first time, before the
 * STACK: it may be gone, with its process, when user space comes to look. addr is the code
 * object, aux the guard that the frames have. Each piece is the first len bytes of an object
 * at an address; what is not there, user space reads itself.
 */
enum mw_piece {
	MW_PIECE_CODE,
	MW_PIECE_FILENAME,
	MW_PIECE_NAME, /* the qualified one where there is one */
	MW_PIECE_LINETABLE,
	MW_PIECES,
};

#define MW_PIECE_CODE_MAX      192
#define MW_PIECE_FILENAME_MAX  320
#define MW_PIECE_NAME_MAX      512
#define MW_PIECE_LINETABLE_MAX 1024

struct mw_event_code {
	struct mw_event head;
	__u64 at[MW_PIECES];
	__u32 len[MW_PIECES]; /* bytes; 0: could not be read, or too many */
	__u8 code[MW_PIECE_CODE_MAX];
	__u8 filename[MW_PIECE_FILENAME_MAX];
	__u8 name[MW_PIECE_NAME_MAX];
	__u8 linetable[MW_PIECE_LINETABLE_MAX];
};

/* why there is no value: mw_event.aux of VALUE */
enum mw_value_reason {
	MW_VALUE_READ,	  /* there is one */
	MW_VALUE_REUSED,  /* its memory was used again before the value could be read */
	MW_VALUE_FAULT,	  /* its memory is not there */
	MW_VALUE_CROWDED, /* too many ints came between: user space may still read it */
};

/*
 * VALUE: what an int was, once it is certain that it was whole: an event of the thread that
 * made it. took_ns is the number that its PYLONG has. addr is what ob_type then was, size
 * the word behind it, and sp, caller and stack the MW_VALUE_DIGITS digits that come next,
 * whether they are the int's or not. DIGITS: for an int of more digits, and only when the
 * word behind ob_type is such; head as that of a VALUE, but aux is how many are there, from
 * the most significant on down: the last ones of digits[].
 */
#define MW_VALUE_DIGITS 6
#define MW_DIGITS_MAX	32

struct mw_event_digits {
	struct mw_event head;
	__u32 digits[MW_DIGITS_MAX];
};

_Static_assert(sizeof(struct mw_event) == 80, "wire layout");
_Static_assert(sizeof(struct mw_event_digits) == 80 + 128, "wire layout");
_Static_assert(sizeof(struct mw_event_map) == 80 + 32, "wire layout");
_Static_assert(sizeof(struct mw_event_name) == 80 + 80, "wire layout");
_Static_assert(sizeof(struct mw_event_exec) == 80 + 168, "wire layout");
_Static_assert(sizeof(struct mw_event_code) == 80 + 48 + 2048, "wire layout");
_Static_assert(sizeof(struct mw_event_stack) == 80 + 16 + 16 * MW_STACK_DEPTH + 8 * MW_NATIVE_DEPTH,
	        "wire layout");

#endif
