/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * attach.h - probes into a process, and out of it again.
 */
#ifndef MWBPF_ATTACH_H
#define MWBPF_ATTACH_H

#include <bpf/libbpf.h>

#include "probe/find.h"
#include "probe/intsites.h"
#include "probe/refusal.h"
#include "probe/tier.h"

/* The programs of one family; session is NULL unless the tier is TIER_SESSION. */
struct attach_programs {
	struct bpf_program *session, *enter, *leave;
};

/* What holds probes of one file in one process: a pin, a descriptor, or a link of libbpf's. */
struct attach_hold {
	pid_t pid; /* 0: of no process: a tracepoint */
	const struct image *image;
	int fd;	   /* -1: not by a descriptor */
	struct bpf_link *link;
	bool pinned;
	unsigned number;     /* of the pin */
	uint64_t addr;	 /* of the last probed byte, to see when it is as it was; 0: not known */
};

struct attach {
	enum tier tier;
	struct attach_programs programs[MW_FAMILY_MAX];
	struct bpf_program *int_site, *code_dies;
	struct bpf_program *returns_test; /* loaded for return probes by multi or perf links */
	int probe_at_fd; /* map from offset to number, where there are no cookies; else -1 */
	int pins; /* of pins_open(); -1: none */
	bool has_pins; /* that was tried */
	unsigned next_pin;
	struct attach_hold *holds;
	size_t n_holds;
	struct attach_removal *removals; /* going on in the background */
	struct refusals refusals;	 /* probes that could not be put, one by one */
};

/*
 * Every probe of findings, for this process only; those that cannot be put are added to
 * refusals. Says what fails; 0 or -errno, also when none can be put.
 */
int attach_probes(struct attach *attach, pid_t pid, const struct findings *findings);

/*
 * A probe on each of n instructions of a file that make an int; they are numbered from
 * first, and bias is where vaddr 0 of the file lies in the process. 0 or -errno, as above.
 */
int attach_intsites(struct attach *attach, pid_t pid, const struct image *image, uint64_t bias,
		    const struct intsites *sites, uint32_t first);

/*
 * One probe of a program that returns nothing, at an offset in a file, which is addr in the
 * process. 0 or -errno.
 */
int attach_place(struct attach *attach, pid_t pid, const struct image *image,
		 struct bpf_program *program, uint64_t offset, uint64_t addr);

/*
 * The system calls of syscalls.def. A tracepoint is a system-wide thing: every process
 * runs the first lines of the program on these calls. 0, or -errno when none is to be had.
 */
int attach_syscalls(struct attach *attach, struct bpf_program *enter, struct bpf_program *leave);

/* A program whose section says where it goes (tp_btf). 0 or -errno. */
int attach_program(struct attach *attach, struct bpf_program *program);

/* Whether a probe of those that were found could not be put. */
bool attach_refused(const struct attach *attach, pid_t pid, const struct found *found);

#define DETACH_INT3 0xcc /* what a probe is, in the target's code */

/* Let one hold go. */
void detach_hold(const struct attach *attach, struct attach_hold *hold);

/* Take the probes of one file in one process out, without waiting for it. */
void attach_remove(struct attach *attach, pid_t pid, const struct image *image);

/*
 * Take the probes out: the target's code is as it was when this returns. The tracepoints
 * begin to go; the kernel takes them one by one, 35 ms each.
 */
void attach_end(struct attach *attach);

/* Take everything out, and wait until it is. */
void attach_clear(struct attach *attach);

#endif
