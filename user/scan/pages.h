/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pages.h - a process's memory as a scan wants it: without pages that were never touched.
 */
#ifndef MWBPF_PAGES_H
#define MWBPF_PAGES_H

#include <sys/types.h>

#include "scan/sweep.h"
#include "survey/residency.h"

struct pages {
	pid_t tid;
	int memory; /* /proc/TID/mem */
	int pagemap;
	struct residents residents; /* where the kernel has no quicker way to ask */
	struct sweep_source source;
};

/*
 * Begin, by a thread that has memory: the first one of a process may have ended. The source is
 * valid until pages_close. A kernel without pagemap is no error: then all is read.
 */
void pages_open(struct pages *pages, pid_t tid);
void pages_close(struct pages *pages);

#endif
