// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* tracefs.c - numbers of the kernel's tracepoints, whether tracefs is mounted or not. */
#include "probe/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clean.h"

/* fsopen and fsmount (5.2) make a mount that belongs to a descriptor and to no directory. */
static int mount_detached(void)
{
	int context __fd = syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);
	int mount __fd = -1;
	int events;

	if (context < 0)
		return -errno;
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -errno;
	mount = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	if (mount < 0)
		return -errno;
	events = openat(mount, "events", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return events < 0 ? -errno : events;
}

int tracefs_events(void)
{
	static const char *const places[] = {
		"/sys/kernel/tracing/events",
		"/sys/kernel/debug/tracing/events",
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		int fd = open(places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0)
			return fd;
	}
	return mount_detached();
}

int64_t tracefs_event_id(int events, const char *event)
{
	char path[128], text[32];
	int fd __fd = -1;
	ssize_t got;

	snprintf(path, sizeof(path), "%s/id", event);
	fd = openat(events, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, text, sizeof(text) - 1);
	if (got <= 0)
		return got < 0 ? -errno : -EIO;
	text[got] = '\0';
	return atoll(text);
}
