/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pylayout.h - where one process's CPython keeps its threads and frames: what the BPF
 * programs need to walk a Python stack. Filled by user space, one per process.
 *
 * An offset is from the start of its struct, in bytes. Whether a field exists is told by
 * the bits in has, never by a magic value of the offset.
 */
#ifndef MWBPF_PYLAYOUT_H
#define MWBPF_PYLAYOUT_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/* mw_pylayout.has */
#define MW_PY_GIL_HOLDER   1u	/* gil_holder: address of the word that holds a tstate */
#define MW_PY_TSS	   2u	/* tss_key: address of the pthread key's number */
#define MW_PY_TLS	   4u	/* tls: offset of _Py_tss_tstate, see tls_module */
#define MW_PY_NATIVE_ID	   8u	/* tstate_native_id: the kernel's tid, u64 (3.11) */
#define MW_PY_CFRAME	   16u	/* the current frame is behind a cframe (3.11, 3.12) */
#define MW_PY_OWNER	   32u	/* frame_owner: u8; shims are at or above owner_shim (3.12) */
#define MW_PY_FREE_THREADED 64u
#define MW_PY_GUARD_ALL	   1024u /* deaths of code objects are not seen: check each at every event */
#define MW_PY_TLS_BOUND	   128u /* tls_bound: offset of _Py_tss_gilstate (3.15, has no TSS) */
/*
 * tstate_cframe: address of a CFrame, which is on the C stack of the thread that executes
 * the innermost Python frame (3.10, 3.11): Include/cpython/pystate.h.
 */
#define MW_PY_CSTACK	   256u
/*
 * Up to 3.11, tss_key leads to the first state that a thread ever had, whichever of the
 * interpreters it is in now: PyGILState_GetThisThreadState(), Python/pystate.c.
 */
#define MW_PY_TSS_FIRST	   512u

/* glibc 2.31 to 2.43, struct pthread (nptl/descr.h), from the thread pointer */
#define MW_PY_TSS_DATA	 0x310u /* specific_1stblock: { u64 seq; void *data; } for each key */
#define MW_PY_TSS_KEYS	 32u	/* of this first block */
#define MW_PY_PTHREAD_TID 0x2d0u /* s32 tid, in the thread's own pid namespace */
/* tcbhead_t (sysdeps/x86_64/nptl/tls.h) and dtv_t (sysdeps/generic/dl-dtv.h) */
#define MW_PY_DTV	 8u	/* from the thread pointer: address of the vector */
#define MW_PY_DTV_ENTRY	 16u	/* of a module: address of its block first; [-1] is their number */
#define MW_PY_DTV_UNALLOCATED (~0ULL)

/* mw_pylayout.instr: how a frame says where it is */
enum mw_pyinstr {
	MW_PYINSTR_BYTES,   /* s32 f_lasti, in bytes (3.6 to 3.9) */
	MW_PYINSTR_UNITS,   /* s32 f_lasti, in code units of 2 bytes (3.10) */
	MW_PYINSTR_POINTER, /* address of the code unit (3.11) */
};

struct mw_pylayout {
	__u32 has;
	__u32 epoch;		/* no two layouts have the same: the hash of a stack has it too */
	__u16 version;		/* 0x030b for 3.11 */
	__u8 instr;		/* enum mw_pyinstr */
	__u8 code_tag;		/* low bits of frame_code that are not address (3.14: 3) */
	/*
	 * Of a library that was loaded late: tls and tls_bound are offsets in its block of
	 * each thread, which the thread's DTV has. 0: from the thread pointer.
	 */
	__u32 tls_module;

	/*
	 * While a thread is without the GIL (in a system call, say), tls holds 0 and
	 * gil_holder another thread or, from 3.12, the last one; tss_key and tls_bound
	 * lead to its state then too, where not MW_PY_TSS_FIRST.
	 */
	__u64 gil_holder;
	__u64 tss_key;		/* u32 there, below MW_PY_TSS_KEYS */
	__s64 tls;
	__s64 tls_bound;
	__u64 interpreters;	/* address of the word that holds the newest interpreter */

	__u16 tstate_thread_id; /* pthread_t, u64: equals the thread pointer with glibc */
	__u16 tstate_native_id;
	__u16 tstate_frame;	/* current frame, or cframe */
	__u16 cframe_frame;

	__u16 frame_back;
	__u16 frame_code;
	__u16 frame_instr;
	__u16 frame_owner;

	__u16 code_first_line;	/* s32 co_firstlineno */
	__u16 code_filename;	/* this and the three below are object pointers */
	__u16 code_name;
	__u16 code_qualname;	/* 0 before 3.11 */
	__u16 code_linetable;	/* co_lnotab, co_linetable */
	__u16 code_bytecode;	/* 3.11: the code units begin here */
	__u16 owner_shim;
	__u16 type_of;		/* ob_type of every object: 8, or 24 when free-threaded */
	__u16 interp_next;	/* address of the one before it; 0 in the first, the main one */
	__u16 tstate_cframe;
	/*
	 * Free-threaded, from 3.14: each thread runs a copy of the code of its own. s32 number
	 * of the copy in a frame; address of the list of copies in a code object. 0: none.
	 */
	__u16 frame_copy;
	__u16 code_copies;
};

#endif
