// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* proc.c - which process this is, and a hold on it that a reused pid cannot fool. */
#include "target/proc.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clean.h"

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h; in field 9 of /proc/PID/stat */

/* Up to cap - 1 bytes of /proc/PID/NAME, terminated. Bytes read or -errno. */
static ssize_t read_entry(pid_t pid, const char *name, char *buf, size_t cap)
{
	char path[64];
	int fd __fd = -1;
	size_t len = 0;
	ssize_t got = 0;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	while (len + 1 < cap && (got = read(fd, buf + len, cap - 1 - len)) > 0)
		len += got;
	buf[len] = '\0';
	return got < 0 ? -errno : (ssize_t)len;
}

static int read_stat(struct proc *proc)
{
	char text[1024], *after;
	unsigned int flags;
	unsigned long long start;
	ssize_t len = read_entry(proc->pid, "stat", text, sizeof(text));

	if (len < 0)
		return len;
	after = strrchr(text, ')'); /* the command may hold anything, parentheses too */
	if (!after || sscanf(after + 1,
			     " %c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d"
			     " %*d %*d %*d %llu",
			     &proc->state, &flags, &start) != 3)
		return -EBADMSG;
	proc->kernel_thread = flags & PF_KTHREAD;
	proc->start = start;
	return 0;
}

/* Fields 26, 27, 28 and 47; field 3 is the first behind the command. */
int proc_layout(pid_t pid, struct proc_layout *layout)
{
	unsigned long long fields[48] = { 0 };
	char text[1024], *p, *end;
	ssize_t len = read_entry(pid, "stat", text, sizeof(text));

	if (len < 0)
		return len;
	p = strrchr(text, ')');
	if (!p || strlen(p) < 4)
		return -EBADMSG;
	p += 3; /* the state is a letter */
	for (int field = 4; field < 48; field++, p = end) {
		fields[field] = strtoull(p, &end, 10);
		if (end == p)
			return -EBADMSG;
	}
	*layout = (struct proc_layout){ fields[26], fields[27], fields[28], fields[47] };
	return 0;
}

static int read_status(struct proc *proc)
{
	char text[8192], *line;
	ssize_t len = read_entry(proc->pid, "status", text, sizeof(text));
	int tgid = 0;

	if (len < 0)
		return len;
	line = strstr(text, "\nTgid:");
	if (line)
		sscanf(line, "\nTgid: %d", &tgid);
	if (tgid != proc->pid)
		return -ESRCH;
	line = strstr(text, "\nSeccomp:");
	if (line)
		sscanf(line, "\nSeccomp: %d", &proc->seccomp);
	line = strstr(text, "\nx86_Thread_features:");
	proc->shadow_stack = line && memmem(line + 1, strcspn(line + 1, "\n"), "shstk", 5);
	return 0;
}

static int read_exe(struct proc *proc)
{
	char link[64], path[PATH_MAX], ident[EI_NIDENT];
	int fd __fd = -1;
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)proc->pid);
	len = readlink(link, path, sizeof(path) - 1);
	path[len < 0 ? 0 : len] = '\0';
	free(proc->exe);
	proc->exe = strdup(path);
	fd = open(link, O_RDONLY | O_CLOEXEC);
	proc->bits32 = fd >= 0 && read(fd, ident, sizeof(ident)) == sizeof(ident) &&
		       !memcmp(ident, ELFMAG, SELFMAG) && ident[EI_CLASS] == ELFCLASS32;
	return proc->exe ? 0 : -ENOMEM;
}

static int read_argv(struct proc *proc)
{
	size_t cap = 128 << 10, n = 0, len;
	char *text __free = malloc(cap);
	ssize_t got = text ? read_entry(proc->pid, "cmdline", text, cap) : -ENOMEM;
	char **argv, *copy;

	if (got < 0)
		return got;
	len = got;
	for (size_t i = 0; i < len; i++)
		n += text[i] == '\0';
	n += len && text[len - 1] != '\0';
	argv = calloc(1, (n + 1) * sizeof(*argv) + len + 1);
	if (!argv)
		return -ENOMEM;
	copy = (char *)(argv + n + 1);
	memcpy(copy, text, len);
	for (size_t i = 0; i < n; i++) {
		argv[i] = copy;
		copy += strlen(copy) + 1;
	}
	free(proc->argv);
	proc->argv = argv;
	return 0;
}

int proc_refresh(struct proc *proc)
{
	int err = read_stat(proc);

	if (!err)
		err = read_status(proc);
	if (!err)
		err = read_exe(proc);
	if (!err)
		err = read_argv(proc);
	return err;
}

int proc_open(pid_t pid, struct proc *proc)
{
	int err;

	*proc = (struct proc){ .pid = pid, .pidfd = -1 };
	proc->pidfd = syscall(SYS_pidfd_open, pid, 0);
	/* EINVAL is how kernels before 6.9 say "a thread, not a process" */
	if (proc->pidfd < 0)
		return errno == EINVAL || errno == ENOENT ? -ESRCH : -errno;
	err = proc_refresh(proc);
	if (!err && !proc_alive(proc) && proc->state != 'Z')
		err = -ESRCH; /* what was read may be of a successor */
	if (err)
		proc_close(proc);
	return err;
}

void proc_close(struct proc *proc)
{
	if (proc->pidfd >= 0)
		close(proc->pidfd);
	free(proc->exe);
	free(proc->argv);
	*proc = (struct proc){ .pidfd = -1 };
}

bool proc_alive(const struct proc *proc)
{
	struct pollfd poll_fd = { .fd = proc->pidfd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 0;
}

bool proc_stopped(const struct proc *proc)
{
	return proc->state == 'T' || proc->state == 't';
}

int proc_auxv(pid_t pid, struct proc_auxv *auxv)
{
	Elf64_auxv_t entries[64] = { 0 };
	ssize_t len = read_entry(pid, "auxv", (char *)entries, sizeof(entries));

	*auxv = (struct proc_auxv){ 0 };
	if (len < 0)
		return len;
	for (size_t i = 0; i < len / sizeof(*entries); i++) {
		uint64_t value = entries[i].a_un.a_val;

		switch (entries[i].a_type) {
		case AT_PHDR: auxv->phdr = value; break;
		case AT_PHENT: auxv->phent = value; break;
		case AT_PHNUM: auxv->phnum = value; break;
		case AT_BASE: auxv->base = value; break;
		case AT_ENTRY: auxv->entry = value; break;
		}
	}
	return 0;
}

ssize_t proc_threads(pid_t pid, pid_t **tids)
{
	char path[64];
	DIR *dir __dir = NULL;
	struct dirent *entry;
	size_t n = 0, cap = 0;

	*tids = NULL;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? -ESRCH : -errno;
	while ((entry = readdir(dir))) {
		pid_t *more;

		if (entry->d_name[0] == '.')
			continue;
		if (n == cap) {
			cap = cap ? cap * 2 : 16;
			more = realloc(*tids, cap * sizeof(**tids));
			if (!more) {
				free(*tids);
				*tids = NULL;
				return -ENOMEM;
			}
			*tids = more;
		}
		(*tids)[n++] = atoi(entry->d_name);
	}
	return n;
}

pid_t proc_inner_tid(pid_t pid, pid_t tid)
{
	char name[64], text[8192], *line, *last;
	ssize_t len;

	snprintf(name, sizeof(name), "task/%d/status", (int)tid);
	len = read_entry(pid, name, text, sizeof(text));
	if (len < 0)
		return -ESRCH;
	line = strstr(text, "\nNSpid:"); /* one id for each namespace, the innermost last */
	if (!line)
		return tid;
	line[1 + strcspn(line + 1, "\n")] = '\0';
	last = strrchr(line, '\t');
	return last ? atoi(last + 1) : tid;
}

/* "202 0x7f... 0x80 0x0 0x0 0x0 0x0 SP PC", "-1 SP PC" outside a call, or "running" */
bool proc_thread_waits(pid_t pid, pid_t tid, uint64_t *sp, uint64_t *pc)
{
	char name[64], text[256];

	snprintf(name, sizeof(name), "task/%d/syscall", (int)tid);
	return read_entry(pid, name, text, sizeof(text)) > 0 &&
	       (sscanf(text, "-1 %" SCNx64 " %" SCNx64, sp, pc) == 2 ||
		sscanf(text, "%*d %*x %*x %*x %*x %*x %*x %" SCNx64 " %" SCNx64, sp, pc) == 2);
}

bool proc_status(pid_t tid, const char *format, void *value)
{
	char path[64], line[256];
	FILE *file __file = NULL;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, format, value) == 1)
			return true;
	return false;
}

pid_t proc_tracer(pid_t pid, char name[PROC_NAME])
{
	pid_t *tids __free = NULL;
	const ssize_t n = proc_threads(pid, &tids);
	pid_t tracer = 0;

	for (ssize_t i = 0; i < n && !tracer; i++)
		proc_status(tids[i], "TracerPid: %d", &tracer);
	if (!tracer || read_entry(tracer, "comm", name, PROC_NAME) < 0)
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	return tracer;
}
