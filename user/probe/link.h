/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * link.h - uprobe_multi links through the bpf system call: libbpf before 1.3 has none.
 */
#ifndef MWBPF_LINK_H
#define MWBPF_LINK_H

#include <linux/types.h>

#define LINK_MULTI   48 /* BPF_TRACE_UPROBE_MULTI, include/uapi/linux/bpf.h of 6.6 */
#define LINK_SESSION 57 /* BPF_TRACE_UPROBE_SESSION, of 6.13 */
#define LINK_RETURN  1	/* BPF_F_UPROBE_MULTI_RETURN */

struct link_multi {
	const char *path;
	const unsigned long *offsets; /* in the file */
	const __u64 *cookies;	      /* NULL: none */
	__u32 cnt;
	__u32 flags;
	__u32 pid;
};

/* A link's file descriptor, whose closing detaches; or -errno. */
int link_multi(int prog, int attach_type, const struct link_multi *link);

#endif
