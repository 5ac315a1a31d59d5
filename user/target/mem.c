// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* mem.c - bounded reads of a process's memory, without stopping it. */
#include "target/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* The process that is read much of. */
static struct {
	pid_t pid; /* 0: none */
	int fd;	   /* its /proc/PID/mem */
} held;

int mem_hold(pid_t pid)
{
	char path[64];
	int fd;

	mem_release();
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	held.pid = pid;
	held.fd = fd;
	return 0;
}

void mem_release(void)
{
	if (held.pid)
		close(held.fd);
	held.pid = 0;
}

/* As process_vm_readv: its errors, and where not all is mapped what is in front of that. */
static ssize_t read_held(uint64_t addr, void *buf, size_t len)
{
	const ssize_t got = addr > INT64_MAX ? 0 : pread(held.fd, buf, len, (off_t)addr);

	if (got > 0 || !len)
		return got;
	/* nothing, and no error: the memory is nobody's any more */
	errno = addr > INT64_MAX || (got < 0 && errno == EIO) ? EFAULT : got ? errno : ESRCH;
	return -1;
}

static ssize_t read_some(pid_t pid, uint64_t addr, void *buf, size_t len)
{
	struct iovec local = { buf, len };
	struct iovec remote = { (void *)(uintptr_t)addr, len };

	return pid == held.pid ? read_held(addr, buf, len) :
				 process_vm_readv(pid, &local, 1, &remote, 1, 0);
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
	if (pid == held.pid) {
		for (; done < n; done++)
			if (read_held(addrs[done], (char *)buf + done * size, size) < 0 &&
			    errno != EFAULT)
				return;
		return;
	}
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
