// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* spawn.c - start a command and hold it before its first instruction that matters. */
#include "target/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <pwd.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fmt.h"
#include "target/image.h"
#include "target/mem.h"
#include "target/proc.h"

static const char *caveat;

const char *spawn_caveat(void)
{
	return caveat;
}

/* A decimal id, whole; false for anything else. */
static bool parse_id(const char *text, id_t *id)
{
	uint64_t value;

	if (!text || fmt_parse_u64(text, 0, UINT32_MAX - 1, &value))
		return false;
	*id = value;
	return true;
}

static int describe_user(const struct passwd *entry, struct spawn_as *as)
{
	as->name = strdup(entry->pw_name);
	as->home = strdup(entry->pw_dir);
	return as->name && as->home ? 0 : -ENOMEM;
}

/* A user given by name or number, with the groups the system gives that user. */
static int named_user(const char *user, struct spawn_as *as)
{
	struct passwd *entry = getpwnam(user);

	if (!entry && !parse_id(user, &as->uid))
		return -ENOENT;
	if (!entry)
		entry = getpwuid(as->uid);
	as->uid = entry ? entry->pw_uid : as->uid;
	as->gid = entry ? entry->pw_gid : as->uid;
	return entry ? describe_user(entry, as) : 0;
}

int spawn_user(const char *user, struct spawn_as *as)
{
	const char *sudo_uid = getenv("SUDO_UID");
	struct passwd *entry;

	*as = (struct spawn_as){ .change = user || (sudo_uid && geteuid() == 0) };
	if (user)
		return named_user(user, as);
	if (!as->change)
		return 0;
	if (!parse_id(sudo_uid, &as->uid))
		return -EINVAL;
	entry = getpwuid(as->uid);
	if (!parse_id(getenv("SUDO_GID"), &as->gid))
		as->gid = entry ? entry->pw_gid : as->uid;
	return entry ? describe_user(entry, as) : 0;
}

int spawn_prepare(struct spawn_before *before, const sigset_t *blocked)
{
	struct rlimit most;

	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	const struct sigaction normal = { .sa_handler = SIG_DFL };

	if (sigaction(SIGPIPE, &ignore, &before->pipe) ||
	    sigaction(SIGXFSZ, &ignore, &before->xfsz) ||
	    sigaction(SIGCHLD, &normal, &before->chld) ||
	    sigprocmask(SIG_BLOCK, blocked, &before->mask) ||
	    getrlimit(RLIMIT_NOFILE, &before->files))
		return -errno;
	most = before->files;
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_NOFILE, &most);
	return 0;
}

static void restore(const struct spawn_before *before)
{
	setrlimit(RLIMIT_NOFILE, &before->files);
	sigaction(SIGPIPE, &before->pipe, NULL);
	sigaction(SIGXFSZ, &before->xfsz, NULL);
	sigaction(SIGCHLD, &before->chld, NULL);
	sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

static int become(const struct spawn_as *as)
{
	if (!as->change)
		return 0;
	if (as->name ? initgroups(as->name, as->gid) : setgroups(1, &as->gid))
		return -errno;
	if (setgid(as->gid) || setuid(as->uid))
		return -errno;
	if (as->name) {
		setenv("USER", as->name, 1);
		setenv("LOGNAME", as->name, 1);
	}
	if (as->home)
		setenv("HOME", as->home, 1);
	return 0;
}

/* In the child: wait until we are seized, then become the command. Does not return. */
static void run_child(char *const argv[], const struct spawn_as *as,
		      const struct spawn_before *before, int go, int failed)
{
	char byte;
	int err;

	if (read(go, &byte, 1) != 1)
		_exit(127); /* mwbpf has died */
	err = become(as);
	if (!err) {
		restore(before);
		execvp(argv[0], argv);
		err = -errno;
	}
	if (write(failed, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

/* Wait for the next ptrace stop. Its wait status, or -ECHILD with *status the end's. */
static int next_stop(pid_t pid, int *status)
{
	while (waitpid(pid, status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSTOPPED(*status) ? 0 : -ECHILD;
}

static int peek(pid_t pid, uint64_t addr, long *word)
{
	errno = 0;
	*word = ptrace(PTRACE_PEEKTEXT, pid, (void *)addr, NULL);
	return -errno;
}

static int poke(pid_t pid, uint64_t addr, long word)
{
	return ptrace(PTRACE_POKETEXT, pid, (void *)addr, (void *)word) ? -errno : 0;
}

/*
 * Let it run to addr once: a breakpoint is set, hit and taken away again. Signals that
 * arrive on the way are passed on. 0 or -errno; -ECHILD as for next_stop.
 */
static int run_to(pid_t pid, uint64_t addr, int *status)
{
	struct user_regs_struct regs;
	int deliver = 0, err;
	long word;

	err = peek(pid, addr, &word);
	if (!err)
		err = poke(pid, addr, (word & ~0xffL) | 0xcc);
	if (err)
		return err;
	for (;;) {
		if (ptrace(PTRACE_CONT, pid, NULL, (void *)(long)deliver))
			return -errno;
		err = next_stop(pid, status);
		if (err)
			return err;
		if (ptrace(PTRACE_GETREGS, pid, NULL, &regs))
			return -errno;
		if (WSTOPSIG(*status) == SIGTRAP && regs.rip == addr + 1)
			break;
		deliver = *status >> 16 ? 0 : WSTOPSIG(*status);
	}
	regs.rip = addr;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs))
		return -errno;
	return poke(pid, addr, word);
}

static int step(pid_t pid, int *status)
{
	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL))
		return -errno;
	return next_stop(pid, status);
}

/* The loader's breakpoint function, and where it says what it is doing (0: it does not). */
static int find_rendezvous(pid_t pid, uint64_t base, uint64_t *function, uint64_t *state)
{
	static const char *const names[] = { "_dl_debug_state", "_r_debug" };
	struct images images = { 0 };
	struct elf_symbol found[2];
	const struct mapping *m;
	struct maps maps;
	struct image *image;
	int err = maps_read(pid, &maps);

	if (err)
		return err;
	m = maps_find(&maps, base);
	image = m ? images_get(&images, pid, m) : NULL;
	err = -ENOENT;
	if (image && image->elf && elf_find(image->elf, names, 2, found) && found[0].offset) {
		*function = base + found[0].vaddr;
		*state = found[1].offset || found[1].vaddr
				 ? base + found[1].vaddr + offsetof(struct r_debug, r_state)
				 : 0;
		err = 0;
	}
	images_clear(&images);
	maps_clear(&maps);
	return err;
}

/* From the exec to where it is to be held. */
static int run_to_rendezvous(pid_t pid, int *status)
{
	struct proc_auxv auxv;
	uint64_t function, state;
	int r_state = RT_CONSISTENT;
	int err = proc_auxv(pid, &auxv);

	caveat = NULL;
	if (err || !auxv.base)
		return err; /* no loader: everything is mapped */
	if (find_rendezvous(pid, auxv.base, &function, &state)) {
		caveat = "the loader has no _dl_debug_state: held at the entry point, what "
			 "constructors of libraries allocate is not seen";
		return run_to(pid, auxv.entry, status);
	}
	for (int hits = 0; hits < 64; hits++) {
		err = run_to(pid, function, status);
		if (err)
			return err;
		if (state && mem_read(pid, state, &r_state, sizeof(r_state)))
			return -EFAULT;
		if (r_state == RT_CONSISTENT)
			return 0;
		err = step(pid, status);
		if (err)
			return err;
	}
	return -ELOOP;
}

/* Seize the waiting child, let it exec and stop there. -errno of the exec if that failed. */
static int run_to_exec(pid_t pid, int go, int failed, int *status)
{
	int exec_err;
	int err;

	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)))
		return -errno;
	if (write(go, "g", 1) != 1)
		return -errno;
	for (;;) {
		err = next_stop(pid, status);
		if (err == -ECHILD && read(failed, &exec_err, sizeof(exec_err)) == sizeof(exec_err))
			return exec_err;
		if (err)
			return err;
		if (*status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8))
			return 0;
		if (ptrace(PTRACE_CONT, pid, NULL,
			   (void *)(long)(*status >> 16 ? 0 : WSTOPSIG(*status))))
			return -errno;
	}
}

/* End a child that has run nothing of its own yet, unless its end was already seen. */
static void abandon(pid_t pid)
{
	siginfo_t info;

	if (waitid(P_PID, pid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT))
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, __WALL);
}

int spawn_start(char *const argv[], const struct spawn_as *as,
		const struct spawn_before *before, pid_t *pid, int *status)
{
	int go[2], failed[2], err;

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(failed, O_CLOEXEC)) {
		err = -errno;
		close(go[0]);
		close(go[1]);
		return err;
	}
	*pid = fork();
	if (*pid == 0) {
		close(go[1]);
		close(failed[0]);
		run_child(argv, as, before, go[0], failed[1]);
	}
	err = *pid < 0 ? -errno : 0;
	close(go[0]);
	close(failed[1]);
	if (!err)
		err = run_to_exec(*pid, go[1], failed[0], status);
	if (!err)
		err = run_to_rendezvous(*pid, status);
	close(go[1]);
	close(failed[0]);
	if (err && err != -ECHILD && *pid > 0)
		abandon(*pid);
	return err;
}

int spawn_release(pid_t pid)
{
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, NULL))
		return -errno;
	return ptrace(PTRACE_DETACH, pid, NULL, NULL) ? -errno : 0;
}
