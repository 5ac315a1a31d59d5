// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* leaks.c - what a scan for leaks found: valgrind's summary, and a JSON record a site. */
#include "sink/leaks.h"

#include <string.h>

#include "base/fmt.h"
#include "base/json.h"
#include "sink/jsonl.h"

#define N(value) fmt_thousands((char[28]){ 0 }, value)

const char *sink_leaks_when(enum sink_leaks_when when)
{
	static const char *const names[] = { "exit", "signal", "end" };

	return names[when];
}

static void put_amount(struct json *json, const char *key, const struct leaks_amount *amount)
{
	json_object(json, key);
	json_u64(json, "bytes", amount->bytes);
	json_u64(json, "blocks", amount->blocks);
	json_object_end(json);
}

static void put_record(struct sink *sink, const struct sink_leaks *leaks, size_t i)
{
	const struct leaks_record *record = &leaks->leaks->records[i];
	const struct site *site = leaks->sites[i];
	struct json json;

	jsonl_line(sink, &json, "leak", leaks->ts_ns);
	json_u64(&json, "pid", leaks->pid);
	json_u64(&json, "scan", leaks->scan);
	json_str(&json, "kind", leaks_kind_name(record->kind));
	json_u64(&json, "bytes", record->direct.bytes);
	json_u64(&json, "blocks", record->direct.blocks);
	if (record->indirect.blocks)
		put_amount(&json, "indirect", &record->indirect);
	if (record->before.blocks)
		put_amount(&json, "before", &record->before);
	if (site && site->at)
		json_str(&json, "at", site->at);
	if (site)
		json_u64(&json, "stack", record->site);
	if (leaks->suppressed[i])
		json_str(&json, "suppressed", leaks->suppressed[i]);
	json_end(&json);
}

void sink_jsonl_leaks(struct sink *sink, const struct sink_leaks *leaks)
{
	struct json json;

	jsonl_line(sink, &json, "leaks", leaks->ts_ns);
	json_u64(&json, "pid", leaks->pid);
	json_u64(&json, "scan", leaks->scan);
	json_str(&json, "when", sink_leaks_when(leaks->when));
	if (leaks->failed) {
		json_str(&json, "failed", leaks->failed);
		json_end(&json);
		return;
	}
	for (int kind = 0; kind < LEAKS_KINDS; kind++)
		put_amount(&json, leaks_kind_name(kind), &leaks->leaks->kinds[kind]);
	put_amount(&json, "before", &leaks->leaks->before);
	json_u64(&json, "held_ns", leaks->held_ns);
	json_u64(&json, "scanned", leaks->scanned);
	json_u64(&json, "unreadable", leaks->unreadable);
	json_u64(&json, "threads", leaks->threads);
	json_u64(&json, "moving", leaks->moving);
	if (leaks->unknown)
		json_str(&json, "unknown", leaks->unknown);
	json_end(&json);
	for (size_t i = 0; i < leaks->leaks->n; i++)
		put_record(sink, leaks, i);
}

static void print_frame(FILE *to, const struct frame *frame, bool first)
{
	const char *file = frame->file ? frame->file : frame->object;
	char safe[1024];

	fprintf(to, "   %s ", first ? "at" : "by");
	if (frame->language == FRAME_NATIVE)
		fprintf(to, "0x%llX: ", (unsigned long long)frame->addr);
	fputs(frame->function ? fmt_safe(safe, sizeof(safe), frame->function) : "???", to);
	if (file)
		fmt_safe(safe, sizeof(safe), file);
	if (frame->file && frame->line)
		fprintf(to, " (%s:%lld)", safe, (long long)frame->line);
	else if (file)
		fprintf(to, " (in %s)", safe);
	fputc('\n', to);
}

static void print_site(FILE *to, const struct site *site)
{
	char safe[1024];

	if (!site || !site->n) {
		fprintf(to, "   at ???: %s\n", site && site->at ?
				fmt_safe(safe, sizeof(safe), site->at) : "its stack is not known");
		return;
	}
	for (size_t i = 0; i < site->n; i++)
		print_frame(to, &site->frames[i], i == 0);
}

/* valgrind: "24 (8 direct, 16 indirect) bytes in 1 blocks are definitely lost in ..." */
static void print_record(FILE *to, const struct sink_leaks *leaks, size_t i)
{
	const struct leaks_record *record = &leaks->leaks->records[i];

	fprintf(to, "\n%s", N(record->direct.bytes + record->indirect.bytes));
	if (record->indirect.blocks)
		fprintf(to, " (%s direct, %s indirect)", N(record->direct.bytes),
			N(record->indirect.bytes));
	fprintf(to, " bytes in %s blocks are %s in loss record %s of %s\n",
		N(record->direct.blocks), leaks_kind_words(record->kind), N(i + 1),
		N(leaks->leaks->n));
	print_site(to, leaks->sites[i]);
}

static void print_evidence(FILE *to, const struct sink_leaks *leaks)
{
	static const char *const moments[] = { "on its way out", "for a snapshot", "in the end" };
	const struct leaks_amount *before = &leaks->leaks->before;

	if (before->blocks)
		fprintf(to,
			"  of what is not lost, %s bytes in %s blocks are found only through memory\n"
			"  of which nothing is known\n",
			N(before->bytes), N(before->blocks));
	if (leaks->unknown)
		fprintf(to, "  all of the allocator's memory was searched for pointers: %s\n",
			leaks->unknown);
	fprintf(to, "  process %d was held for %.1f ms %s; %s bytes were read, %s threads\n",
		(int)leaks->pid, leaks->held_ns / 1e6, moments[leaks->when], N(leaks->scanned),
		N(leaks->threads));
	if (leaks->moving)
		fprintf(to, "  %s threads could not be stopped: pointers in their registers are missing\n",
			N(leaks->moving));
	if (leaks->unreadable)
		fprintf(to, "  %s bytes could not be read: what only they point to seems lost\n",
			N(leaks->unreadable));
}

static void add(struct leaks_amount *to, const struct leaks_amount *more)
{
	to->bytes += more->bytes;
	to->blocks += more->blocks;
}

/* By kind, what is not suppressed; and, as valgrind, all that is. */
static void print_sums(FILE *to, const struct sink_leaks *leaks)
{
	const struct leaks *found = leaks->leaks;
	struct leaks_amount hidden[LEAKS_KINDS] = { 0 }, sum = { 0 };

	for (size_t i = 0; i < found->n; i++)
		if (leaks->suppressed[i])
			add(&hidden[found->records[i].kind], &found->records[i].direct);
	fprintf(to, "\nLEAK SUMMARY:\n");
	for (int kind = 0; kind < LEAKS_KINDS; kind++) {
		fprintf(to, "  %16s: %s bytes in %s blocks\n", leaks_kind_words(kind),
			N(found->kinds[kind].bytes - hidden[kind].bytes),
			N(found->kinds[kind].blocks - hidden[kind].blocks));
		add(&sum, &hidden[kind]);
	}
	if (sum.blocks)
		fprintf(to, "  %16s: %s bytes in %s blocks\n", "suppressed", N(sum.bytes),
			N(sum.blocks));
}

void sink_print_leaks(FILE *to, const struct sink_leaks *leaks, unsigned records, bool sums)
{
	const struct leaks *found = leaks->leaks;

	if (leaks->failed) {
		if (sums)
			fprintf(to, "\nLEAK SUMMARY: none of process %d: %s\n", (int)leaks->pid,
			leaks->failed);
		return;
	}
	for (size_t i = 0; i < found->n; i++)
		if (records >> found->records[i].kind & 1 && found->records[i].direct.blocks &&
		    !leaks->suppressed[i])
			print_record(to, leaks, i);
	if (!sums)
		return;
	print_sums(to, leaks);
	print_evidence(to, leaks);
}
