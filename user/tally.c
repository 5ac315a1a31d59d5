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
	if (!options->summary)
		return 0;
	tally->options = &options->report;
	facts_init(&tally->facts);
	history_init(&tally->history, ledger, 0, options->report.temporary);
	return suppressions_read(&tally->suppressions, options->report.suppressions);
}

void tally_close(struct tally *tally)
{
	if (!tally->options)
		return;
	history_clear(&tally->history);
	facts_clear(&tally->facts);
	suppressions_clear(&tally->suppressions);
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

	if (tally->options)
		pins_segment(&tally->history.pins, &segment, change->what == SEGMENT_GONE);
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

bool tally_take(struct tally *tally, const struct placed *placed, struct ledger_event *event,
		struct ledger_outcome *outcome)
{
	if (!tally->options)
		return false;
	event->site = history_site(&tally->history, event->site, event->program,
				   placed->event->caller, true, placed->at);
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
	tally->options->format->write(&report, tally->options, stdout);
	tally->status = limits_check(&report, tally->options);
	if (fflush(stdout) || ferror(stdout)) {
		err = -errno;
		log_error("cannot write the report: %s", strerror(errno));
	}
	report_clear(&report);
	return err;
}
