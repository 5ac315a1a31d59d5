/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * path.h - the frames of a site as one way from the outermost to the innermost.
 *
 * A site has its Python frames and then its native ones. Here they are one stack: the native
 * frames that lie within the interpreter's last call of its evaluation loop were called by the
 * innermost Python frame; those outside of it are the interpreter itself at work on the Python
 * frames, which take their place. Where frames are not known, a frame in brackets says so.
 */
#ifndef MWBPF_PATH_H
#define MWBPF_PATH_H

#include "report/report.h"

struct path {
	const struct frame **frames; /* outermost first; they are the site's */
	size_t n, cap;
};

/* Fill path, zeroed at first and used again, with a site's frames: one at least. 0 or -ENOMEM. */
int path_of(struct path *path, const struct report_site *site);
void path_clear(struct path *path);

#endif
