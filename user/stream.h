/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * stream.h - from one event off the ring to one line in the output: place, ledger, sink.
 */
#ifndef MWBPF_STREAM_H
#define MWBPF_STREAM_H

#include "base/out.h"
#include "capture/loss.h"
#include "ledger/coverage.h"
#include "options.h"
#include "place/place.h"
#include "sink/sink.h"
#include "tally.h"
#include "values.h"

#define STREAM_EARLY 16

struct stream {
	const struct options *options;
	struct place place;
	struct ledger ledger;
	struct coverages coverages;
	struct loss loss;
	struct mw_counters counters; /* as last read */
	struct out out;
	struct sink sink;
	struct sink_summary summary;
	struct values values;
	struct tally tally;
	uint32_t lost_seen;
	char *early[STREAM_EARLY]; /* warnings from before the header, to follow it */
	size_t n_early;
};

/* Open the output. Says what is wrong; 0 or -errno. */
int stream_open(struct stream *stream, const struct options *options, struct images *images);
void stream_close(struct stream *stream);

/* The first record, then every segment there is. Fills in what the options say. */
void stream_begin(struct stream *stream, struct sink_header *header);

/* Take one event. False: it is of no process that is traced. */
bool stream_take(struct stream *stream, const struct mw_event *event);

/* To be called when all events of up to now were taken: some wait for what may not come. */
void stream_tick(struct stream *stream);

/* As stream_tick, in the end: nothing is waited for any longer. True: nothing has to be. */
bool stream_settle(struct stream *stream);

/* A probe put in after the beginning. */
void stream_probe(struct stream *stream, const struct sink_probe *probe);

/* Likewise, the makers of ints. */
void stream_ints(struct stream *stream, const struct sink_ints *ints);

/* To the person, and as a record once the header is out. */
void stream_warn(struct stream *stream, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Bring the counters up to date. */
void stream_count(struct stream *stream);

/* What the kernel holds for a process, as of now. */
void stream_resident(struct stream *stream, const struct resident *resident);

/* The last record, and the report or else, unless quiet, the summary. 0, or -errno of the report. */
int stream_end(struct stream *stream, const char *reason, const struct sink_end *ends, size_t n);

#endif
