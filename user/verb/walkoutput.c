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
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "verb/walking.h"

static int say(const struct walk *walk, int err)
{
	const char *path = walk->options->output;

	if (err && err != -EPIPE)
		log_error("cannot write %s: %s", path ? path : "standard output", strerror(-err));
	return err;
}

int walk_save(int from, const char *path)
{
	const int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int err = to < 0 ? -errno : out_copy(from, to);
	struct stat st;

	if (err && to >= 0 && !fstat(to, &st) && S_ISREG(st.st_mode))
		unlink(path);
	if (to >= 0 && close(to) && !err)
		err = -errno;
	if (err)
		log_error("cannot write %s: %s", path, strerror(-err));
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

int walk_close_output(struct walk *walk)
{
	int err = out_close(&walk->out);

	if (walk->spool >= 0) {
		if (!err)
			err = out_copy(walk->spool, walk->fd);
		close(walk->spool);
	}
	if (walk->options->output && close(walk->fd) && !err)
		err = -errno;
	return say(walk, err);
}
