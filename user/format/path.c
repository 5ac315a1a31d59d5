// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* path.c - the frames of a site as one way from the outermost to the innermost. */
#include "format/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* CPython's since 3.6 (PEP 523); what the compiler split off has a dot behind it. */
static const char evaluation_loop[] = "_PyEval_EvalFrameDefault";

static const struct frame unknown = { .language = FRAME_NATIVE, .function = "[stack not known]" };
static const struct frame deeper = { .language = FRAME_NATIVE, .function = "[outer frames not read]" };
static const struct frame gap = { .language = FRAME_NATIVE, .function = "[frames missing]" };

/* Room for every frame, a gap at each, and one more. */
static int make_room(struct path *path, size_t n_frames)
{
	size_t cap = 2 * n_frames + 1;
	const struct frame **more;

	if (cap <= path->cap)
		return 0;
	more = reallocarray(path->frames, cap, sizeof(*more));
	if (!more)
		return -ENOMEM;
	path->frames = more;
	path->cap = cap;
	return 0;
}

static bool evaluates(const struct frame *frame)
{
	return frame->function &&
	       !strncmp(frame->function, evaluation_loop, sizeof(evaluation_loop) - 1);
}

/* How many of the first frames of [from, n) the evaluation loop called. */
static size_t count_called(const struct report_site *site, size_t from)
{
	for (size_t i = from; i < site->n_frames; i++)
		if (evaluates(&site->frames[i]))
			return i - from;
	return site->n_frames - from;
}

static void add_outward(struct path *path, const struct frame *frames, size_t n)
{
	while (n--) {
		path->frames[path->n++] = &frames[n];
		if (frames[n].gap)
			path->frames[path->n++] = &gap;
	}
}

int path_of(struct path *path, const struct report_site *site)
{
	size_t n_python = 0, n_native;

	path->n = 0;
	if (make_room(path, site->n_frames))
		return -ENOMEM;
	while (n_python < site->n_frames && site->frames[n_python].language == FRAME_PYTHON)
		n_python++;
	n_native = n_python ? count_called(site, n_python) : site->n_frames;
	if (!site->n_frames)
		path->frames[path->n++] = &unknown;
	else if (site->truncated)
		path->frames[path->n++] = &deeper;
	add_outward(path, site->frames, n_python);
	add_outward(path, site->frames + n_python, n_native);
	return 0;
}

void path_clear(struct path *path)
{
	free(path->frames);
	*path = (struct path){ 0 };
}
