/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * sink.h - where placed events go, and what is said before the first and after the last.
 */
#ifndef MWBPF_SINK_H
#define MWBPF_SINK_H

#include <mwbpf/config.h>

#include "ledger/coverage.h"
#include "ledger/ledger.h"
#include "ledger/resident.h"
#include "sink/leaks.h"

/* A probe that was put, in words for people and numbers for programs. */
struct sink_probe {
	pid_t pid;
	const char *symbol;
	const char *family;
	const char *file;
	const char *build_id;
	uint64_t offset;	 /* of the probe in the file */
	uint32_t moved;		 /* bytes behind the function's entry */
	uint64_t addr;		 /* of the probe in the process */
	const char *instruction; /* that it sits on */
	bool emulated;
	const char *why;
	const char *shares;	 /* symbol whose probe serves this one too; NULL */
};

/* How the type's address comes to where an int is made: enum intsite_way. */
#define SINK_WAYS 5

/* Which makers of ints are probed in a CPython, and how they were found. */
struct sink_ints {
	pid_t pid;
	const char *file;	/* NULL: not a CPython */
	size_t exported;	/* functions that other files can call */
	size_t sites;		/* instructions; 0: only the exported functions */
	size_t by_way[SINK_WAYS];
	size_t emulated;	/* of the sites: probed where the kernel does not single-step */
	size_t unsure;		/* what may be such instructions too */
	bool cached;		/* the sites were known */
	uint64_t took_ns;	/* to find them */
	const char *reason;	/* why there are no sites; NULL */
};

struct sink_target {
	pid_t pid;
	const char *exe;
	char *const *argv;
	char state;		/* as proc(5) */
	bool launched;
	const char *allocator;	/* file; NULL: no allocator was found */
	const char *allocator_why;
	const char *python;	/* file; NULL: not a CPython */
	const char *python_why;
	struct sink_ints ints;
};

struct sink_header {
	const char *version;
	const char *kernel;
	uint64_t start_ns;	/* CLOCK_MONOTONIC; ts_ns in the output counts from here */
	uint64_t realtime_ns;	/* the same moment since 1970, UTC */
	const char *tier;
	const char *tier_why;
	const char *syscalls;	/* how changes of the map are seen */
	uint64_t buffer;	/* bytes of the ring */
	const char *events;	/* --events as given; NULL: all */
	uint64_t min_size, max_size;
	const struct sink_target *targets;
	size_t n_targets;
	const struct sink_probe *probes;
	size_t n_probes;
};

/* How a target ended. */
struct sink_end {
	pid_t pid;
	bool ended;	/* else it goes on */
	int status;	/* of wait(); -1: not known */
	bool has_ints;	/* a CPython whose ints are wanted: */
	struct coverage ints;
};

struct sink_summary {
	uint64_t ts_ns;		 /* CLOCK_MONOTONIC */
	const char *reason;	 /* what ended the trace */
	const struct ledger *ledger;
	const struct mw_counters *counters;
	uint64_t delivered[MW_KIND_MAX];
	uint64_t shown;		 /* events written */
	uint64_t foreign;	 /* of processes not traced */
	uint64_t malformed;
	uint64_t output_lost;	 /* lines the output file did not take */
	uint64_t values_unknown; /* ints that were shown without their value */
	const struct sink_end *ends;
	size_t n_ends;
};

struct sink;

/* Each may be NULL. ts_ns arguments are CLOCK_MONOTONIC. */
struct sink_ops {
	void (*begin)(struct sink *, const struct sink_header *);
	void (*probe)(struct sink *, const struct sink_probe *, uint64_t ts_ns);
	/* makers of ints, of code that was mapped after the beginning */
	void (*ints)(struct sink *, const struct sink_ints *, uint64_t ts_ns);
	void (*segment)(struct sink *, pid_t, const struct segment_change *, uint64_t ts_ns);
	/* where the value of an int is only known later, sink->hole is to be told to value() */
	void (*event)(struct sink *, const struct placed *);
	/* false: too late, the line has gone without it */
	bool (*value)(struct sink *, uint64_t hole, const struct pyint *);
	/* a stack for the first time: events refer to it from now on */
	void (*stack)(struct sink *, const struct mw_event *, const struct site *);
	/* lost events noticed at this point of the stream; causes: counters since the start */
	void (*lost)(struct sink *, uint64_t ts_ns, uint32_t events, const struct mw_counters *);
	void (*warning)(struct sink *, uint64_t ts_ns, const char *text);
	/* what the kernel holds for a process */
	void (*resident)(struct sink *, uint64_t ts_ns, const struct resident *);
	void (*leaks)(struct sink *, const struct sink_leaks *);
	void (*end)(struct sink *, const struct sink_summary *);
};

struct sink {
	const struct sink_ops *ops;
	struct out *out;
	uint64_t start_ns;
	uint64_t hole; /* of the last event */
};

#define SINK_LATE "mwbpf had no room to wait for it" /* why a value is not known */

extern const struct sink_ops sink_jsonl;
extern const struct sink_ops sink_text;
extern const struct sink_ops sink_none; /* writes nothing */

/* The summary in words, for a person; to stderr. */
void sink_print_summary(const struct sink_summary *summary);

/* Name of a way; NULL for none. */
const char *sink_way(size_t way);

/* Sums over all kinds. */
uint64_t sink_sum(const __u64 counts[MW_KIND_MAX]);

#endif
