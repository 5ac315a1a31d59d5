/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pylayout.h - find out how the CPython in a process lays out its structs.
 *
 * In this order: what the runtime publishes (_Py_DebugOffsets, 3.13), what it says of
 * itself (tp_members and tp_basicsize of its types, decoding of tiny exported
 * functions), tables by version last. Whatever is found is tried out on the live process
 * before it is trusted: offsets move between patch releases.
 */
#ifndef MWBPF_PLACE_PYLAYOUT_H
#define MWBPF_PLACE_PYLAYOUT_H

#include <mwbpf/pylayout.h>

#include "target/image.h"

/* What user space needs besides: to find the threads, and to read names and numbers. */
struct pyobjects {
	uint64_t interpreters;	/* address of the word that holds the newest interpreter */
	uint16_t interp_next;
	uint16_t interp_threads; /* the newest thread state */
	uint16_t tstate_next;
	uint16_t tstate_interp;

	uint64_t code_type;	/* addresses of PyCode_Type, PyUnicode_Type, PyBytes_Type */
	uint64_t str_type;
	uint64_t bytes_type;
	uint16_t type_of;	/* ob_type of every object, as in mw_pylayout */

	uint16_t bytes_data;	/* char[] of a bytes object; its length is at size */
	uint16_t size;		/* ob_size of objects that have one */
	uint16_t str_length;
	uint16_t str_state;	/* u32 of bit fields: kind, compact, ascii */
	uint8_t str_kind_shift; /* kind: 3 bits from here; then compact, then ascii */
	uint16_t str_ascii;	/* data of a compact ASCII string */
	uint16_t str_compact;	/* data of any other compact string */
	uint16_t type_name;	/* tp_name, char * */
	uint16_t type_basicsize;
	uint16_t type_flags;
	uint16_t type_members;	/* tp_members, PyMemberDef * */
	uint16_t long_size;	/* ob_size, from 3.12 lv_tag */
	uint16_t long_digits;	/* u32[], 30 bits each */
	bool long_tagged;	/* 3.12: lv_tag */
};

/* How a field was found, for the header record and -v. */
struct pylayout_evidence {
	char version[32];	/* "3.11.2 (Py_Version)" */
	char threads[96];	/* how a thread's state is found */
	char offsets[96];	/* where the struct offsets come from */
};

/*
 * Find and try out the layout of the CPython whose image is mapped in the process with
 * this bias (runtime address of vaddr 0). 0; -ENOTSUP for a version that is not known
 * (evidence->version says which); -EAGAIN when the interpreter is not initialised yet;
 * -EBADMSG when what was found does not hold on the live process; -ESRCH. While the
 * interpreter begins or ends there may be no way to a thread's state yet: ask again when
 * layout->has holds none of those bits.
 */
int pylayout_find(pid_t pid, const struct image *image, uint64_t bias, struct mw_pylayout *layout,
		  struct pyobjects *objects, struct pylayout_evidence *evidence);

#endif
