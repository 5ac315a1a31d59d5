// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* filter.c - another program, without any privilege of ours, between two files. */
#include "target/filter.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clean.h"
#include "target/confine.h"

#define MEMORY	   (1ULL << 30) /* bytes it may ask for */
#define NO_PROGRAM 127		/* its exit status when it cannot be executed, as a shell's */

/* In the child. Does not return. */
static void execute(char *const argv[], const int files[3], pid_t parent)
{
	static char *const environment[] = { "LC_ALL=C.UTF-8", "HOME=/", NULL };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int fd = 0; fd < 3; fd++)
		if (dup2(files[fd], fd) < 0)
			_exit(1);
	if (syscall(SYS_close_range, 3, ~0U, 0) || chdir("/") || confine_program(parent, MEMORY))
		_exit(1);
	execvpe(argv[0], argv, environment);
	_exit(NO_PROGRAM);
}

static void read_line(int fd, char said[FILTER_SAID])
{
	const ssize_t n = pread(fd, said, FILTER_SAID - 1, 0);

	said[n > 0 ? n : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
}

/* Start it and wait for its end. Its wait status is in *status; 0 or -errno. */
static int run(char *const argv[], const int files[3], int *status)
{
	const pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		execute(argv, files, parent);
	if (pid < 0)
		return -errno;
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int filter_run(char *const argv[], int in, int out, char said[FILTER_SAID])
{
	const int errors __fd = memfd_create("errors", MFD_CLOEXEC);
	const int files[3] = { in, out, errors };
	/* where it is ignored, as our caller may have left it, an end cannot be waited for */
	const struct sigaction normal = { .sa_handler = SIG_DFL };
	struct sigaction before;
	int status, err;

	said[0] = '\0';
	if (errors < 0 || lseek(in, 0, SEEK_SET) < 0 || sigaction(SIGCHLD, &normal, &before))
		return -errno;
	err = run(argv, files, &status);
	sigaction(SIGCHLD, &before, NULL);
	if (err)
		return err;
	read_line(errors, said);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_PROGRAM)
		return -ENOENT;
	return status ? -EIO : 0;
}
