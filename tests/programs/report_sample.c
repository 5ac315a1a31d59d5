// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * report_sample.c - a report that no program made, in a format: FORMAT [WEIGHT [SITES]].
 *
 * The first five sites are always the same, and known to the tests, with names that formats may
 * stumble over; more are made up, as deep as those of real programs, by numbers that are the same
 * each time.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/format.h"

#define PYTHON(name, path, at) { .language = FRAME_PYTHON, .function = name, .file = path, .line = at }
#define NATIVE(name, path) { .language = FRAME_NATIVE, .function = name, .object = path, .offset = 64 }
#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define DEPTH 40
#define MOMENTS 400
#define MIB (1024.0 * 1024)

static const char libc[] = "/usr/lib/x86_64-linux-gnu/libc.so.6";
static const char interpreter[] = "/usr/bin/python3.11";

static const struct frame leak[] = { PYTHON("Cache.put", "/srv/app/cache.py", 42),
				     PYTHON("serve", "/srv/app/server.py", 107),
				     PYTHON("<module>", "/srv/app/server.py", 200) };
static const struct frame parse[] = { PYTHON("parse", "/srv/app/parse.py", 12),
				      PYTHON("serve", "/srv/app/server.py", 101),
				      PYTHON("<module>", "/srv/app/server.py", 200),
				      NATIVE("list_resize", interpreter),
				      NATIVE("_PyEval_EvalFrameDefault", interpreter),
				      NATIVE("main", interpreter) };
static const struct frame hostile[] = {
	PYTHON("</script><script>alert(1)</script>", "/tmp/<!--<script>.py", 1),
	PYTHON("a;b c\nd\"e\\f", "/tmp/\xff\xfe;x.py", 3),
	PYTHON("\xe2\x80\xae" "evil\x1b[31m", "/tmp/\xc3\xa9t\xc3\xa9 \xf0\x9f\x90\x8d.py", 7),
};
static const struct frame native[] = {
	{ .language = FRAME_NATIVE, .function = "strdup", .object = libc, .offset = 12 },
	{ .language = FRAME_NATIVE, .object = "/opt/lib/libvendor.so.2", .offset = 0x4711,
	  .reason = "the file has no symbols", .gap = true },
	{ .language = FRAME_NATIVE, .function = "main", .file = "/src/main.c", .line = 33,
	  .object = "/opt/bin/app" },
};

static struct report_site known[] = {
	{ .id = 1, .frames = leak, .n_frames = COUNT(leak), .total = { 1000, 8 << 20 },
	  .live = { 1000, 8 << 20 }, .at_peak = { 750, 6 << 20 }, .oldest_ns = 9500000000,
	  .slope = 900000.25, .verdict = VERDICT_LIKELY,
	  .leak = { [LEAK_DEFINITE] = { 10, 4096 }, [LEAK_REACHABLE] = { 990, (8 << 20) - 4096 } } },
	{ .id = 2, .frames = parse, .n_frames = COUNT(parse), .total = { 50000, 40 << 20 },
	  .freed = { 49999, (40 << 20) - 65536 }, .live = { 1, 65536 }, .at_peak = { 20, 12 << 20 },
	  .temporary = { 45000, 20 << 20 }, .oldest_ns = 1500000, .slope = NAN },
	{ .id = 3, .frames = hostile, .n_frames = COUNT(hostile), .total = { 3, 3000 },
	  .live = { 3, 3000 }, .at_peak = { 3, 3000 }, .slope = -12.5, .verdict = VERDICT_UNPROVEN,
	  .truncated = true, .reason = "deeper than --max-depth" },
	{ .id = 4, .frames = native, .n_frames = COUNT(native), .total = { 7, 700 },
	  .live = { 7, 700 }, .slope = 0, .verdict = VERDICT_PROVEN,
	  .leak = { [LEAK_DEFINITE] = { 7, 700 } } },
	{ .id = 0, .total = { 1, 1 }, .live = { 1, 1 }, .slope = NAN,
	  .reason = "no stack was taken" },
};

/* Numbers without a pattern: xorshift (Marsaglia, 2003). */
static uint32_t any(uint32_t below)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % below;
}

/* A stack whose outer frames it has in common with many: fewer and fewer the deeper it goes. */
static void make_stack(struct report_site *site)
{
	size_t n = 5 + any(DEPTH - 5);
	struct frame *frames = calloc(n, sizeof(*frames));
	uint32_t way = 0;

	for (size_t i = 0; i < n; i++) {
		char name[64], file[64];

		way = (way * 7 + any(i < 3 ? 2 : i < 12 ? 3 : 5) + i) % 4999;
		snprintf(name, sizeof(name), "Class%u.method_%u", way % 97, way % 1009);
		snprintf(file, sizeof(file), "/srv/app/package%u/module_%u.py", way % 13, way % 97);
		frames[n - 1 - i] = (struct frame){ .language = FRAME_PYTHON, .function = strdup(name),
						    .file = strdup(file), .line = 1 + way % 400 };
	}
	site->frames = frames;
	site->n_frames = n;
}

static void make_site(struct report_site *site, uint32_t id)
{
	uint64_t blocks = 1 + any(200), size = 16 << any(10);

	*site = (struct report_site){ .id = id, .slope = NAN, .oldest_ns = any(1000000000) };
	site->total = (struct ledger_amount){ blocks, blocks * size };
	site->live = (struct ledger_amount){ blocks / 3, blocks / 3 * size };
	site->freed = (struct ledger_amount){ blocks - blocks / 3, (blocks - blocks / 3) * size };
	site->at_peak = (struct ledger_amount){ blocks / 2, blocks / 2 * size };
	site->temporary = (struct ledger_amount){ blocks / 4, blocks / 4 * size };
	make_stack(site);
}

static void add_up(struct report *report)
{
	for (size_t i = 0; i < report->n_sites; i++) {
		const struct report_site *site = &report->sites[i];

		report->totals.allocs += site->total.blocks;
		report->totals.bytes += site->total.bytes;
		report->totals.frees += site->freed.blocks;
		report->totals.live.blocks += site->live.blocks;
		report->totals.live.bytes += site->live.bytes;
		report->totals.peak.blocks += site->at_peak.blocks;
		report->totals.peak.bytes += site->at_peak.bytes;
		for (int kind = 0; kind < LEAK_KINDS; kind++) {
			report->leaks[kind].blocks += site->leak[kind].blocks;
			report->leaks[kind].bytes += site->leak[kind].bytes;
		}
	}
	report->by_kind[SEGMENT_HEAP] = report->totals.live;
	report->by_kind_at_peak[SEGMENT_HEAP] = report->totals.peak;
	report->by_kind[SEGMENT_MMAP_CHUNK] = (struct ledger_amount){ 2, 3 << 20 };
}

/* Something that rises and falls, with the peak where the report says it was. */
static void make_timeline(struct report_moment *moments)
{
	for (int i = 0; i < MOMENTS; i++) {
		struct report_moment *moment = &moments[i];

		moment->ts_ns = i * 25000000ULL;
		moment->bytes[SEGMENT_HEAP] = (4 + 3 * sin(i / 40.0) + i / 80.0) * MIB;
		moment->bytes[SEGMENT_ARENA] = (1 + sin(i / 9.0)) * MIB;
		moment->bytes[SEGMENT_MMAP_CHUNK] = i > 200 && i < 300 ? 6 * MIB : MIB;
		moment->bytes[SEGMENT_PYMALLOC] = i / 160.0 * MIB;
		moment->rss = i % 7 ? (18 + i / 50.0) * MIB : 0;
	}
}

static struct report_bucket sizes[] = {
	{ 0, 16, { 1200, 9600 } }, { 16, 32, { 9000, 216000 } }, { 32, 64, { 30000, 1440000 } },
	{ 64, 128, { 8000, 768000 } }, { 128, 1024, { 2500, 1280000 } }, { 1024, 65536, { 300, 2457600 } },
	{ 65536, UINT64_MAX, { 11, 44040192 } },
};
static struct report_bucket lifetimes[] = {
	{ 0, 1000, { 100, 6400 } }, { 1000, 1000000, { 40000, 30000000 } },
	{ 1000000, 1000000000, { 9000, 10000000 } }, { 1000000000, UINT64_MAX, { 899, 1904640 } },
};
static char *completeness[] = {
	"51,011 hits, 51,011 delivered, 0 lost, 2 unmatched frees",
	"3 blocks are older than the trace </script><b>",
	"live 8.1 MiB of 26.0 MiB RSS; 17.9 MiB are not of malloc",
};

int main(int argc, char **argv)
{
	const struct report_format *format = argc > 1 ? report_format_from_name(argv[1]) : NULL;
	int weight = argc > 2 ? weight_from_name(argv[2]) : WEIGHT_LIVE;
	size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	struct report_options options = { .weight = weight };
	static struct report_moment moments[MOMENTS];
	struct report report = {
		.title = "python3 server.py --name '</script>'",
		.time = "2026-03-04T05:06:07.500Z",
		.version = "0.1.0",
		.kernel = "6.1.0",
		.duration_ns = 10000000000,
		.timeline = moments, .n_moments = MOMENTS, .peak_ns = 6250000000,
		.sizes = sizes, .n_sizes = COUNT(sizes),
		.lifetimes = lifetimes, .n_lifetimes = COUNT(lifetimes),
		.scanned = true,
		.completeness = completeness, .n_completeness = COUNT(completeness),
		.ended_by = "process 7 was killed by signal 9; the trace ended by the target's end",
	};

	if (!format || weight < 0) {
		fprintf(stderr, "usage: report_sample FORMAT [WEIGHT [SITES]]\n");
		return 2;
	}
	report.n_sites = COUNT(known) + n;
	report.sites = calloc(report.n_sites, sizeof(*report.sites));
	memcpy(report.sites, known, sizeof(known));
	for (size_t i = 0; i < n; i++)
		make_site(&report.sites[COUNT(known) + i], 100 + i);
	add_up(&report);
	make_timeline(moments);
	return format->write(&report, &options, stdout) || fflush(stdout) ? 1 : 0;
}
