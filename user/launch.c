// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* launch.c - a command of the user's, from its start to its status. */
#include "launch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/log.h"

/* What a shell says of a command that could not be executed. */
static int exec_status(int err)
{
	return err == -ENOENT || err == -ENOTDIR ? LAUNCH_NOT_FOUND : LAUNCH_UNRUNNABLE;
}

int launch_start(struct launch *launch, const struct options *options,
		 const struct spawn_before *before, const char **caveat)
{
	const char *command = options->command[0];
	struct spawn_as as;
	int err = spawn_user(options->user, &as);

	*launch = (struct launch){ 0 };
	if (err == -ENOENT)
		log_error("--user: there is no user '%s'", options->user);
	else if (err)
		log_error("SUDO_UID, which says who called sudo, is '%s': name a user with --user",
			  getenv("SUDO_UID"));
	if (err) {
		free(as.name);
		free(as.home);
		return LAUNCH_FAILED;
	}
	err = spawn_start(options->command, &as, before, &launch->pid, &launch->status);
	free(as.name);
	free(as.home);
	if (!err) {
		launch->held = true;
		*caveat = spawn_caveat();
		return 0;
	}
	launch->pid = 0;
	if (err == -ECHILD) {
		log_error("%s ended before it could be traced", command);
		return launch_exit_status(launch);
	}
	log_error("cannot run %s: %s", command, strerror(-err));
	return exec_status(err);
}

int launch_release(struct launch *launch)
{
	int err = launch->held ? spawn_release(launch->pid) : 0;

	launch->held = false;
	return err;
}

void launch_reap(struct launch *launch)
{
	if (launch->pid && !launch->reaped)
		launch->reaped = waitpid(launch->pid, &launch->status, WNOHANG) == launch->pid;
}

int launch_exit_status(const struct launch *launch)
{
	return WIFSIGNALED(launch->status) ? 128 + WTERMSIG(launch->status)
					   : WEXITSTATUS(launch->status);
}

void launch_abandon(struct launch *launch)
{
	if (!launch->held)
		return;
	kill(launch->pid, SIGKILL);
	waitpid(launch->pid, NULL, __WALL);
	launch->held = false;
}
