/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * programs.h - the BPF programs and maps in the kernel; only programs.c sees the skeleton.
 */
#ifndef MWBPF_PROGRAMS_H
#define MWBPF_PROGRAMS_H

#include <mwbpf/config.h>
#include <mwbpf/guard.h>
#include <mwbpf/pylayout.h>

#include "capture/ring.h"
#include "probe/attach.h"
#include "probe/intsites.h"

struct programs_options {
	const struct tier_report *tier;
	uint64_t buffer; /* bytes of the ring, a power of two */
	uint32_t threads;
	bool python, native; /* which stacks to take */
	bool caller;	     /* the return address of every call */
	uint32_t max_depth;
	unsigned families; /* bits 1 << enum mw_family: whose programs are needed */
};

struct programs;

/* Load everything, armed for nothing. Says what is wrong; 0 or -errno. */
int programs_load(const struct programs_options *options, struct programs **out);
void programs_free(struct programs *programs);

void programs_arm(struct programs *programs, enum mw_arm arm);

/* From now on events of this process count; bits: MW_TARGET_*. 0 or -errno. */
int programs_set_target(struct programs *programs, pid_t pid, uint32_t bits);

/* Whether the program for int sites is loaded. */
bool programs_has_intsites(const struct programs *programs);

/*
 * Say of an int site where the object and its value are. ob_type: the offset of that in an
 * object; tagged: the word behind it is lv_tag (3.12). 0 or -errno.
 */
int programs_set_intsite(struct programs *programs, uint32_t number, const struct intsite *site,
			 unsigned ob_type, bool tagged);

/* Attach what is not a probe of the target: tracepoints. Says what fails; 0 or -errno. */
int programs_attach_tracepoints(struct programs *programs, struct attach *attach,
				const char **syscalls);

/* From now on Python frames of this process can be walked. 0 or -errno. */
int programs_set_pylayout(struct programs *programs, pid_t pid, const struct mw_pylayout *layout);

/* The count of deaths of code objects; NULL: not to be had. It lives as the programs do. */
const struct mw_deaths *programs_deaths(const struct programs *programs);

/* The process runs another program: its layout is void. */
void programs_forget_pylayout(struct programs *programs, pid_t pid);

/* Fill in which programs probes are to run. */
void programs_for_probes(const struct programs *programs, struct attach *attach);

/*
 * How many runs of programs the kernel left out: it does so with a program, not at a uprobe
 * of a multi link, that is still running for another thread on the same CPU. From 5.12.
 */
uint64_t programs_skipped(const struct programs *programs);

/* Where its events are to be read. */
void programs_ring(const struct programs *programs, struct ring_source *source);
int programs_counters_fd(const struct programs *programs);
unsigned programs_cpus(const struct programs *programs);

#endif
