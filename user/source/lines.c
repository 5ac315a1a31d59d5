// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* lines.c - the lines of a file, plain or compressed with zstd. */
#include "source/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define CHUNK ((size_t)1 << 18) /* bytes read at a time: larger ones leave the cache */

struct lines {
	int fd;
	int error;
	bool eof;     /* of the file */
	bool cut;
	bool begun;   /* it is known whether the file is compressed */
	bool frame;   /* in the middle of a compressed frame */
	ZSTD_DStream *zstd; /* NULL: it is plain */
	char *raw;    /* compressed bytes */
	ZSTD_inBuffer in;
	char *buf;
	size_t at, len, cap; /* unread bytes are buf[at..len) */
	bool passing; /* over a line that is too long: what is left of it is no line */
};

struct lines *lines_new(int fd)
{
	struct lines *lines = calloc(1, sizeof(*lines));

	if (!lines)
		return NULL;
	lines->fd = fd;
	lines->cap = 2 * CHUNK;
	lines->buf = malloc(lines->cap);
	lines->raw = malloc(CHUNK);
	if (lines->buf && lines->raw)
		return lines;
	lines_free(lines);
	return NULL;
}

void lines_free(struct lines *lines)
{
	if (!lines)
		return;
	ZSTD_freeDStream(lines->zstd);
	free(lines->raw);
	free(lines->buf);
	free(lines);
}

bool lines_cut(const struct lines *lines)
{
	return lines->cut;
}

int lines_error(const struct lines *lines)
{
	return lines->error;
}

/* Bytes read; 0 at the end or after an error, which is kept. */
static size_t read_some(struct lines *lines, char *to, size_t n)
{
	ssize_t got;

	do
		got = lines->eof ? 0 : read(lines->fd, to, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		lines->error = -errno;
	lines->eof = got <= 0;
	return got > 0 ? got : 0;
}

/* The first four bytes say what it is. */
static void begin(struct lines *lines)
{
	static const unsigned char magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };
	size_t got = 0, n;

	lines->begun = true;
	do {
		n = read_some(lines, lines->raw + got, CHUNK - got);
		got += n;
	} while (n && got < sizeof(magic));
	if (got < sizeof(magic) || memcmp(lines->raw, magic, sizeof(magic))) {
		memcpy(lines->buf, lines->raw, got);
		lines->len = got;
		return;
	}
	lines->in = (ZSTD_inBuffer){ lines->raw, got, 0 };
	lines->zstd = ZSTD_createDStream();
	if (!lines->zstd) {
		lines->error = -ENOMEM;
		lines->eof = true;
	}
}

/* Bytes decompressed into the room; 0 at the end. A frame may give none for a while. */
static size_t decompress(struct lines *lines, char *to, size_t n)
{
	ZSTD_outBuffer out = { to, n, 0 };

	while (!out.pos && !lines->error) {
		size_t before = lines->in.pos, left;

		if (lines->in.pos == lines->in.size) {
			lines->in = (ZSTD_inBuffer){ lines->raw, read_some(lines, lines->raw, CHUNK), 0 };
			if (!lines->in.size && !lines->frame)
				break;
			before = 0;
		}
		left = ZSTD_decompressStream(lines->zstd, &out, &lines->in);
		if (ZSTD_isError(left))
			lines->error = -EBADMSG;
		else
			lines->frame = left != 0;
		if (!out.pos && lines->in.pos == before && lines->eof)
			break; /* it was cut in the middle of a frame */
	}
	return out.pos;
}

/* More bytes behind those that are there. False: there are none. */
static bool fill(struct lines *lines)
{
	size_t n;

	if (lines->at) {
		memmove(lines->buf, lines->buf + lines->at, lines->len - lines->at);
		lines->len -= lines->at;
		lines->at = 0;
	}
	if (!lines->begun) {
		begin(lines);
		if (lines->len)
			return true;
	}
	if (lines->cap - lines->len < CHUNK) {
		char *more = realloc(lines->buf, lines->cap * 2);

		if (!more) {
			lines->error = -ENOMEM;
			return false;
		}
		lines->buf = more;
		lines->cap *= 2;
	}
	n = lines->zstd ? decompress(lines, lines->buf + lines->len, lines->cap - lines->len)
			: read_some(lines, lines->buf + lines->len, lines->cap - lines->len);
	lines->len += n;
	return n > 0;
}

/* What is left behind the last newline. */
static bool take_rest(struct lines *lines, const char **line, size_t *len)
{
	lines->cut = lines->len > lines->at || lines->passing || lines->frame;
	*line = lines->buf + lines->at;
	*len = lines->passing ? 0 : lines->len - lines->at;
	lines->at = lines->len;
	return *len > 0;
}

bool lines_next(struct lines *lines, const char **line, size_t *len, bool *too_long)
{
	size_t searched = 0;

	*too_long = false;
	for (;;) {
		char *from = lines->buf + lines->at;
		char *newline = lines->len > lines->at + searched
					? memchr(from + searched, '\n', lines->len - lines->at - searched)
					: NULL;

		if (newline) {
			*line = from;
			*len = newline - from;
			lines->at += *len + 1;
			*too_long = lines->passing;
			if (lines->passing)
				*len = 0;
			lines->passing = false;
			return true;
		}
		searched = lines->len - lines->at;
		if (searched > LINES_MAX) {
			lines->passing = true;
			lines->at = lines->len;
			searched = 0;
		}
		if (!fill(lines))
			return take_rest(lines, line, len);
	}
}
