/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * out.h - buffered lines to a file descriptor.
 *
 * Whole lines only: what was written is valid up to the last newline, also when the
 * disk is full. The first error is kept and everything after it is counted, not
 * written. The program is to ignore SIGPIPE and SIGXFSZ, so that they are errors too.
 *
 * A line can have holes: bytes to be filled in later. It is held back until they are, and
 * all behind it, but for a shortage of memory: then holes are closed with what each has for
 * that case.
 */
#ifndef MWBPF_OUT_H
#define MWBPF_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most to ask of out_room at a time; a line may be longer. */
#define OUT_ROOM_MAX ((size_t)64 * 1024)

/* Bytes to be filled in later. */
struct out_hole {
	uint64_t at;	       /* of its first byte, counted as out->gone is */
	uint64_t line;	       /* likewise of the line it is in */
	size_t len;
	const char *otherwise; /* a literal; NULL: it is filled */
};

struct out {
	int fd;
	int give_up_fd; /* when readable, do not wait for a slow reader any longer; -1 */
	bool regular; /* a file on a disk */
	bool spoiled; /* there was no memory for the current line */
	char *buf;
	size_t len;  /* bytes in buf */
	size_t line; /* where the unfinished line begins in buf */
	size_t cap;
	uint64_t gone; /* bytes that have left buf */
	struct out_hole *holes; /* in order, from the first that is open on; */
	size_t n_holes, first_hole, cap_holes;
	bool hollow;	     /* buf may hold the 0s of holes, which are not written */
	int error;	     /* first -errno of a write; 0 */
	uint64_t lines;	     /* finished and handed to the kernel, or still in buf */
	uint64_t lines_lost; /* finished at or after the error, or without memory */
	uint64_t written;    /* bytes the file has taken, whole lines */
};

/* Write to fd, which stays the caller's. 0 or -ENOMEM. */
int out_init(struct out *out, int fd);

/*
 * Flush and give the buffer back; -errno of the first failed write, or 0. A line that
 * was not ended is not written.
 */
int out_close(struct out *out);

/*
 * Hand all finished lines to the kernel. -errno of the first failed write, or 0. Waits
 * for a slow reader, also when fd does not block, until give_up_fd says so: -EINTR.
 */
int out_flush(struct out *out);

/* The slow path of out_room. */
void out_make_room(struct out *out, size_t n);

/*
 * Room for at least n more bytes of the current line, n at most OUT_ROOM_MAX; returns
 * where to put them, good until the next call. Never fails: the buffer is flushed or
 * grown first, and without memory, for a line of more than 960 KiB, the line is counted
 * as lost and overwritten.
 */
static inline char *out_room(struct out *out, size_t n)
{
	/* One byte more is kept free, for out_end_line's newline. */
	if (__builtin_expect(out->cap - out->len <= n, 0))
		out_make_room(out, n);
	return out->buf + out->len;
}

/* Say that n bytes, none of them a newline, were put where out_room pointed. */
static inline void out_put(struct out *out, size_t n)
{
	out->len += n;
}

/*
 * A hole of len bytes in the current line, the first of them ahead bytes behind what was put
 * so far. They are to be 0 when they are put. Returns what out_fill is to be told.
 */
uint64_t out_hole(struct out *out, size_t ahead, size_t len, const char *otherwise);

/* Fill a hole with at most as many bytes as it has, none of them 0. False: it was closed. */
bool out_fill(struct out *out, uint64_t hole, const char *text, size_t len);

/* Whether lines are held back. */
static inline bool out_is_held(const struct out *out)
{
	return out->first_hole < out->n_holes;
}

/* End the current line: adds the newline, flushes when the buffer is nearly full. */
void out_end_line(struct out *out);

/* The same for bytes of a format without lines: adds nothing, and any byte may be among them. */
void out_end_bytes(struct out *out);

/*
 * Write all that is in a file, from its beginning, to another; both stay the caller's. 0,
 * -ENOMEM or -errno of the first read or write that failed.
 */
int out_copy(int from, int to);

#endif
