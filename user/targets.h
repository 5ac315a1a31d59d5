/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * targets.h - the processes of a run: held, searched for what to probe, and probed.
 */
#ifndef MWBPF_TARGETS_H
#define MWBPF_TARGETS_H

#include "place/place.h"
#include "probe/attach.h"
#include "sink/sink.h"
#include "target/proc.h"

/* A probe that is in. */
struct probed {
	const struct image *image;
	uint32_t row;
};

struct target {
	struct proc proc;
	bool launched;
	bool ended;
	int status;	 /* of wait(); -1: not known */
	bool rescan;	 /* new code was mapped: look for functions again */
	const struct image *sites_of; /* whose int sites are probed */
	/* of the program in the process now, once its CPython is known: */
	const struct image *ints_of;
	const struct site_book *book; /* its int sites; NULL: they are not probed */
	bool doubted;		      /* that all of its ints are seen */
	const char *no_book;	      /* why not; NULL: they are, or are not wanted */
	unsigned layouts; /* attempts to learn its CPython's layout */
	uint64_t layout_ns; /* time of the last */
	bool unsearched; /* it executed a program all of whose code has not been searched yet */
	unsigned tries;	 /* searches since the exec that the loader was not ready for */
	struct space *space;
	/* of --leak-check: */
	uint32_t first_program; /* space->number in the beginning */
	bool watched;
	bool scanned; /* for the last time */
	struct findings findings; /* of the last search */
	struct probed *probed;
	size_t n_probed;
};

/* The int sites of a file, found once; they are numbered from first. */
struct site_book {
	const struct image *image;
	struct intsites sites;
	uint32_t first;
	unsigned version;   /* of CPython, 0x030c for 3.12; below 0x030b it may be 0x0300 */
	bool tagged;	    /* their size word is lv_tag */
	uint64_t took_ns;   /* to find them */
	const char *reason; /* why they cannot be probed; NULL: they can */
};

struct targets {
	struct target *at;
	size_t n;
	struct images images;
	unsigned families; /* wanted: bits 1 << enum mw_family */
	bool python;	   /* CPython is wanted, for its ints or its stacks */
	bool any_bits;	   /* 32-bit programs are taken, too */
};

/* Take hold of a process. Says what is wrong; 0 or -errno. */
int targets_add(struct targets *targets, pid_t pid, bool launched);
void targets_clear(struct targets *targets);

struct target *targets_find(const struct targets *targets, pid_t pid);

/* How many have not ended. */
size_t targets_alive(const struct targets *targets);

/* Say where the probes of a target were put, for -v. */
void targets_log(const struct target *target);

/*
 * Search a target for functions to probe and attach those that are not probed yet. The
 * new ones are findings.at[] entries for which fresh[] is set. Says what is wrong; 0 or
 * -errno.
 */
int targets_probe(struct targets *targets, struct target *target, struct attach *attach,
		  bool fresh[MW_PROBE_MAX]);

/* Searches after which a loader is taken to be one that keeps no list. */
#define TARGETS_TRIES 1000

/* Whether the loader's search order is not known yet: search again soon. */
bool targets_unsettled(const struct target *target);

/* Whether something that was looked for has not been found: new code may have it. */
bool targets_incomplete(const struct targets *targets, const struct target *target);

/* In words, for sinks; valid as long as the target's findings. */
void targets_describe(const struct target *target, struct sink_target *words);
void targets_describe_probe(const struct target *target, const struct found *found,
			    struct sink_probe *words);

#endif
