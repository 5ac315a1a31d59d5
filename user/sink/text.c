// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* text.c - one aligned line an event, for people. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fmt.h"
#include "base/out.h"
#include "sink/sink.h"
#include "sink/words.h"

#define LINE	   512
#define VALUE_ROOM 96

/* Lines are put together here: snprintf with a place that moves. */
struct line {
	char text[LINE + VALUE_ROOM]; /* a value at its end is beside what it may have */
	size_t len;
};

static void put(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct line *line, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->len, LINE - line->len, format, args);
	va_end(args);
	if (n > 0)
		line->len = line->len + n < LINE ? line->len + n : LINE - 1;
}

static void pad(struct line *line, size_t column)
{
	while (line->len < column && line->len < LINE - 1)
		line->text[line->len++] = ' ';
}

static void write_line(struct sink *sink, const struct line *line)
{
	memcpy(out_room(sink->out, line->len), line->text, line->len);
	out_put(sink->out, line->len);
	out_end_line(sink->out);
}

/* As write_line, for a line that ends in a value to come. */
static void write_later(struct sink *sink, struct line *line)
{
	char *to = out_room(sink->out, line->len + VALUE_ROOM);

	sink->hole = out_hole(sink->out, line->len, VALUE_ROOM, "");
	memcpy(to, line->text, line->len);
	memset(to + line->len, 0, VALUE_ROOM);
	out_put(sink->out, line->len + VALUE_ROOM);
	out_end_line(sink->out);
}

static size_t write_value(char text[VALUE_ROOM], const struct pyint *value)
{
	int n = 0;

	if (value->decimals)
		n = snprintf(text, VALUE_ROOM, " = %s (%llu digits)", value->text,
			     (unsigned long long)value->decimals);
	else if (value->state == PYINT_KNOWN)
		n = snprintf(text, VALUE_ROOM, " = %s", value->text);
	return n < VALUE_ROOM ? (size_t)n : VALUE_ROOM - 1;
}

static bool text_value(struct sink *sink, uint64_t hole, const struct pyint *value)
{
	char text[VALUE_ROOM];

	return out_fill(sink->out, hole, text, write_value(text, value));
}

static double seconds(const struct sink *sink, uint64_t ts_ns)
{
	return ts_ns > sink->start_ns ? (ts_ns - sink->start_ns) / 1e9 : 0.0;
}

static void text_begin(struct sink *sink, const struct sink_header *header)
{
	struct line line = { .len = 0 };

	(void)header;
	put(&line, "%12s %8s  %-12s %-18s %10s  %-12s %10s  %8s  %s", "SECONDS", "TID", "EVENT",
	    "ADDRESS", "BYTES", "SEGMENT", "+OFFSET", "STACK", "DETAIL");
	write_line(sink, &line);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void text_segment(struct sink *sink, pid_t pid, const struct segment_change *change,
			 uint64_t ts_ns)
{
	static const char *const what[] = {
		[SEGMENT_NEW] = "+segment",
		[SEGMENT_CHANGED] = "~segment",
		[SEGMENT_GONE] = "-segment",
	};
	const struct segment *segment = &change->segment;
	struct line line = { .len = 0 };
	char perms[5], name[256];

	segment_perms(segment, perms);
	put(&line, "%12.6f %8d  %-12s 0x%-16llx %10llu  %-12s %10s  %8s  %s", seconds(sink, ts_ns),
	    (int)pid, what[change->what], (unsigned long long)segment->start,
	    (unsigned long long)(segment->end - segment->start), segment_kind_name(segment->kind),
	    perms, "", fmt_safe(name, sizeof(name), segment->name));
	if (segment->tid)
		put(&line, " (thread %u)", segment->tid);
	write_line(sink, &line);
}

static void put_detail(struct line *line, const struct placed *placed)
{
	const struct mw_event *event = placed->event;
	const char *via = probe_name(event->probe);
	char name[256];

	if (event->flags & MW_F_FAILED)
		put(line, " failed");
	if (event->kind == MW_REALLOC && event->aux)
		put(line, " from 0x%llx", (unsigned long long)event->aux);
	if (placed->ended && event->kind == MW_REALLOC)
		put(line, " (%llu)", (unsigned long long)placed->old_size);
	if (placed->unmatched)
		put(line, " unmatched");
	if (placed->internal)
		put(line, " by the allocator itself");
	if (placed->reused)
		put(line, " reused");
	if (via && strcmp(via, kind_name(event->kind)))
		put(line, event->kind >= MW_MMAP && event->kind <= MW_VMA_NAME ? " in %s" : " %s",
		    via);
	if (placed->segment.name[0] == '/')
		put(line, " %s",
		    fmt_safe(name, sizeof(name), base_name(placed->segment.name)));
	if (event->flags & MW_F_CACHED)
		put(line, " cached");
	if (placed->maker)
		put(line, " in %s", fmt_safe(name, sizeof(name), placed->maker));
	if (placed->at)
		put(line, " %s", fmt_safe(name, sizeof(name), placed->at));
	if (placed->segment.tid && placed->segment.tid != event->tid)
		put(line, " (stack of %u)", placed->segment.tid);
}

static void put_process(struct line *line, const struct mw_event *event)
{
	int status = event->aux;
	char file[MW_FILE_MAX * 4];

	if (event->kind == MW_FORK)
		put(line, " child %llu", (unsigned long long)event->aux);
	if (event->kind == MW_EXEC)
		put(line, " %s", fmt_safe(file, sizeof(file),
					  ((const struct mw_event_exec *)event)->file));
	if (event->kind == MW_EXIT && WIFEXITED(status))
		put(line, " status %d", WEXITSTATUS(status));
	if (event->kind == MW_EXIT && WIFSIGNALED(status))
		put(line, " signal %d", WTERMSIG(status));
}

/* Bytes as far as this event knows them. */
static bool bytes_of(const struct placed *placed, uint64_t *bytes)
{
	if (placed->event->kind == MW_FREE) {
		*bytes = placed->old_size;
		return placed->ended;
	}
	*bytes = placed->event->size;
	return placed->event->kind <= MW_VMA_NAME && placed->event->kind != MW_BRK &&
	       placed->event->kind != MW_SHMAT && placed->event->kind != MW_SHMDT;
}

static void text_event(struct sink *sink, const struct placed *placed)
{
	const struct mw_event *event = placed->event;
	struct line line = { .len = 0 };
	uint64_t addr = placed_addr(event), bytes;

	put(&line, "%12.6f %8u  %-12s ", seconds(sink, event->ts_ns), event->tid,
	    kind_name(event->kind));
	if (event->kind >= MW_THREAD) {
		pad(&line, 95);
		put_process(&line, event);
		write_line(sink, &line);
		return;
	}
	put(&line, "0x%-16llx ", (unsigned long long)(addr + (event->kind == MW_BRK)));
	if (bytes_of(placed, &bytes))
		put(&line, "%10llu", (unsigned long long)bytes);
	else
		put(&line, "%10s", "");
	if (event->flags & MW_F_FAILED)
		put(&line, "  %-12s %10s", "-", "");
	else
		put(&line, "  %-12s %10llx", segment_kind_name(placed->segment.kind),
		    placed->segment.id ? (unsigned long long)(addr - placed->segment.start) : 0);
	if (placed->stack_used >= 0)
		put(&line, "  %8lld ", (long long)placed->stack_used);
	else
		put(&line, "  %8s ", "-");
	put_detail(&line, placed);
	if (placed->value.state == PYINT_LATER) {
		write_later(sink, &line);
		return;
	}
	if (placed->value.state == PYINT_KNOWN)
		line.len += write_value(line.text + line.len, &placed->value);
	write_line(sink, &line);
}

static void text_lost(struct sink *sink, uint64_t ts_ns, uint32_t events,
		      const struct mw_counters *counters)
{
	struct line line = { .len = 0 };

	(void)counters;
	put(&line, "%12.6f %8s  %-12s %u events", seconds(sink, ts_ns), "", "LOST", events);
	write_line(sink, &line);
}

static void text_warning(struct sink *sink, uint64_t ts_ns, const char *text)
{
	struct line line = { .len = 0 };
	char safe[400];

	put(&line, "%12.6f %8s  %-12s %s", seconds(sink, ts_ns), "", "warning",
	    fmt_safe(safe, sizeof(safe), text));
	write_line(sink, &line);
}

const struct sink_ops sink_text = {
	.begin = text_begin,
	.segment = text_segment,
	.event = text_event,
	.value = text_value,
	.lost = text_lost,
	.warning = text_warning,
};
