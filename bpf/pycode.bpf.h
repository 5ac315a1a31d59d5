/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pycode.bpf.h - what names the code objects of a stack, sent before it.
 *
 * Read here, while the code is running, and not by user space later: of a program that ends
 * soon, or makes code and throws it away, the names would be gone by then.
 */
#ifndef MWBPF_PYCODE_BPF_H
#define MWBPF_PYCODE_BPF_H

#include "pyframe.bpf.h"

/* Bytes before the data of a str or bytes object, and a few more, less where its type is. */
#define PYOBJECT_HEAD 64
#define PYSTR_UNIT    4 /* of a str's characters: of most some bytes too many are copied */

/*
 * Copy the first bytes, cap at most, of the object whose address is at a place, and which says
 * its length as str and bytes do, in units of this many bytes at most. How many were copied.
 */
static __always_inline __u32 copy_object(const struct mw_pylayout *l, __u64 place, __u64 *at,
					 void *to, __u32 cap, __u32 unit)
{
	__u64 length = 0, len;

	*at = read_user_u64(place);
	if (!*at || bpf_probe_read_user(&length, sizeof(length), (void *)(*at + l->type_of + 8)))
		return 0;
	len = length * unit + l->type_of + PYOBJECT_HEAD;
	if (len > cap)
		len = cap;
	barrier_var(len);
	if (len > cap || bpf_probe_read_user(to, len, (void *)*at))
		return 0;
	return len;
}

static __always_inline void show_code(const struct mw_pylayout *l, struct mw_deaths *deaths,
				      const struct mw_pyframe *frame, __u64 pid_tgid)
{
	__u64 code = frame->code;
	__u32 *shown = &deaths->shown[mw_death_slot(code)];
	__u32 tag = mw_shown(code, frame->guard, l->epoch);
	struct mw_event_code *e;

	if (*shown == tag)
		return;
	e = emit_reserve_long(MW_CODE, pid_tgid, sizeof(*e));
	if (!e)
		return;
	e->head.addr = e->at[MW_PIECE_CODE] = code;
	e->head.aux = frame->guard;
	e->len[MW_PIECE_CODE] =
		bpf_probe_read_user(e->code, sizeof(e->code), (void *)code) ? 0 : sizeof(e->code);
	e->len[MW_PIECE_FILENAME] = copy_object(l, code + l->code_filename,
						&e->at[MW_PIECE_FILENAME], e->filename,
						sizeof(e->filename), PYSTR_UNIT);
	e->len[MW_PIECE_NAME] =
		copy_object(l, code + (l->code_qualname ? l->code_qualname : l->code_name),
			    &e->at[MW_PIECE_NAME], e->name, sizeof(e->name), PYSTR_UNIT);
	e->len[MW_PIECE_LINETABLE] = copy_object(l, code + l->code_linetable,
						 &e->at[MW_PIECE_LINETABLE], e->linetable,
						 sizeof(e->linetable), 1);
	emit_submit_long(e, 0);
	*shown = tag;
}

/*
 * The code of one frame of the stack in the scratch. Global for the same reasons as walk_some(),
 * and one by one: more in a call take the verifier longer.
 */
__weak int show_frame(__u32 layout_index, __u32 scratch_index, __u32 frame)
{
	struct mw_pylayout *layout = bpf_map_lookup_elem(&mw_pylayouts, &layout_index);
	struct mw_scratch *scratch = bpf_map_lookup_elem(&mw_scratch, &scratch_index);
	__u32 zero = 0;
	struct mw_deaths *deaths = bpf_map_lookup_elem(&mw_deaths, &zero);

	if (layout && scratch && deaths)
		show_code(layout, deaths, &scratch->stack.frames[frame & (MW_STACK_DEPTH - 1)],
			  scratch->pid_tgid);
	return 0;
}

static __always_inline void show_codes(__u32 layout_index, __u32 scratch_index,
				       struct mw_scratch *scratch)
{
	for (__u32 i = 0; i < MW_STACK_DEPTH && i < scratch->stack.n_python; i++)
		show_frame(layout_index, scratch_index, i);
}

#endif
