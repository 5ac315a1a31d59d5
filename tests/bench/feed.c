// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * feed.c - what an event costs mwbpf once it is off the ring: the steps of run.c's
 * take_event(), fed from memory.
 *
 *	feed EVENTS LIVE FILE [summary]
 *
 * Frees and mallocs in turn of a random one of LIVE live blocks; JSON lines to FILE, and with
 * "summary" what --summary adds. Prints nanoseconds an event, of CPU time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/out.h"
#include "capture/decode.h"
#include "ledger/translate.h"
#include "report/history.h"
#include "sink/sink.h"

#define BLOCK 64 /* bytes */

static struct images images;
static struct place place;
static struct ledger ledger;
static struct out out;
static struct sink sink = { .ops = &sink_jsonl, .out = &out };
static struct mw_event event;
static struct history history;
static bool summary;

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void take(bool show)
{
	const struct mw_event *checked = decode(&event, sizeof(event));
	struct placed placed;
	struct ledger_event account;
	struct ledger_outcome outcome;

	if (!checked || place_event(&place, checked, &placed))
		abort();
	ledger_event_of(&placed, &account);
	if (summary) {
		account.site = history_site(&history, &account, checked->caller, true, placed.at);
		history_take(&history, &account, &outcome);
	} else {
		ledger_apply(&ledger, &account, &outcome);
	}
	ledger_answer(&outcome, &placed);
	segments_settle(&placed.space->segments);
	if (show)
		sink.ops->event(&sink, &placed);
}

static void feed_one(unsigned kind, uint64_t addr, bool show)
{
	event.ts_ns += 700;
	event.kind = kind;
	event.probe = kind == MW_FREE ? MW_PROBE_FREE : MW_PROBE_MALLOC;
	event.addr = addr;
	event.size = kind == MW_FREE ? 0 : BLOCK;
	take(show);
}

/* Marsaglia, Xorshift RNGs (2003) */
static uint64_t next_random(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static double feed(uint64_t events, uint64_t live, uint64_t base)
{
	uint64_t from;

	for (uint64_t i = 0; i < live; i++)
		feed_one(MW_MALLOC, base + i * BLOCK, false);
	from = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (uint64_t i = 0; i < events / 2; i++) {
		uint64_t addr = base + next_random() % live * BLOCK;

		feed_one(MW_FREE, addr, true);
		feed_one(MW_MALLOC, addr, true);
	}
	out_flush(&out);
	return (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - from) / (events / 2 * 2);
}

/* Everything as it is in a real run: our own map, stack and text stand for a target's. */
static int start(const char *file)
{
	struct space *space;
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644), err;

	if (fd < 0)
		return -errno;
	err = out_init(&out, fd);
	if (!err)
		err = ledger_init(&ledger);
	if (err)
		return err;
	place_init(&place, &images);
	if (!getenv("NONAMES"))
		place_name_code(&place, NULL);
	event.pid = event.tid = getpid();
	event.sp = (uintptr_t)__builtin_frame_address(0);
	event.caller = (uintptr_t)start;
	event.ts_ns = sink.start_ns = now_ns(CLOCK_MONOTONIC);
	history_init(&history, &ledger, event.ts_ns, 1);
	return place_add(&place, getpid(), &space);
}

int main(int argc, char **argv)
{
	uint64_t events = argc >= 4 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t live = argc >= 4 ? strtoull(argv[2], NULL, 10) : 0;
	void *base;
	int err;

	if (events < 2 || !live) {
		fprintf(stderr, "usage: feed EVENTS LIVE FILE [summary]\n");
		return 2;
	}
	summary = argc == 5;
	/* addresses that lie in a segment; nothing is ever there */
	base = mmap(NULL, live * BLOCK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	err = base == MAP_FAILED ? -errno : start(argv[3]);
	if (err) {
		fprintf(stderr, "feed: %s\n", strerror(-err));
		return 1;
	}
	printf("%.2f\n", feed(events, live, (uintptr_t)base));
	err = out_close(&out);
	if (err)
		fprintf(stderr, "feed: %s: %s\n", argv[3], strerror(-err));
	return err != 0;
}
