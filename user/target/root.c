// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* root.c - files by their path as a process sees them. */
#include "target/root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clean.h"

/*
 * By /proc/PID/root/PATH alone, an absolute link in the target's root would lead into
 * ours. RESOLVE_IN_ROOT is there since Linux 5.6.
 */
static int open_in(pid_t pid, const char *path)
{
	const struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
				      .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	char link[64];
	int root __fd = -1, fd;

	snprintf(link, sizeof(link), pid ? "/proc/%d/root" : "/", (int)pid);
	root = open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

int root_open(pid_t pid, const char *path)
{
	int fd = open_in(pid, path);
	struct stat st;

	if (fd < 0)
		return fd;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}
