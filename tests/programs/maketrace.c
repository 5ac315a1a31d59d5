// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * maketrace.c - writes a trace as mwbpf --json does, of as many events as wanted, and says on
 * stderr what it amounts to.
 *
 *	maketrace EVENTS LIVE STACKS >trace
 *
 * LIVE mallocs, then frees and mallocs in turn of a random one of them. Block i is of
 * 16 + i % 1000 bytes and made by stack 1 + i % STACKS.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BASE 0x55d000000010
#define STEP 1024 /* ns between two events */

static uint64_t ts_ns;

static uint64_t size_of(uint64_t block)
{
	return 16 + block % 1000;
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

static void put_header(void)
{
	printf("{\"type\":\"header\",\"ts_ns\":0,\"schema\":1,\"tool\":\"mwbpf\",\"version\":\"0.1.0\","
	       "\"kernel\":\"6.1.0\",\"time\":\"2026-01-01T00:00:00.000000000Z\",\"monotonic_ns\":1,"
	       "\"tier\":\"session\",\"tier_why\":\"made up\",\"syscalls\":\"made up\",\"options\":"
	       "{\"buffer\":67108864,\"events\":null,\"min_size\":0,\"max_size\":null},\"targets\":"
	       "[{\"pid\":7,\"exe\":\"/bin/made\",\"command\":[\"made\",\"up\"],\"state\":\"t\","
	       "\"launched\":true,\"allocator\":null,\"allocator_why\":\"made up\",\"python\":null,"
	       "\"python_why\":\"made up\",\"int_sites\":0,\"ints\":null}],\"probes\":[]}\n");
}

static void put_stacks(uint64_t stacks)
{
	for (uint64_t i = 1; i <= stacks; i++)
		printf("{\"type\":\"stack\",\"ts_ns\":0,\"pid\":7,\"id\":%" PRIu64 ",\"frames\":[{\"lang\":"
		       "\"python\",\"function\":\"work%" PRIu64 "\",\"file\":\"/srv/app/work.py\","
		       "\"line\":%" PRIu64 ",\"addr\":\"0x7f0000001000\"},{\"lang\":\"python\","
		       "\"function\":\"main\",\"file\":\"/srv/app/main.py\",\"line\":3,\"addr\":"
		       "\"0x7f0000002000\"}]}\n",
		       i, i, i);
}

static void put_place(uint64_t addr)
{
	printf("\"segment\":\"heap\",\"map\":31,\"off\":%" PRIu64 ",", addr - BASE + 16);
}

static void put_rest(uint64_t stack, const char *via)
{
	printf("\"sp\":\"0x7ffe9b9db178\",\"stack_used\":11912,\"caller\":\"0x4f71ba\",\"at\":\"work%" PRIu64
	       " (/srv/app/work.py:%" PRIu64 ")\",\"stack\":%" PRIu64 ",\"via\":\"%s\"}\n",
	       stack, stack, stack, via);
}

static void put_malloc(uint64_t block, uint64_t stacks)
{
	uint64_t addr = BASE + block * 1040;

	ts_ns += STEP;
	printf("{\"type\":\"malloc\",\"ts_ns\":%" PRIu64 ",\"pid\":7,\"tid\":7,\"addr\":\"0x%" PRIx64
	       "\",\"size\":%" PRIu64 ",",
	       ts_ns, addr, size_of(block));
	put_place(addr);
	put_rest(1 + block % stacks, "malloc");
}

static void put_free(uint64_t block)
{
	uint64_t addr = BASE + block * 1040;

	ts_ns += STEP;
	printf("{\"type\":\"free\",\"ts_ns\":%" PRIu64 ",\"pid\":7,\"tid\":7,\"addr\":\"0x%" PRIx64 "\",",
	       ts_ns, addr);
	put_place(addr);
	printf("\"size\":%" PRIu64 ",\"age_ns\":1024,", size_of(block));
	put_rest(1, "free");
}

static void put_summary(uint64_t events)
{
	printf("{\"type\":\"summary\",\"ts_ns\":%" PRIu64 ",\"reason\":\"the target's end\",\"targets\":"
	       "[{\"pid\":7,\"ended\":true,\"status\":0}],\"completeness\":{\"hits\":%" PRIu64
	       ",\"delivered\":%" PRIu64 ",\"lost\":0,\"shown\":%" PRIu64 ",\"lost_by_type\":{},"
	       "\"lost_by_cause\":{}}}\n",
	       ts_ns, events, events, events);
}

int main(int argc, char **argv)
{
	uint64_t events = argc == 4 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t live = argc == 4 ? strtoull(argv[2], NULL, 10) : 0;
	uint64_t stacks = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
	uint64_t n = 0, bytes = 0, live_bytes = 0;

	if (!live || events < live || !stacks) {
		fprintf(stderr, "usage: maketrace EVENTS LIVE STACKS\n");
		return 2;
	}
	put_header();
	put_stacks(stacks);
	for (; n < live; n++) {
		put_malloc(n, stacks);
		live_bytes += size_of(n);
	}
	bytes = live_bytes;
	for (; n + 2 <= events; n += 2) {
		uint64_t block = next_random() % live;

		put_free(block);
		put_malloc(block, stacks);
		bytes += size_of(block);
	}
	put_summary(n);
	fprintf(stderr, "{\"events\":%" PRIu64 ",\"allocs\":%" PRIu64 ",\"bytes\":%" PRIu64
		",\"live\":%" PRIu64 ",\"live_bytes\":%" PRIu64 "}\n",
		n, live + (n - live) / 2, bytes, live, live_bytes);
	return ferror(stdout) || fflush(stdout);
}
