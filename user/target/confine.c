// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* confine.c - a child that may compute, read what it was given and answer, and no more. */
#include "target/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/clean.h"

#define NOBODY  65534 /* the kernel's overflow uid and gid */
#define FILES   256
#define SECONDS 60 /* of CPU, for a program */

/* With what comes along in a message, memory is all that malloc and libelf work with. */
static const uint16_t allowed[] = {
	SYS_recvmsg,	SYS_sendto,    SYS_close,	 SYS_fcntl,   SYS_fstat,
	SYS_newfstatat, SYS_lseek,     SYS_read,	 SYS_pread64, SYS_mmap,
	SYS_munmap,	SYS_mremap,    SYS_mprotect,	 SYS_madvise, SYS_brk,
	SYS_futex,	SYS_getrandom, SYS_rt_sigreturn, SYS_exit,    SYS_exit_group,
#ifdef __SANITIZE_ADDRESS__
	SYS_gettid,	SYS_getpid,    SYS_sigaltstack,	 SYS_rt_sigprocmask,
	SYS_write,	SYS_openat,    SYS_readlink,
#endif
};

#define N_ALLOWED (sizeof(allowed) / sizeof(*allowed))

static confine_open *opener;

/* openat(dirfd, path, flags) did not take place: here is what it returns. */
static void answer_open(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	registers[REG_RAX] = -EPERM;
	if (info->si_syscall == SYS_openat && ((int)registers[REG_RDX] & O_ACCMODE) == O_RDONLY)
		registers[REG_RAX] = opener((const char *)(uintptr_t)registers[REG_RSI]);
}

static int answer_opens(confine_open *open)
{
	const struct sigaction action = { .sa_sigaction = answer_open, .sa_flags = SA_SIGINFO };

	opener = open;
	return sigaction(SIGSYS, &action, NULL) ? -errno : 0;
}

/* The rest fails with EPERM, which libelf and malloc report; another ABI is the end. */
static int filter_calls(void)
{
	struct sock_filter code[2 * N_ALLOWED + 7] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { .filter = code };
	unsigned short n = 4;

	for (size_t i = 0; i < N_ALLOWED; i++) {
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	program.len = n;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? -errno : 0;
}

static int keep_only(int socket)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	/* above what is overwritten here */
	socket = fcntl(socket, F_DUPFD, CONFINE_SOCKET + 1);
	for (int fd = 0; fd < CONFINE_SOCKET; fd++)
		if (socket < 0 || dup2(null, fd) < 0)
			return -errno;
	if (dup2(socket, CONFINE_SOCKET) < 0 ||
	    syscall(SYS_close_range, CONFINE_SOCKET + 1, ~0U, 0))
		return -errno;
	return 0;
}

/* What counts as data already, of which the parent may have gigabytes; bytes. */
static uint64_t data_size(void)
{
	FILE *status __file = fopen("/proc/self/status", "re");
	unsigned long long kib = 0;
	char line[256];

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "VmData: %llu kB", &kib) == 1)
			break;
	return kib << 10;
}

static int limit(int resource, uint64_t most)
{
	const struct rlimit both = { most, most };

	return setrlimit(resource, &both) ? -errno : 0;
}

static int limit_all(uint64_t memory)
{
	int err = limit(RLIMIT_CORE, 0);

	if (!err)
		err = limit(RLIMIT_NOFILE, FILES);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow is terabytes */
	if (!err)
		err = limit(RLIMIT_DATA, data_size() + memory);
#endif
	return err;
}

/* Who is not root cannot change users, but may have capabilities. */
static int become_nobody(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (geteuid() == 0 && (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
			       setresuid(NOBODY, NOBODY, NOBODY)))
		return -errno;
	return syscall(SYS_capset, &header, none) ? -errno : 0;
}

/* A change of user takes this away, and the parent may have ended before. */
static int end_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		return -ESRCH;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

int confine(int socket, pid_t parent, uint64_t memory, confine_open *open)
{
	int err = limit_all(memory);

	if (!err)
		err = keep_only(socket);
	if (!err)
		err = become_nobody();
	if (err)
		return err;
	signal(SIGPIPE, SIG_IGN);
	err = end_with(parent);
	if (!err)
		err = answer_opens(open);
	return err ? err : filter_calls();
}

int confine_program(pid_t parent, uint64_t memory)
{
	int err = limit_all(memory);

	if (!err)
		err = limit(RLIMIT_CPU, SECONDS);
	if (!err)
		err = become_nobody();
	return err ? err : end_with(parent);
}
