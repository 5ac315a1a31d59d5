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
#define HELD_MAX (128 * BUFFER)	    /* of lines held back */

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

/*
 * An error: the file took done of len bytes, finished lines all, from the buffer. Lines that
 * were held back at the first one come here later.
 */
static void fail(struct out *out, size_t len, size_t done, int err)
{
	size_t whole = done;
	uint64_t lost;

	while (whole > 0 && out->buf[whole - 1] != '\n')
		whole--;
	lost = count_lines(out->buf + whole, out->buf + len);
	if (done > whole)
		take_back(out->fd, done - whole);
	out->error = err;
	out->written += whole;
	out->lines -= lost;
	out->lines_lost += lost;
}

/* How much of the buffer can go: what is before the first line with an open hole. */
static size_t releasable(const struct out *out)
{
	if (!out_is_held(out))
		return out->line;
	return out->holes[out->first_hole].line - out->gone;
}

/* Leave out the 0s of holes, which nothing else writes; returns the bytes that remain. */
static size_t squeeze(char *buf, size_t len)
{
	char *to = memchr(buf, '\0', len), *from = to, *end = buf + len;

	while (from && from < end) {
		char *next;

		while (from < end && !*from)
			from++;
		next = memchr(from, '\0', end - from);
		next = next ? next : end;
		memmove(to, from, next - from);
		to += next - from;
		from = next;
	}
	return to ? (size_t)(to - buf) : len;
}

int out_flush(struct out *out)
{
	size_t done = 0, len = releasable(out), left;
	int err;

	if (len == 0)
		return out->error;
	left = out->hollow ? squeeze(out->buf, len) : len;
	err = out->error ? out->error : write_all(out, out->buf, left, &done);
	if (err)
		fail(out, left, done, err);
	else
		out->written += done;
	memmove(out->buf, out->buf + len, out->len - len);
	out->len -= len;
	out->line -= len;
	out->gone += len;
	out->hollow = out->hollow && out->len; /* the rest may have some, held back or not */
	return out->error;
}

/* The first hole that is open, from now on. */
static void pass_holes(struct out *out)
{
	while (out->first_hole < out->n_holes && !out->holes[out->first_hole].otherwise)
		out->first_hole++;
	if (out->first_hole == out->n_holes)
		out->first_hole = out->n_holes = 0;
}

static void fill(struct out *out, struct out_hole *hole, const char *text, size_t len)
{
	memcpy(out->buf + (hole->at - out->gone), text, len < hole->len ? len : hole->len);
	hole->otherwise = NULL;
}

/* Close the holes of all lines that begin before a position, as out->gone counts. */
static void close_holes(struct out *out, uint64_t until)
{
	for (size_t i = out->first_hole; i < out->n_holes && out->holes[i].line < until; i++)
		if (out->holes[i].otherwise)
			fill(out, &out->holes[i], out->holes[i].otherwise,
			     strlen(out->holes[i].otherwise));
	pass_holes(out);
}

/* The current line is not to be: its holes are none either. */
static void drop_holes(struct out *out)
{
	while (out->n_holes > out->first_hole &&
	       out->holes[out->n_holes - 1].line >= out->gone + out->line)
		out->n_holes--;
	pass_holes(out);
}

static bool room_for_hole(struct out *out)
{
	const size_t cap = out->cap_holes ? 2 * out->cap_holes : 64;
	struct out_hole *more;

	if (out->first_hole > out->cap_holes / 2) {
		out->n_holes -= out->first_hole;
		memmove(out->holes, out->holes + out->first_hole,
			out->n_holes * sizeof(*out->holes));
		out->first_hole = 0;
	}
	if (out->n_holes < out->cap_holes)
		return true;
	more = reallocarray(out->holes, cap, sizeof(*more));
	if (!more)
		return false;
	out->holes = more;
	out->cap_holes = cap;
	return true;
}

uint64_t out_hole(struct out *out, size_t ahead, size_t len, const char *otherwise)
{
	struct out_hole hole = { .at = out->gone + out->len + ahead,
				 .line = out->gone + out->line,
				 .len = len,
				 .otherwise = otherwise };

	out->hollow = true;
	if (out->spoiled || out->error)
		return UINT64_MAX;
	if (!room_for_hole(out)) {
		out->spoiled = true; /* this line only */
		return UINT64_MAX;
	}
	out->holes[out->n_holes++] = hole;
	return hole.at;
}

bool out_fill(struct out *out, uint64_t at, const char *text, size_t len)
{
	size_t first = out->first_hole, last = out->n_holes;

	while (first < last) {
		const size_t middle = first + (last - first) / 2;

		if (out->holes[middle].at < at)
			first = middle + 1;
		else
			last = middle;
	}
	if (first == out->n_holes || out->holes[first].at != at || !out->holes[first].otherwise)
		return false;
	fill(out, &out->holes[first], text, len);
	pass_holes(out);
	return true;
}

int out_close(struct out *out)
{
	int err;

	close_holes(out, UINT64_MAX);
	err = out_flush(out);
	free(out->buf);
	free(out->holes);
	out->buf = NULL;
	out->holes = NULL;
	out->cap_holes = 0;
	out->cap = out->len = out->line = 0;
	return err;
}

void out_make_room(struct out *out, size_t n)
{
	size_t cap = out->cap;
	char *buf = NULL;

	out_flush(out);
	/* too much waits: for what waits for longest no longer */
	if (cap - out->len <= n && cap >= HELD_MAX && out_is_held(out)) {
		close_holes(out, out->gone + cap / 2);
		out_flush(out);
	}
	while (cap - out->len <= n)
		cap *= 2;
	if (cap == out->cap)
		return;
	if (!out->error && !out->spoiled)
		buf = realloc(out->buf, cap);
	if (buf) {
		out->buf = buf;
		out->cap = cap;
		return;
	}
	close_holes(out, UINT64_MAX);
	out_flush(out);
	out->spoiled = true;
	out->len = 0;
}

static void end_line(struct out *out, bool newline)
{
	if (out->error || out->spoiled) {
		out->len = out->line;
		drop_holes(out);
		out->spoiled = false;
		out->lines_lost++;
		return;
	}
	if (newline)
		out->buf[out->len++] = '\n';
	out->line = out->len;
	out->lines++;
	/* what is held back is moved at each flush: only once it is the lesser part */
	if (out->len >= FLUSH_AT && releasable(out) >= out->len / 2)
		out_flush(out);
}

void out_end_line(struct out *out)
{
	end_line(out, true);
}

void out_end_bytes(struct out *out)
{
	end_line(out, false);
}

int out_copy(int from, int to)
{
	struct out out;
	ssize_t n = 1;
	int err = out_init(&out, to), closed;

	if (err)
		return err;
	for (off_t at = 0; n > 0 && !out.error; at += n) {
		n = pread(from, out_room(&out, OUT_ROOM_MAX), OUT_ROOM_MAX, at);
		if (n > 0)
			out_put(&out, (size_t)n);
		out_end_bytes(&out);
	}
	err = n < 0 ? -errno : 0;
	closed = out_close(&out);
	return err ? err : closed;
}
