/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * find.h - which of the functions of probes.def a process really uses, and where each
 * probe goes.
 */
#ifndef MWBPF_FIND_H
#define MWBPF_FIND_H

#include <mwbpf/event.h>

#include "probe/slide.h"
#include "target/image.h"

/* A row of probes.def, for user space. */
struct probe_row {
	const char *symbol;
	enum mw_family family;
	uint16_t kind;
	bool returns;	 /* has something to report at its return */
	unsigned args;	 /* SLIDE_ARG bits it reads */
};

extern const struct probe_row probe_rows[MW_PROBE_MAX];

/* A function found in the target. */
struct found {
	uint32_t row;
	struct image *image;
	struct elf_symbol symbol;
	struct slide slide;
	uint64_t offset; /* in the file: symbol.offset + slide.offset */
	uint64_t addr;	 /* in the process */
	int error;	 /* 0, or -errno: there is no place for a probe */
	int shares;	 /* another entry at the same byte, which alone is probed; else -1 */
};

struct findings {
	struct found at[MW_PROBE_MAX];
	size_t n;
	size_t objects; /* ELF files looked at */
	bool linkmap;	/* in the loader's search order; else in the order they were mapped */
	bool settled;	/* the loader has done its work, or there is none */
	const struct image *allocator; /* where malloc is; NULL: nowhere */
	const struct image *python;    /* where CPython's ints are made; NULL */
	struct elf_symbol python_symbol; /* one of its constructors, whatever families are wanted */
	uint64_t python_bias;	       /* where vaddr 0 of it lies in the process */
};

/*
 * Look through the mapped files of a process for the functions of the families (bits
 * 1 << enum mw_family). For each, the first definition in the loader's search order:
 * the one calls are bound to. 0 or -errno; finding nothing is not an error.
 */
int find_probes(struct images *images, pid_t pid, const struct maps *maps, unsigned families,
		struct findings *findings);

#endif
