// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* apart.c - probes put in and taken out by a process of their own. */
#include "probe/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIES 5

/* A number, and a descriptor with it when that is not negative. */
union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static void send_link(int socket, int fd)
{
	union control control = { 0 };
	struct iovec number = { &fd, sizeof(fd) };
	struct msghdr message = { .msg_iov = &number, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = control.room;
		message.msg_controllen = sizeof(control.room);
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	sendmsg(socket, &message, MSG_NOSIGNAL);
}

static int receive_link(int socket)
{
	union control control = { 0 };
	int fd = -EIO;
	struct iovec number = { &fd, sizeof(fd) };
	struct msghdr message = { .msg_iov = &number,
				  .msg_iovlen = 1,
				  .msg_control = control.room,
				  .msg_controllen = sizeof(control.room) };
	ssize_t got;

	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got != sizeof(fd))
		return -EIO;
	if (fd < 0)
		return fd;
	if (message.msg_controllen < CMSG_LEN(sizeof(int)))
		return -EMFILE;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* Whoever kills a process group, or all that are called mwbpf, does not mean this one. */
static void stand_apart(void)
{
	setsid();
	prctl(PR_SET_NAME, "mwbpf/probes");
}

/* -EIO: the child was killed. */
static int link_once(int prog, int attach_type, const struct link_multi *link)
{
	int sockets[2], fd;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	child = fork();
	if (child == 0) {
		close(sockets[0]);
		stand_apart();
		send_link(sockets[1], link_multi(prog, attach_type, link));
		_exit(0);
	}
	fd = child < 0 ? -errno : 0;
	close(sockets[1]);
	if (!fd)
		fd = receive_link(sockets[0]);
	close(sockets[0]);
	if (child > 0)
		apart_wait(child);
	return fd;
}

/*
 * A child that is killed amid its work leaves breakpoints without a link. To do it again
 * makes them those of a link, with which they then go.
 */
int apart_link(int prog, int attach_type, const struct link_multi *link)
{
	int fd = -EIO;

	for (int try = 0; try < TRIES && fd == -EIO; try++)
		fd = link_once(prog, attach_type, link);
	return fd;
}

pid_t apart_begin(void (*run)(void *arg), void *arg, int *ready)
{
	int ends[2];
	pid_t child;
	char byte;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child == 0) {
		close(ends[1]);
		stand_apart();
		while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
			;
		run(arg);
		_exit(0);
	}
	close(ends[0]);
	*ready = ends[1];
	if (child > 0)
		return child;
	close(ends[1]);
	return -errno;
}

void apart_wait(pid_t child)
{
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}
