/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * spawn.h - start a command and hold it before its first instruction that matters.
 *
 * The command is held where the dynamic loader has mapped and relocated every library
 * and has run no constructor yet: the breakpoint the loader offers to debuggers
 * (_dl_debug_state, see link.h's r_brk). A static program is held at its exec.
 * Until it is released the command dies with us; afterwards it knows nothing of us.
 */
#ifndef MWBPF_SPAWN_H
#define MWBPF_SPAWN_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/* The state a command is to begin with: ours before we changed it. */
struct spawn_before {
	sigset_t mask;
	struct sigaction pipe, xfsz, chld;
	struct rlimit files;
};

/*
 * Set up ours: the signals given are blocked, for a signalfd; writing to a gone reader or
 * past a limit is an error, not a death; children are waited for; as many files may be
 * open as the system allows, for every file a target has mapped is held open. The former
 * state goes to *before. 0 or -errno.
 */
int spawn_prepare(struct spawn_before *before, const sigset_t *blocked);

struct spawn_as {
	bool change;	/* else the caller's own user */
	uid_t uid;
	gid_t gid;
	char *name;	/* for initgroups and the environment; NULL: a number only */
	char *home;
};

/*
 * Whom to run a command as: user (a name or number), or, when it is NULL and we were
 * started by sudo, the one who called sudo, with that one's group. 0; -ENOENT when there
 * is no such user; -EINVAL when what sudo says is no number. name and home are the
 * caller's.
 */
int spawn_user(const char *user, struct spawn_as *as);

/*
 * Start argv, searched in PATH, with the state given. On success *pid is a
 * child of ours, held. 0, or -errno of the exec (-ENOENT, -EACCES ...), or -ECHILD
 * when it ended before it could be held: its status is then in *status.
 */
int spawn_start(char *const argv[], const struct spawn_as *as,
		const struct spawn_before *before, pid_t *pid, int *status);

/* Where it is held; NULL as the ordinary place, else a sentence about what is missed. */
const char *spawn_caveat(void);

/* Let it run; it is no longer traced. 0 or -errno. */
int spawn_release(pid_t pid);

#endif
