// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * fuzz_report.c - a file to report on may hold anything. Bytes below the number of words stand
 * for words of a trace, so that lines that are taken are found soon; with an odd first byte
 * all are as they are, as those of a compressed file must be.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "report/biography.h"
#include "report/format.h"
#include "source/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {
	"\n", "}\n", ",", "0", "1", "7", "4096", "\"0x1000\"", "\"0x2000\"", "true", "null", "[", "]", "{", "}",
	"{\"type\":\"malloc\",\"ts_ns\":", "{\"type\":\"calloc\",\"ts_ns\":",
	"{\"type\":\"realloc\",\"ts_ns\":", "{\"type\":\"free\",\"ts_ns\":",
	"{\"type\":\"exec\",\"ts_ns\":", "{\"type\":\"exit\",\"ts_ns\":",
	"{\"type\":\"fork\",\"ts_ns\":", "{\"type\":\"pylong\",\"ts_ns\":",
	"{\"type\":\"stack\",\"ts_ns\":0,\"id\":", "{\"type\":\"lost\",\"ts_ns\":",
	"{\"type\":\"resident\",\"ts_ns\":", "{\"type\":\"header\",\"ts_ns\":0",
	"{\"type\":\"summary\",\"ts_ns\":", "{\"type\":\"warning\",\"ts_ns\":0,\"text\":\"x\"}\n",
	",\"pid\":7,\"tid\":7", ",\"pid\":8,\"tid\":9", ",\"addr\":", ",\"size\":", ",\"old_addr\":",
	",\"old_size\":1", ",\"segment\":\"heap\"", ",\"segment\":\"arena\"", ",\"failed\":true",
	",\"internal\":true", ",\"unmatched\":true", ",\"caller\":", ",\"at\":\"f+0x1 (a.c:3)\"",
	",\"stack\":", ",\"frames\":[", "{\"lang\":\"python\",\"function\":\"f\",\"line\":3}",
	"{\"lang\":\"native\",\"file\":\"/x\",\"offset\":3}", ",\"events\":3", ",\"rss\":4096",
	",\"targets\":[{\"pid\":7,\"command\":[\"a\"],\"ended\":true,\"status\":0}]",
	",\"reason\":\"\\udc80\\ud83d\\ude00\\n\"", ",\"completeness\":{\"hits\":1,\"lost\":1}",
	",\"reused\":true", ",\"cached\":true", "18446744073709551615", "\"0xffffffffffffffff\"",
	"{\"type\":\"malloc\",\"ts_ns\":5,\"pid\":7,\"tid\":7,\"addr\":\"0x1000\",\"size\":9,\"segment\":\"heap\"}\n",
	"{\"type\":\"free\",\"ts_ns\":900000000000,\"pid\":7,\"tid\":7,\"addr\":\"0x1000\",\"segment\":\"heap\",\"size\":9,\"age_ns\":5}\n",
	"{\"type\":\"segment\",\"ts_ns\":0,\"pid\":7,\"id\":1,\"start\":\"0x1000\",\"end\":\"0x2000\",\"perms\":\"rw-p\",\"kind\":\"heap\"}\n",
	"{\"type\":\"segment\",\"ts_ns\":0,\"pid\":7,\"id\":", ",\"start\":", ",\"end\":", ",\"perms\":\"rw-p\",\"kind\":\"arena\"",
};

#define N_WORDS (sizeof(words) / sizeof(*words))

/* A file with the input in it; its descriptor. */
static int make_file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("trace", 0);
	FILE *file = fdopen(dup(fd), "w");

	for (size_t i = 1; i < size; i++)
		if (!(*data & 1) && data[i] < N_WORDS)
			fputs(words[data[i]], file);
		else
			fputc(data[i], file);
	fclose(file);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void must(bool good)
{
	if (!good)
		abort();
}

/* What is told by sites, threads and kinds is the whole, at the end and at the peak. */
static void check_sums(const struct report *report)
{
	struct ledger_amount live = { 0 }, total = { 0 }, at_peak = { 0 }, kinds = { 0 }, then = { 0 };

	for (size_t i = 0; i < report->n_sites; i++) {
		live.blocks += report->sites[i].live.blocks;
		live.bytes += report->sites[i].live.bytes;
		total.blocks += report->sites[i].total.blocks;
		total.bytes += report->sites[i].total.bytes;
		at_peak.blocks += report->sites[i].at_peak.blocks;
		at_peak.bytes += report->sites[i].at_peak.bytes;
	}
	for (int kind = 0; kind < SEGMENT_KINDS; kind++) {
		kinds.blocks += report->by_kind[kind].blocks;
		kinds.bytes += report->by_kind[kind].bytes;
		then.blocks += report->by_kind_at_peak[kind].blocks;
		then.bytes += report->by_kind_at_peak[kind].bytes;
	}
	must(!memcmp(&live, &report->totals.live, sizeof(live)));
	must(!memcmp(&kinds, &live, sizeof(live)));
	must(total.blocks == report->totals.allocs && total.bytes == report->totals.bytes);
	must(at_peak.bytes == report->totals.peak.bytes && at_peak.blocks == report->totals.peak.blocks);
	must(!memcmp(&then, &at_peak, sizeof(then)));
	must(report->n_moments && report->n_moments <= TIMELINE_SLOTS + 1);
	for (size_t i = 1; i < report->n_moments; i++)
		must(report->timeline[i].ts_ns >= report->timeline[i - 1].ts_ns);
}

static void write_all(const struct report *report)
{
	struct report_options options = { .top = 3, .temporary = 1, .format = report_formats };
	FILE *to = fopen("/dev/null", "w");

	for (options.by = 0; options.by < REPORT_BYS; options.by++)
		report_write_text(report, &options, to);
	report_write_json(report, &options, to);
	fclose(to);
}

static void tell(void *context, const struct ledger_event *event, const struct ledger_outcome *outcome)
{
	biography_event(context, event, outcome);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct history history;
	static struct facts facts;
	static struct report report;
	struct biography biography;
	const struct source_watch watch = { tell, &biography };
	FILE *to = fopen("/dev/null", "w");
	struct ledger ledger;
	struct source *source;
	char path[64];
	int fd;

	if (!size || ledger_init(&ledger))
		return fclose(to);
	log_level = (enum log_level)-1;
	facts_init(&facts);
	history_init(&history, &ledger, 0, 1);
	biography_begin(&biography, 0x1004, &history, *data & 2, to);
	source = source_new(&facts, &history, &watch);
	fd = make_file(data, size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!source_read(source, path)) {
		history_end(&history, facts.end_ns, 1);
		if (!report_build(&report, &facts, &history, NULL)) {
			check_sums(&report);
			write_all(&report);
		}
		report_clear(&report);
	}
	biography_end(&biography);
	history_clear(&history);
	source_free(source);
	ledger_clear(&ledger);
	facts_clear(&facts);
	close(fd);
	fclose(to);
	return 0;
}
