// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* source.c - a saved trace, read line by line. */
#include "source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/log.h"
#include "sink/words.h"
#include "source/lines.h"
#include "source/parts.h"

struct kept {
	struct kept *next;
	uint64_t bytes[];
};

/* The records that are no events. Those without a function say nothing that counts here. */
static const struct {
	const char *type;
	bool (*take)(struct source *source, struct scan *scan, uint64_t ts_ns);
} types[] = {
	{ "stack", source_stack },	 { "segment", source_segment }, { "thread", NULL },
	{ "resident", source_resident }, { "lost", source_lost },	{ "warning", source_warning },
	{ "probe", NULL },		 { "ints", NULL },		{ "header", source_header },
	{ "summary", source_summary },	 { "leaks", source_leaks },	{ "leak", source_leak },
};

struct source *source_new(struct facts *facts, struct history *history,
			  const struct source_watch *watch)
{
	struct source *source = calloc(1, sizeof(*source));

	if (!source)
		return NULL;
	source->facts = facts;
	source->history = history;
	if (watch)
		source->watch = *watch;
	facts->is_file = true;
	return source;
}

void source_free(struct source *source)
{
	while (source && source->kept) {
		struct kept *next = source->kept->next;

		free(source->kept);
		source->kept = next;
	}
	free(source);
}

void *source_keep(struct source *source, size_t bytes)
{
	struct kept *kept = calloc(1, sizeof(*kept) + bytes);

	if (!kept)
		return NULL;
	kept->next = source->kept;
	source->kept = kept;
	return kept->bytes;
}

const char *source_intern(struct source *source, const struct scan_text *text)
{
	char small[512];
	char *large __free = NULL;
	size_t cap = text->len + 5;

	if (cap > sizeof(small))
		large = malloc(cap);
	if (cap > sizeof(small) && !large)
		return "";
	return intern(&source->facts->strings, scan_copy(text, large ? large : small, cap));
}

int source_target(struct source *source, uint64_t pid)
{
	struct facts *facts = source->facts;
	struct fact_target *target;

	if (source->program[source->last_target] && facts->targets[source->last_target].pid == pid)
		return source->last_target;
	if (!pid || pid > INT32_MAX)
		return -1;
	target = facts_target(facts, pid);
	if (!target && !facts->has_header)
		target = facts_add_target(facts, pid);
	if (!target)
		return -1;
	source->last_target = target - facts->targets;
	if (!source->program[source->last_target])
		source->program[source->last_target] = ++source->next_program;
	return source->last_target;
}

static int event_kind(const struct scan_text *type)
{
	for (unsigned kind = MW_MALLOC; kind < MW_STACK; kind++)
		if (kind_name(kind) && scan_is(type, kind_name(kind)))
			return kind;
	return -1;
}

/* The first two members of every record. */
static bool scan_head(struct scan *scan, struct scan_text *type, uint64_t *ts_ns)
{
	struct scan_text key;

	scan_object(scan);
	if (!scan_member(scan, &key) || !scan_is(&key, "type"))
		return false;
	*type = scan_str(scan);
	if (!scan_member(scan, &key) || !scan_is(&key, "ts_ns"))
		return false;
	*ts_ns = scan_u64(scan);
	return !scan->bad;
}

/* Whether the members that follow are well-formed. */
static bool is_whole(struct scan scan)
{
	struct scan_text key;

	while (scan_member(&scan, &key))
		scan_skip(&scan);
	return scan_done(&scan);
}

static bool take_other(struct source *source, struct scan *scan, const struct scan_text *type,
		       uint64_t ts_ns)
{
	if (!is_whole(*scan))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (scan_is(type, types[i].type))
			return !types[i].take || types[i].take(source, scan, ts_ns);
	source->facts->unknown++;
	return true;
}

bool source_line(struct source *source, const char *line, size_t len)
{
	struct scan_text type;
	struct scan scan;
	uint64_t ts_ns;
	int kind;
	bool good;

	scan_init(&scan, line, len);
	if (!scan_head(&scan, &type, &ts_ns) || source->facts->has_summary)
		return false;
	kind = event_kind(&type);
	good = kind < 0 || kind == MW_THREAD ? take_other(source, &scan, &type, ts_ns)
					     : source_event(source, &scan, kind, ts_ns);
	source->good += good;
	return good;
}

void source_settle(struct source *source)
{
	struct facts *facts = source->facts;

	if (!facts->has_summary)
		facts->end_ns = source->history->last_ns;
	if (source->second)
		facts->error = "another trace begins in the same file: only the first was read";
}

static void note_bad(struct source *source)
{
	struct facts *facts = source->facts;

	if (!facts->bad_lines++)
		facts->first_bad = source->line;
}

static void read_lines(struct source *source, struct lines *lines)
{
	const char *line;
	bool too_long;
	size_t len;

	while (!source->second && lines_next(lines, &line, &len, &too_long)) {
		source->line++;
		if (!len && !too_long)
			continue;
		if (too_long || !source_line(source, line, len)) {
			if (source->second)
				break;
			/* what a crash left of a line is no wrong line */
			if (lines_cut(lines))
				break;
			note_bad(source);
		}
	}
	source->facts->cut = lines_cut(lines) && !source->facts->has_summary;
}

static const char *explain(int error)
{
	return error == -EBADMSG ? "the compressed data is damaged" : strerror(-error);
}

static int open_path(const char *path)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);

	if (fd < 0)
		log_error("cannot read %s: %s", path, strerror(errno));
	return fd;
}

int source_read(struct source *source, const char *path)
{
	int fd __fd = open_path(path);
	struct lines *lines = fd >= 0 ? lines_new(fd) : NULL;
	int error;

	if (fd < 0)
		return -ENOENT;
	if (!lines)
		return -ENOMEM;
	read_lines(source, lines);
	error = lines_error(lines);
	lines_free(lines);
	if (error)
		source->facts->error = explain(error);
	source_settle(source);
	if (source->good)
		return 0;
	log_error("cannot report on %s: %s", path,
		  error ? explain(error) : "no record of mwbpf --json is in it");
	return error ? error : -EBADMSG;
}
