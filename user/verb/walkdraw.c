// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walkdraw.c - the picture of a walk, saved. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/log.h"
#include "target/filter.h"
#include "verb/walking.h"

/* The picture as SVG, in a file without a name: the caller's. -errno. */
static int draw(struct walk *walk)
{
	const int fd = memfd_create("picture", MFD_CLOEXEC);
	struct out out;
	int err, closed;

	if (fd < 0)
		return -errno;
	err = out_init(&out, fd);
	if (!err) {
		err = drawing_write(&walk->drawing, &walk->head, &out);
		closed = out_close(&out);
		err = err ? err : closed;
	}
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* An SVG as PNG. Likewise. */
static int save_png(int svg, const char *path)
{
	static char *const argv[] = { "rsvg-convert", "--format=png", NULL };
	const int png __fd = memfd_create("picture", MFD_CLOEXEC);
	char said[FILTER_SAID] = "";
	int err = png < 0 ? -errno : filter_run(argv, svg, png, said);

	if (!err)
		return walk_save(png, path);
	if (err == -ENOENT)
		log_error("cannot write %s: there is no %s, which makes a PNG of the picture "
			  "(Debian: apt install librsvg2-bin); --svg needs no other program",
			  path, argv[0]);
	else
		log_error("cannot write %s: %s failed: %s", path, argv[0],
			  said[0] ? said : strerror(-err));
	return err;
}

int walk_save_drawing(struct walk *walk)
{
	const struct walk_options *options = &walk->options->walk;
	const int svg __fd = walk->drawing.wanted ? draw(walk) : -1;
	int err = 0, also;

	if (!walk->drawing.wanted)
		return 0;
	if (svg < 0) {
		log_error("cannot draw the picture: %s", strerror(-svg));
		return svg;
	}
	if (options->svg)
		err = walk_save(svg, options->svg);
	also = options->png ? save_png(svg, options->png) : 0;
	return err ? err : also;
}
