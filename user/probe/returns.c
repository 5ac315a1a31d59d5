// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* returns.c - whether a return probe would hurt a process, tried out on one of our own. */
#include "probe/returns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clean.h"
#include "probe/link.h"
#include "target/maps.h"

#define SYS_URETPROBE 335 /* arch/x86/entry/syscalls/syscall_64.tbl of 6.11 */

/* What the child calls under the filter; a function of its own, with a place for a probe. */
static __attribute__((noinline, noclone)) int probed(int n)
{
	__asm__ volatile("" ::: "memory");
	return n + 1;
}

/* Only the calls that the child needs to end; death for all others. */
static int forbid_all(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	const struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? -errno : 0;
}

static void run_child(int go)
{
	const struct rlimit no_core = { 0, 0 };
	char byte;

	setrlimit(RLIMIT_CORE, &no_core);
	if (read(go, &byte, 1) != 1 || forbid_all())
		_exit(2);
	_exit(probed(-1));
}

/* Where the function lies in our own file. */
static int64_t offset_of_probed(void)
{
	const struct mapping *m;
	int64_t offset = -ENOENT;
	struct maps maps;
	int err = maps_read(getpid(), &maps);

	if (err)
		return err;
	m = maps_find(&maps, (uintptr_t)probed);
	if (m)
		offset = (uintptr_t)probed - m->start + m->file_off;
	maps_clear(&maps);
	return offset;
}

/* A return probe in the child: a link or, by perf, a descriptor's twin. -errno. */
static int attach(enum tier tier, const struct bpf_program *leave, pid_t child, uint64_t offset,
		  struct bpf_link **perf)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .retprobe = true);
	const unsigned long at = offset;
	const struct link_multi link = { .path = "/proc/self/exe",
					 .offsets = &at,
					 .cnt = 1,
					 .flags = LINK_RETURN,
					 .pid = child };

	if (tier >= TIER_MULTI)
		return link_multi(bpf_program__fd(leave), LINK_MULTI, &link);
	*perf = bpf_program__attach_uprobe_opts(leave, child, "/proc/self/exe", offset, &opts);
	return *perf ? -1 : -errno;
}

int returns_pass_seccomp(enum tier tier, const struct bpf_program *leave)
{
	int64_t offset = offset_of_probed();
	struct bpf_link *perf = NULL;
	int go[2], status, link __fd = -1;
	pid_t child;

	if (offset < 0)
		return offset;
	if (pipe2(go, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child == 0) {
		close(go[1]);
		run_child(go[0]);
	}
	close(go[0]);
	link = child > 0 ? attach(tier, leave, child, offset, &perf) : -errno;
	if ((link >= 0 || perf) && write(go[1], "g", 1) != 1)
		link = -errno;
	close(go[1]);
	if (child > 0)
		waitpid(child, &status, 0);
	bpf_link__destroy(perf);
	if (link < 0 && !perf)
		return link;
	if (WIFSIGNALED(status))
		return -EKEYREJECTED;
	return WEXITSTATUS(status) == 0 ? 0 : -EPROTO;
}

int returns_pass_shadow_stack(void)
{
	const struct rlimit no_core = { 0, 0 };
	int status;
	pid_t child = fork();

	if (child < 0)
		return -errno;
	if (child == 0) {
		/* called from anywhere but its trampoline, it ends in SIGILL */
		setrlimit(RLIMIT_CORE, &no_core);
		_exit(syscall(SYS_URETPROBE) < 0 && errno == ENOSYS);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) ? -ENOSYS : 0;
}
