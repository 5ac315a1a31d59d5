// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* stream.c - from one event off the ring to one line in the output: place, ledger, sink. */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ledger/translate.h"
#include "sink/words.h"
#include "version.h"

int stream_open(struct stream *stream, const struct options *options, struct images *images)
{
	int fd = STDOUT_FILENO, err;

	stream->options = options;
	stream->out.fd = -1;
	if (options->output) {
		fd = open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fd < 0) {
			err = -errno;
			log_error("cannot write %s: %s", options->output, strerror(-err));
			return err;
		}
	}
	err = out_init(&stream->out, fd);
	if (!err)
		err = ledger_init(&stream->ledger);
	if (err)
		log_error("cannot begin: %s", strerror(-err));
	place_init(&stream->place, images);
	if (options->stack != STACK_NONE && options->stack != STACK_PYTHON)
		place_name_code(&stream->place, options->debug_dir);
	stream->sink.out = &stream->out;
	stream->sink.ops = options->summary && !options->output ? &sink_none
			   : options->json			? &sink_jsonl
								: &sink_text;
	if (!err)
		err = tally_open(&stream->tally, options, &stream->ledger);
	values_init(&stream->values, &stream->place, &stream->sink, &stream->summary.values_unknown);
	return err;
}

void stream_close(struct stream *stream)
{
	for (size_t i = 0; i < stream->n_early; i++)
		free(stream->early[i]);
	values_clear(&stream->values);
	tally_close(&stream->tally);
	place_clear(&stream->place);
	ledger_clear(&stream->ledger);
	coverages_clear(&stream->coverages);
	loss_close(&stream->loss);
	if (stream->out.buf)
		out_close(&stream->out);
	if (stream->options && stream->options->output && stream->out.fd >= 0)
		close(stream->out.fd);
}

void stream_count(struct stream *stream)
{
	loss_read(&stream->loss, &stream->counters);
}

static void send_changes(struct stream *stream, struct space *space, uint64_t ts_ns)
{
	struct segments *segments = &space->segments;

	for (size_t i = 0; i < segments->n_changes; i++) {
		tally_segment(&stream->tally, space->pid, &segments->changes[i]);
		if (stream->sink.ops->segment)
			stream->sink.ops->segment(&stream->sink, space->pid, &segments->changes[i],
						  ts_ns);
	}
	segments_settle(segments);
}

void stream_begin(struct stream *stream, struct sink_header *header)
{
	struct utsname kernel;
	struct space *space;
	size_t at = 0;

	uname(&kernel);
	header->version = MWBPF_VERSION;
	header->kernel = kernel.release;
	header->start_ns = now_ns();
	header->realtime_ns = clock_ns(CLOCK_REALTIME);
	header->buffer = stream->options->buffer;
	header->events = stream->options->events;
	header->min_size = stream->options->min_size;
	header->max_size = stream->options->max_size;
	stream->sink.start_ns = header->start_ns;
	if (stream->sink.ops->begin)
		stream->sink.ops->begin(&stream->sink, header);
	tally_begin(&stream->tally, header);
	while ((space = hash_next(&stream->place.spaces, &at, NULL)))
		send_changes(stream, space, header->start_ns);
	for (size_t i = 0; i < stream->n_early; i++)
		if (stream->early[i] && stream->sink.ops->warning)
			stream->sink.ops->warning(&stream->sink, header->start_ns, stream->early[i]);
	out_flush(&stream->out);
}

static void notice_lost(struct stream *stream, uint64_t ts_ns, uint32_t lost)
{
	stream_count(stream);
	if (stream->sink.ops->lost)
		stream->sink.ops->lost(&stream->sink, ts_ns, lost - stream->lost_seen,
				       &stream->counters);
	tally_lost(&stream->tally, lost - stream->lost_seen, ts_ns);
	stream->lost_seen = lost;
	values_lost(&stream->values);
}

static bool is_shown(const struct options *options, const struct placed *placed)
{
	const struct mw_event *event = placed->event;
	uint64_t size = event->kind == MW_FREE ? placed->old_size : event->size;
	bool sized = event->kind <= MW_MPROTECT && event->kind != MW_BRK;

	if (!(options->kinds >> event->kind & 1))
		return false;
	/* a constructor may give out what it was given: nothing was made, nor asked of the cache */
	if (placed->value.state == PYINT_OLD)
		return false;
	if (!sized || (!options->min_size && options->max_size == UINT64_MAX))
		return true;
	/* the size of a block that was never seen is not known: it cannot pass a filter */
	return size >= options->min_size && size <= options->max_size && !placed->unmatched &&
	       !placed->internal;
}

#define VALUE_LATE_NS 100000000ULL /* a value that has not come by then is looked for */

static void show(struct stream *stream, const struct placed *placed)
{
	stream->summary.shown++;
	stream->sink.ops->event(&stream->sink, placed);
	if (placed->value.state == PYINT_LATER)
		values_await(&stream->values, placed->event);
	else if (placed->value.state == PYINT_UNKNOWN)
		stream->summary.values_unknown++;
}

static void account(struct stream *stream, struct placed *placed)
{
	struct ledger_event event;
	struct ledger_outcome outcome;

	ledger_event_of(placed, &event);
	if (!tally_take(&stream->tally, placed, &event, &outcome))
		ledger_apply(&stream->ledger, &event, &outcome);
	ledger_answer(&outcome, placed);
}

bool stream_take(struct stream *stream, const struct mw_event *event)
{
	struct placed placed;

	/* signed: of two events on two CPUs the earlier may have read the later count */
	if ((int32_t)(event->lost - stream->lost_seen) > 0)
		notice_lost(stream, event->ts_ns, event->lost);
	if (event->kind == MW_VALUE || event->kind == MW_DIGITS) {
		stream->summary.delivered[event->kind]++;
		values_take(&stream->values, event);
		return true;
	}
	if (place_event(&stream->place, event, &placed)) {
		stream->summary.foreign++;
		return false;
	}
	stream->summary.delivered[event->kind]++;
	if (event->kind == MW_CODE)
		return true;
	values_see(&stream->values, event);
	coverages_apply(&stream->coverages, &placed);
	if (event->kind == MW_STACK) {
		if (placed.new_site)
			tally_stack(&stream->tally, placed.site);
		if (placed.new_site && stream->sink.ops->stack)
			stream->sink.ops->stack(&stream->sink, event, placed.site);
		return true;
	}
	account(stream, &placed);
	if (placed.space->segments.n_changes)
		send_changes(stream, placed.space, event->ts_ns);
	if (stream->sink.ops->event && is_shown(stream->options, &placed))
		show(stream, &placed);
	return true;
}

void stream_tick(struct stream *stream)
{
	values_tick(&stream->values, now_ns(), VALUE_LATE_NS);
}

bool stream_settle(struct stream *stream)
{
	values_tick(&stream->values, now_ns(), 0);
	return !stream->values.first;
}

void stream_probe(struct stream *stream, const struct sink_probe *probe)
{
	if (stream->sink.ops->probe)
		stream->sink.ops->probe(&stream->sink, probe, now_ns());
}

void stream_ints(struct stream *stream, const struct sink_ints *ints)
{
	if (stream->sink.ops->ints && stream->sink.start_ns) /* the header has them else */
		stream->sink.ops->ints(&stream->sink, ints, now_ns());
}

void stream_warn(struct stream *stream, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_warn("%s", text);
	tally_warning(&stream->tally, text);
	if (stream->sink.start_ns && stream->sink.ops->warning)
		stream->sink.ops->warning(&stream->sink, now_ns(), text);
	else if (!stream->sink.start_ns && stream->n_early < STREAM_EARLY)
		stream->early[stream->n_early++] = strdup(text);
}

void stream_resident(struct stream *stream, const struct resident *resident)
{
	uint64_t ts_ns = now_ns();

	tally_resident(&stream->tally, resident, ts_ns);
	if (stream->sink.ops->resident)
		stream->sink.ops->resident(&stream->sink, ts_ns, resident);
}

int stream_end(struct stream *stream, const char *reason, const struct sink_end *ends, size_t n)
{
	struct sink_summary *summary = &stream->summary;
	uint32_t lost;

	stream_count(stream);
	values_end(&stream->values);
	lost = sink_sum(stream->counters.lost);
	if ((int32_t)(lost - stream->lost_seen) > 0)
		notice_lost(stream, now_ns(), lost);
	summary->ts_ns = now_ns();
	summary->reason = reason;
	summary->ledger = &stream->ledger;
	summary->counters = &stream->counters;
	summary->ends = ends;
	summary->n_ends = n;
	summary->output_lost = stream->out.lines_lost;
	if (stream->sink.ops->end)
		stream->sink.ops->end(&stream->sink, summary);
	out_flush(&stream->out);
	summary->output_lost = stream->out.lines_lost;
	if (!stream->options->quiet && !stream->options->summary)
		sink_print_summary(summary);
	return tally_end(&stream->tally, summary);
}
