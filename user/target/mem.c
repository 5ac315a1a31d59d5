// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* mem.c - bounded reads of a process's memory, without stopping it. */
#include "target/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

static ssize_t read_some(pid_t pid, uint64_t addr, void *buf, size_t len)
{
	struct iovec local = { buf, len };
	struct iovec remote = { (void *)(uintptr_t)addr, len };

	return process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

int mem_read(pid_t pid, uint64_t addr, void *buf, size_t len)
{
	ssize_t got = read_some(pid, addr, buf, len);

	if (got < 0)
		return -errno;
	return (size_t)got == len ? 0 : -EFAULT;
}

int mem_read_string(pid_t pid, uint64_t addr, char *buf, size_t cap)
{
	size_t len = 0;

	while (len + 1 < cap) {
		/* up to the end of a page: the next one may not be mapped */
		size_t step = 4096 - (addr + len) % 4096;
		ssize_t got;

		if (step > cap - 1 - len)
			step = cap - 1 - len;
		got = read_some(pid, addr + len, buf + len, step);
		if (got <= 0) {
			buf[len] = '\0';
			return got < 0 ? -errno : -EFAULT;
		}
		if (memchr(buf + len, '\0', got))
			return 0;
		len += got;
	}
	buf[len] = '\0';
	return 0;
}
