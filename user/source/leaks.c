// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* leaks.c - the records of what a search of a target's memory found. */
#include <string.h>

#include "source/parts.h"

static struct ledger_amount scan_amount(struct scan *scan)
{
	struct ledger_amount amount = { 0 };
	struct scan_text key;

	scan_object(scan);
	while (scan_member(scan, &key)) {
		if (scan_is(&key, "bytes"))
			amount.bytes = scan_u64(scan);
		else if (scan_is(&key, "blocks"))
			amount.blocks = scan_u64(scan);
		else
			scan_skip(scan);
	}
	return amount;
}

static const char *keep_text(struct source *source, struct scan *scan)
{
	struct scan_text text = scan_str(scan);

	return source_intern(source, &text);
}

bool source_leaks(struct source *source, struct scan *scan, uint64_t ts_ns)
{
	struct leaklog log = { 0 };
	struct scan_text key;
	int target = -1;

	(void)ts_ns;
	while (scan_member(scan, &key)) {
		if (scan_is(&key, "pid")) {
			uint64_t pid = scan_u64(scan);

			target = source_target(source, pid);
			log.pid = pid;
		} else if (scan_is(&key, "failed")) {
			log.failed = keep_text(source, scan);
		} else if (scan_is(&key, "unknown")) {
			log.unknown = keep_text(source, scan);
		} else if (scan_is(&key, "held_ns")) {
			log.held_ns = scan_u64(scan);
		} else if (scan_is(&key, "unreadable")) {
			log.unreadable = scan_u64(scan);
		} else if (scan_is(&key, "threads")) {
			log.threads = scan_u64(scan);
		} else if (scan_is(&key, "moving")) {
			log.moving = scan_u64(scan);
		} else if (scan_is(&key, "before")) {
			log.before = scan_amount(scan);
		} else {
			scan_skip(scan);
		}
	}
	if (!scan_done(scan) || target < 0)
		return false;
	leaklogs_begin(&source->history->leaks, &log);
	return true;
}

static int kind_of(const struct scan_text *text)
{
	for (int kind = 0; kind < LEAKS_KINDS; kind++) {
		const char *name = leaks_kind_name(kind);

		if (strlen(name) == text->len && !memcmp(name, text->at, text->len))
			return kind;
	}
	return -1;
}

bool source_leak(struct source *source, struct scan *scan, uint64_t ts_ns)
{
	struct leaklog_part part = { 0 };
	struct scan_text key, text;
	uint64_t pid = 0, site;
	int kind = -1;

	(void)ts_ns;
	while (scan_member(scan, &key)) {
		if (scan_is(&key, "pid")) {
			pid = scan_u64(scan);
		} else if (scan_is(&key, "kind")) {
			text = scan_str(scan);
			kind = kind_of(&text);
		} else if (scan_is(&key, "bytes")) {
			part.amount.bytes = scan_u64(scan);
		} else if (scan_is(&key, "blocks")) {
			part.amount.blocks = scan_u64(scan);
		} else if (scan_is(&key, "stack")) {
			site = scan_u64(scan);
			part.site = site < CALLERS_FIRST ? site : 0;
		} else {
			scan_skip(scan);
		}
	}
	if (!scan_done(scan) || kind < 0 || source_target(source, pid) < 0)
		return false;
	part.kind = kind;
	leaklogs_add(&source->history->leaks, pid, &part);
	return true;
}
