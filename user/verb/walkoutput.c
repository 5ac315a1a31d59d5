// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * walkoutput.c - where a walk is written to.
 *
 * A process is not to be held for as long as somebody reads what was found, in a pager for
 * example: then the lines are kept in memory until it has been let go.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "verb/walking.h"

#define STEP ((size_t)32 << 10)

static int say(const struct walk *walk, int err)
{
	const char *path = walk->options->output;

	if (err && err != -EPIPE)
		log_error("cannot write %s: %s", path ? path : "standard output", strerror(-err));
	return err;
}

int walk_open_output(struct walk *walk)
{
	const struct options *options = walk->options;
	const bool spool = options->walk.freeze;
	int err = 0;

	walk->fd = options->output ? open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
					  0644) :
				     STDOUT_FILENO;
	if (walk->fd < 0)
		err = -errno;
	if (!err && spool)
		walk->spool = memfd_create("mwbpf-walk", MFD_CLOEXEC);
	if (!err && spool && walk->spool < 0)
		err = -errno;
	if (!err)
		err = out_init(&walk->out, spool ? walk->spool : walk->fd);
	walk->view = (struct view){ .ops = options->json ? &view_json : &view_text,
				    .out = &walk->out,
				    .pid = options->pids[0],
				    .start_ns = now_ns(),
				    .all = options->walk.all };
	return say(walk, err);
}

static int pour(int from, int to)
{
	struct out out;
	ssize_t got = 0;
	int err = lseek(from, 0, SEEK_SET) ? -errno : out_init(&out, to), closed;

	if (err)
		return err;
	do {
		char *room = out_room(&out, STEP);

		got = read(from, room, STEP);
		if (got > 0) {
			out_put(&out, (size_t)got);
			out_end_bytes(&out);
		}
	} while (got > 0 && !out.error);
	err = got < 0 ? -errno : 0;
	closed = out_close(&out);
	return err ? err : closed;
}

int walk_close_output(struct walk *walk)
{
	int err = out_close(&walk->out);

	if (walk->spool >= 0) {
		if (!err)
			err = pour(walk->spool, walk->fd);
		close(walk->spool);
	}
	if (walk->options->output && close(walk->fd) && !err)
		err = -errno;
	return say(walk, err);
}
