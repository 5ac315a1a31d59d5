// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* walkcensus.c - Python's objects counted by type. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "cpython/census.h"
#include "verb/walking.h"

/* All types, as a stream of records of its own. */
static int write_census(struct walk *walk, const struct census *census, struct out *out)
{
	struct walk_end end = walk->end;
	struct view view = walk->view;

	view.ops = &view_json;
	view.out = out;
	end.reason = "complete";
	end.retried = walk->cpython.retried;
	end.torn = walk->cpython.torn;
	view.ops->begin(&view, &walk->head);
	view.ops->census(&view, census, 0);
	view.ops->end(&view, &end);
	return out_close(out);
}

static int keep_census(struct walk *walk, const struct census *census)
{
	struct out out;
	int err;

	walk->census = memfd_create("census", MFD_CLOEXEC);
	err = walk->census < 0 ? -errno : out_init(&out, walk->census);
	if (!err)
		err = write_census(walk, census, &out);
	if (err)
		log_error("cannot keep the census: %s", strerror(-err));
	return err;
}

int walk_save_census(const struct walk *walk)
{
	return walk->census < 0 ? 0 : walk_save(walk->census, walk->options->walk.census_file);
}

int walk_census(struct walk *walk)
{
	struct pymalloc pymalloc = { 0 };
	struct census census;
	int err = census_take(&walk->cpython, &walk->space->segments, &pymalloc, &census);

	if (!err) {
		walk->view.ops->census(&walk->view, &census, walk->options->walk.top);
		if (!census.heap && walk->cpython.layout.has & MW_PY_FREE_THREADED)
			walk_note(walk, "the census has nothing: the pages of mimalloc could not be "
				  "walked");
		else if (!census.heap)
			walk_note(walk, "malloc's heap could not be read: of large objects the "
				  "census has those only that the garbage collector has in %zu "
				  "lists", census.gc.n);
		if (census.gc.cut)
			walk_note(walk, "lists of the garbage collector lead on and on: of large "
				  "objects some may be missing in the census, and some count more "
				  "than once");
		if (walk->options->walk.census_file)
			err = keep_census(walk, &census);
	}
	census_clear(&census);
	pymalloc_clear(&pymalloc);
	return err;
}
