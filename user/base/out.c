// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* out.c - buffered lines to a file descriptor, whole ones or none. */
#include "base/out.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER (1024 * 1024)
#define FLUSH_AT (BUFFER - OUT_ROOM_MAX) /* so that most lines find room without asking */

int out_init(struct out *out, int fd)
{
	struct stat st;

	*out = (struct out){ .fd = fd, .give_up_fd = -1, .cap = BUFFER };
	out->regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	out->buf = malloc(BUFFER);
	return out->buf ? 0 : -ENOMEM;
}

/*
 * Wait until a pipe or a terminal has room for a PIPE_BUF. False when it has none and
 * there is no point in waiting. A file always has room, or an error.
 */
static bool wait_for_room(const struct out *out)
{
	struct pollfd fds[2] = { { .fd = out->fd, .events = POLLOUT },
				 { .fd = out->give_up_fd, .events = POLLIN } };

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return true; /* write will say what is wrong */
	return fds[0].revents != 0;
}

/* Write n bytes; *done says how many the file took. 0 or -errno. */
static int write_all(const struct out *out, const char *from, size_t n, size_t *done)
{
	while (*done < n) {
		/* a longer write to a pipe could block where no signal is heard */
		size_t step = out->give_up_fd >= 0 && n - *done > PIPE_BUF && !out->regular
				      ? PIPE_BUF
				      : n - *done;
		ssize_t wrote;

		if (!out->regular && !wait_for_room(out))
			return -EINTR;
		wrote = write(out->fd, from + *done, step);

		if (wrote > 0)
			*done += wrote;
		else if (wrote == 0)
			return -EIO; /* POSIX leaves this open; waiting could be forever */
		else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
			return -errno;
	}
	return 0;
}

/*
 * Take back the last n bytes, part of a line. A pipe has them for good. Nor are they
 * cut from a file that goes on behind them: that is another writer's, or old text being
 * overwritten. With O_APPEND too the offset is now behind them.
 */
static void take_back(int fd, size_t n)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	struct stat st;

	if (at < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size != at)
		return;
	/* The offset may be shared with a shell, whose next write must not leave a hole. */
	if (ftruncate(fd, at - (off_t)n) == 0)
		lseek(fd, at - (off_t)n, SEEK_SET);
}

static uint64_t count_lines(const char *at, const char *end)
{
	uint64_t n = 0;

	while (at < end && (at = memchr(at, '\n', end - at))) {
		at++;
		n++;
	}
	return n;
}

/* The first error: the file took done bytes of the finished lines in the buffer. */
static void fail(struct out *out, size_t done, int err)
{
	size_t whole = done;
	uint64_t lost;

	while (whole > 0 && out->buf[whole - 1] != '\n')
		whole--;
	lost = count_lines(out->buf + whole, out->buf + out->line);
	if (done > whole)
		take_back(out->fd, done - whole);
	out->error = err;
	out->written += whole;
	out->lines -= lost;
	out->lines_lost += lost;
}

int out_flush(struct out *out)
{
	size_t done = 0;
	int err;

	if (out->line == 0)
		return out->error;
	err = write_all(out, out->buf, out->line, &done);
	if (err)
		fail(out, done, err);
	else
		out->written += done;
	out->len -= out->line;
	memmove(out->buf, out->buf + out->line, out->len);
	out->line = 0;
	return out->error;
}

int out_close(struct out *out)
{
	int err = out_flush(out);

	free(out->buf);
	out->buf = NULL;
	out->cap = out->len = out->line = 0;
	return err;
}

void out_make_room(struct out *out, size_t n)
{
	size_t cap = out->cap;
	char *buf = NULL;

	out_flush(out);
	while (cap - out->len <= n)
		cap *= 2;
	if (cap == out->cap)
		return;
	if (!out->error && !out->spoiled)
		buf = realloc(out->buf, cap);
	if (buf) {
		out->buf = buf;
		out->cap = cap;
	} else {
		out->spoiled = true;
		out->len = 0;
	}
}

void out_end_line(struct out *out)
{
	if (out->error || out->spoiled) {
		out->len = out->line;
		out->spoiled = false;
		out->lines_lost++;
		return;
	}
	out->buf[out->len++] = '\n';
	out->line = out->len;
	out->lines++;
	if (out->len >= FLUSH_AT)
		out_flush(out);
}
