// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* records.c - the records that say what events refer to, and what was lost of them. */
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "source/parts.h"

#define FRAMES_MAX 1024 /* of a stack: no trace has more */

static const char *keep_text(struct source *source, struct scan *scan)
{
	struct scan_text text = scan_str(scan);

	return source_intern(source, &text);
}

/* What a frame's "file" is depends on its language, which comes first. */
static void scan_frame(struct source *source, struct scan *scan, struct frame *frame)
{
	struct scan_text key, text;

	*frame = (struct frame){ .language = FRAME_PYTHON };
	scan_object(scan);
	while (scan_member(scan, &key)) {
		if (scan_is(&key, "lang")) {
			text = scan_str(scan);
			frame->language = scan_is(&text, "native") ? FRAME_NATIVE : FRAME_PYTHON;
		} else if (scan_is(&key, "function")) {
			frame->function = keep_text(source, scan);
		} else if (scan_is(&key, "file") && frame->language == FRAME_NATIVE) {
			frame->object = keep_text(source, scan);
		} else if (scan_is(&key, "file") || scan_is(&key, "source")) {
			frame->file = keep_text(source, scan);
		} else if (scan_is(&key, "line")) {
			frame->line = scan_u64(scan);
		} else if (scan_is(&key, "addr")) {
			frame->addr = scan_hex(scan);
		} else if (scan_is(&key, "offset")) {
			frame->offset = scan_u64(scan);
		} else if (scan_is(&key, "reason")) {
			frame->reason = keep_text(source, scan);
		} else if (scan_is(&key, "inlined")) {
			frame->inlined = scan_bool(scan);
		} else if (scan_is(&key, "gap")) {
			frame->gap = scan_bool(scan);
		} else {
			scan_skip(scan);
		}
	}
}

static size_t count_elements(struct scan scan)
{
	size_t n = 0;

	scan_array(&scan);
	for (; scan_element(&scan); n++)
		scan_skip(&scan);
	return n;
}

static bool scan_frames(struct source *source, struct scan *scan, struct site *site)
{
	size_t n = count_elements(*scan);

	if (n > FRAMES_MAX || site->frames)
		return false;
	site->frames = source_keep(source, n * sizeof(*site->frames));
	if (!site->frames)
		return false;
	scan_array(scan);
	while (scan_element(scan) && site->n < n)
		scan_frame(source, scan, &site->frames[site->n++]);
	return true;
}

bool source_stack(struct source *source, struct scan *scan, uint64_t ts_ns)
{
	struct site site = { 0 };
	struct scan_text key;
	bool whole = true;

	(void)ts_ns;
	while (scan_member(scan, &key)) {
		uint64_t id;

		if (scan_is(&key, "id")) {
			id = scan_u64(scan);
			site.id = id < CALLERS_FIRST ? id : 0;
		} else if (scan_is(&key, "truncated")) {
			site.truncated = scan_bool(scan);
		} else if (scan_is(&key, "reason")) {
			site.reason = keep_text(source, scan);
		} else if (scan_is(&key, "native_reason")) {
			site.native_reason = keep_text(source, scan);
		} else if (scan_is(&key, "frames")) {
			whole = scan_frames(source, scan, &site) && whole;
		} else {
			scan_skip(scan);
		}
	}
	if (!whole || !scan_done(scan) || !site.id ||
	    sitelogs_find(&source->history->sites, site.id)->id)
		return false;
	history_stack(source->history, &site);
	return true;
}

bool source_lost(struct source *source, struct scan *scan, uint64_t ts_ns)
{
	struct scan_text key;
	uint64_t events = 0;

	while (scan_member(scan, &key)) {
		if (scan_is(&key, "events"))
			events = scan_u64(scan);
		else
			scan_skip(scan);
	}
	if (!scan_done(scan) || !events)
		return false;
	history_lost(source->history, events, ts_ns);
	return true;
}

bool source_warning(struct source *source, struct scan *scan, uint64_t ts_ns)
{
	struct scan_text key, text = { .at = "" };

	(void)ts_ns;
	while (scan_member(scan, &key)) {
		if (scan_is(&key, "text"))
			text = scan_str(scan);
		else
			scan_skip(scan);
	}
	if (!scan_done(scan) || !text.len)
		return false;
	facts_warn(source->facts, source->facts->n_warnings < FACTS_WARNINGS_MAX
					  ? source_intern(source, &text)
					  : "");
	return true;
}

bool source_resident(struct source *source, struct scan *scan, uint64_t ts_ns)
{
	struct resident resident = { 0 };
	struct scan_text key;
	int target = -1;

	while (scan_member(scan, &key)) {
		if (scan_is(&key, "pid")) {
			uint64_t pid = scan_u64(scan);

			target = source_target(source, pid);
			resident.pid = pid;
		} else if (scan_is(&key, "rss")) {
			resident.rss = scan_u64(scan);
		} else if (scan_is(&key, "anon")) {
			resident.anon = scan_u64(scan);
		} else if (scan_is(&key, "file")) {
			resident.file = scan_u64(scan);
		} else if (scan_is(&key, "shmem")) {
			resident.shmem = scan_u64(scan);
		} else if (scan_is(&key, "most")) {
			resident.most = scan_u64(scan);
		} else {
			scan_skip(scan);
		}
	}
	if (!scan_done(scan) || target < 0)
		return false;
	history_resident(source->history, &resident, ts_ns);
	return true;
}

bool source_segment(struct source *source, struct scan *scan, uint64_t ts_ns)
{
	struct pinned segment = { 0 };
	struct code_segment code = { .name = "" };
	struct scan_text key, text;
	uint64_t pid = 0, id = 0;
	bool gone = false;

	(void)ts_ns;
	while (scan_member(scan, &key)) {
		if (scan_is(&key, "pid")) {
			pid = scan_u64(scan);
		} else if (scan_is(&key, "id")) {
			id = scan_u64(scan);
		} else if (scan_is(&key, "start")) {
			segment.start = scan_hex(scan);
		} else if (scan_is(&key, "end")) {
			segment.end = scan_hex(scan);
		} else if (scan_is(&key, "kind")) {
			text = scan_str(scan);
			segment.kind = source_kind(source, &text);
		} else if (scan_is(&key, "perms")) {
			text = scan_str(scan);
			segment.writable = text.len > 1 && text.at[1] == 'w';
		} else if (scan_is(&key, "name")) {
			code.name = keep_text(source, scan);
		} else if (scan_is(&key, "end_ts_ns")) {
			scan_skip(scan);
			gone = true;
		} else {
			scan_skip(scan);
		}
	}
	if (!scan_done(scan) || !id || id > UINT32_MAX || source_target(source, pid) < 0)
		return false;
	code.pid = segment.pid = pid;
	code.id = segment.id = id;
	code.start = segment.start;
	code.end = segment.end;
	codemap_segment(&source->history->codemap, &code, gone);
	pins_segment(&source->history->pins, &segment, gone);
	return true;
}
