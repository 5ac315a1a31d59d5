// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pins.c - links held by files, so that the kernel itself lets them go. */
#include "probe/pins.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clean.h"

int pins_open(void)
{
	int context __fd = syscall(SYS_fsopen, "bpf", FSOPEN_CLOEXEC);
	int mount;

	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -errno;
	mount = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	return mount < 0 ? -errno : mount;
}

int pins_add(int pins, unsigned number, int fd)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%u", pins, number);
	return bpf_obj_pin(fd, path) ? -errno : 0;
}

void pins_remove(int pins, unsigned number)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", number);
	unlinkat(pins, name, 0);
}
