// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* link.c - uprobe_multi links through the bpf system call: libbpf before 1.3 has none. */
#include "probe/link.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* union bpf_attr.link_create with its uprobe_multi member, as of 6.6; path_fd is of 7.x */
struct link_create_attr {
	__u32 prog_fd;
	__u32 target_fd;
	__u32 attach_type;
	__u32 link_flags;
	__u64 path;
	__u64 offsets;
	__u64 ref_ctr_offsets;
	__u64 cookies;
	__u32 cnt;
	__u32 flags;
	__u32 pid;
	__u32 path_fd;
};

_Static_assert(sizeof(struct link_create_attr) == 64, "union bpf_attr layout");

int link_multi(int prog, int attach_type, const struct link_multi *link)
{
	struct link_create_attr attr = {
		.prog_fd = prog,
		.attach_type = attach_type,
		.path = (uintptr_t)link->path,
		.offsets = (uintptr_t)link->offsets,
		.cookies = (uintptr_t)link->cookies,
		.cnt = link->cnt,
		.flags = link->flags,
		.pid = link->pid,
	};
	int fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	return fd < 0 ? -errno : fd;
}
