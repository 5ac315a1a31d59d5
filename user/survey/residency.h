/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * residency.h - how much of each part of a process's memory is in RAM, and written to.
 *
 * By /proc/PID/smaps for what is one of the kernel's areas, by /proc/PID/pagemap for parts
 * of them: proc(5), Documentation/admin-guide/mm/pagemap.rst.
 */
#ifndef MWBPF_SURVEY_RESIDENCY_H
#define MWBPF_SURVEY_RESIDENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes. */
struct residency {
	uint64_t size;
	uint64_t resident;
	uint64_t dirty;	/* written to and not written back, shared with others or not */
	uint64_t swapped;
	uint64_t huge;	  /* of resident: in transparent huge pages; of whole areas only */
	uint64_t hugetlb; /* of hugetlbfs, which is not in resident; of whole areas only */
};

/* Add what each field has. */
void residency_add(struct residency *sum, const struct residency *more);

/* One of the kernel's areas. */
struct residency_area {
	uint64_t start, end;
	struct residency bytes;
};

struct residents {
	struct residency_area *at; /* in address order */
	size_t n;
	struct residency all;
	int pagemap;	    /* a descriptor; -1 */
	uint64_t zero_page; /* number of the page of zeroes, which is in no process's RSS; 0 */
};

/*
 * Read the areas of a process; *residents is the caller's, ended by residents_clear, also
 * after an error. 0; -ESRCH: it has ended; -EPERM, -EACCES; -ENOMEM; -EBADMSG: a line is
 * not as documented.
 */
int residents_read(pid_t pid, struct residents *residents);
void residents_clear(struct residents *residents);

/* As residents_read, of the text of a smaps file: a pure function. */
int residents_parse(const char *text, struct residents *residents);

/*
 * The first address from this one on in an area of which something is resident or swapped out;
 * UINT64_MAX: there is none. Where nothing is known, the address itself.
 */
uint64_t residents_next(const struct residents *residents, uint64_t at);

/*
 * Of the bytes in [start, end). What is no area by itself is looked up page by page: pages
 * of a private mapping that are not the file's count as dirty, and of a page that lies in
 * it only in part, that part. False when that could not be read.
 */
bool residents_of(const struct residents *residents, uint64_t start, uint64_t end,
		  struct residency *bytes);

#endif
