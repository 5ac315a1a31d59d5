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

void mem_read_each(pid_t pid, const uint64_t *addrs, size_t n, size_t size, void *buf)
{
	struct iovec remote[MEM_EACH];
	size_t done = 0;

	memset(buf, 0, n * size);
	for (size_t i = 0; i < n; i++)
		remote[i] = (struct iovec){ (void *)(uintptr_t)addrs[i], size };
	while (done < n) {
		struct iovec local = { (char *)buf + done * size, (n - done) * size };
		ssize_t got = process_vm_readv(pid, &local, 1, remote + done, n - done, 0);

		if (got < 0 && errno != EFAULT)
			return;
		/* it ends in front of the first that it cannot read */
		done += (got > 0 ? (size_t)got / size : 0) + 1;
	}
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
