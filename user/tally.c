// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* tally.c - the report of a live trace. */
#include "tally.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "report/format.h"
#include "report/limits.h"

int tally_open(struct tally *tally, const struct options *options, struct ledger *ledger)
{
	if (options->summary) {
		tally->options = &options->report;
		facts_init(&tally->facts);
		history_init(&tally->history, ledger, 0, options->report.temporary);
	}
	return suppressions_read(&tally->suppressions, options->report.suppressions);
}

void tally_close(struct tally *tally)
{
	suppressions_clear(&tally->suppressions);
	if (!tally->options)
		return;
	history_clear(&tally->history);
	facts_clear(&tally->facts);
}

void tally_begin(struct tally *tally, const struct sink_header *header)
{
	if (!tally->options)
		return;
	tally->history.start_ns = header->start_ns;
	facts_header(&tally->facts, header);
}

void tally_stack(struct tally *tally, const struct site *site)
{
	if (tally->options)
		history_stack(&tally->history, site);
}

void tally_lost(struct tally *tally, uint64_t events, uint64_t ts_ns)
{
	if (tally->options)
		history_lost(&tally->history, events, ts_ns);
}

void tally_segment(struct tally *tally, pid_t pid, const struct segment_change *change)
{
	const struct pinned segment = { .pid = pid,
					.id = change->segment.id,
					.kind = change->segment.kind,
					.writable = change->segment.prot & PROT_WRITE,
					.start = change->segment.start,
					.end = change->segment.end };

	const struct code_segment code = { .pid = pid,
					   .id = change->segment.id,
					   .start = change->segment.start,
					   .end = change->segment.end,
					   .name = change->segment.name };

	if (!tally->options)
		return;
	pins_segment(&tally->history.pins, &segment, change->what == SEGMENT_GONE);
	codemap_segment(&tally->history.codemap, &code, change->what == SEGMENT_GONE);
}

void tally_warning(struct tally *tally, const char *text)
{
	if (tally->options)
		facts_warn(&tally->facts, text);
}

void tally_resident(struct tally *tally, const struct resident *resident, uint64_t ts_ns)
{
	if (tally->options)
		history_resident(&tally->history, resident, ts_ns);
}

static struct ledger_amount amount_of(const struct leaks_amount *amount)
{
	return (struct ledger_amount){ .blocks = amount->blocks, .bytes = amount->bytes };
}

void tally_leaks(struct tally *tally, const struct sink_leaks *leaks)
{
	struct leaklogs *logs = &tally->history.leaks;
	struct leaklog log = { .pid = leaks->pid,
			       .failed = leaks->failed,
			       .unknown = leaks->unknown,
			       .held_ns = leaks->held_ns,
			       .unreadable = leaks->unreadable,
			       .threads = leaks->threads,
			       .moving = leaks->moving };

	if (!tally->options)
		return;
	if (leaks->leaks)
		log.before = amount_of(&leaks->leaks->before);
	leaklogs_begin(logs, &log);
	for (size_t i = 0; leaks->leaks && i < leaks->leaks->n; i++) {
		const struct leaks_record *record = &leaks->leaks->records[i];
		const struct leaklog_part part = { .site = record->site,
						   .kind = record->kind,
						   .amount = amount_of(&record->direct) };

		leaklogs_add(logs, leaks->pid, &part);
	}
}

bool tally_take(struct tally *tally, const struct placed *placed, struct ledger_event *event,
		struct ledger_outcome *outcome)
{
	if (!tally->options)
		return false;
	event->site = history_site(&tally->history, event, placed->event->caller, true, placed->at);
	history_take(&tally->history, event, outcome);
	return true;
}

int tally_end(struct tally *tally, const struct sink_summary *summary)
{
	struct report report;
	int err;

	if (!tally->options)
		return 0;
	facts_summary(&tally->facts, summary, tally->history.start_ns);
	history_end(&tally->history, summary->ts_ns, tally->options->older_ns);
	err = report_build(&report, &tally->facts, &tally->history, &tally->suppressions);
	if (err) {
		log_error("cannot report: %s", strerror(-err));
		return err;
	}
	err = tally->options->format->write(&report, tally->options, stdout);
	tally->status = limits_check(&report, tally->options);
	if (!err && (fflush(stdout) || ferror(stdout)))
		err = -errno;
	if (err)
		log_error("cannot write the report: %s", strerror(-err));
	report_clear(&report);
	return err;
}
