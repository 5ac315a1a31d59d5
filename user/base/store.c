// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* store.c - small files of our own, in a directory that nobody else can write to. */
#include "base/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clean.h"

#define OTHERS (S_IWGRP | S_IWOTH)

/* NULL when only we can have written it. */
static const char *objection(const struct stat *st, mode_t type)
{
	if (S_ISLNK(st->st_mode))
		return "it is a symbolic link";
	if ((st->st_mode & S_IFMT) != type)
		return "it is something else";
	if (st->st_uid != geteuid())
		return "it belongs to another user";
	return st->st_mode & OTHERS ? "others may write to it" : NULL;
}

int store_open(const char *path, const char **why)
{
	struct stat st;
	int dir, err;

	if (mkdir(path, 0700) && errno != EEXIST) {
		err = -errno;
		*why = strerror(-err);
		return err;
	}
	dir = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &st)) {
		err = -errno;
		*why = strerror(-err);
	} else {
		*why = objection(&st, S_IFDIR);
		err = -EPERM;
	}
	if (!*why)
		return dir;
	if (dir >= 0)
		close(dir);
	return err;
}

/* Up to len bytes; how many there were. */
static size_t read_all(int fd, char *buf, size_t len)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < len && n > 0) {
		n = read(fd, buf + done, len - done);
		if (n > 0)
			done += (size_t)n;
	}
	return done;
}

void *store_read(int dir, const char *name, size_t most, size_t *len)
{
	int fd __fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char *bytes;

	*len = 0;
	if (fd < 0 || fstat(fd, &st) || objection(&st, S_IFREG) || !st.st_size ||
	    (size_t)st.st_size > most)
		return NULL;
	bytes = malloc((size_t)st.st_size);
	if (bytes)
		*len = read_all(fd, bytes, (size_t)st.st_size);
	return bytes;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

int store_write(int dir, const char *name, const void *bytes, size_t len)
{
	char own[32];
	int fd, err;

	/* one that was killed before it could rename may have left it */
	snprintf(own, sizeof(own), ".new-%d", (int)getpid());
	unlinkat(dir, own, 0);
	fd = openat(dir, own, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, bytes, len);
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(dir, own, dir, name))
		err = -errno;
	if (err)
		unlinkat(dir, own, 0);
	return err;
}
