// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walkdraw.c - the picture of a walk, saved. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "verb/walking.h"

int walk_save_drawing(struct walk *walk)
{
	const char *path = walk->options->walk.svg;
	struct out out;
	int fd, err, closed;

	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	err = fd < 0 ? -errno : out_init(&out, fd);
	if (!err) {
		err = drawing_write(&walk->drawing, &walk->head, &out);
		closed = out_close(&out);
		err = err ? err : closed;
	}
	if (fd >= 0 && close(fd) && !err)
		err = -errno;
	if (err)
		log_error("cannot write %s: %s", path, strerror(-err));
	return err;
}
