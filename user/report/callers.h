/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * callers.h - sites of calls that have no stack: by where each call returns to.
 */
#ifndef MWBPF_CALLERS_H
#define MWBPF_CALLERS_H

#include "base/intern.h"
#include "report/sitelog.h"

#define CALLERS_FIRST 0x80000000u /* ids from here on: those of stacks are below */
#define CALLERS_MAX   (1u << 16)  /* more would be memory by events, not by calls */

struct callers {
	struct hash ids;	/* program and return address -> id */
	struct intern strings;
	struct frame **frames;	/* one of each id */
	uint32_t n, cap;
};

void callers_clear(struct callers *callers);

/* What the place that a call returns to is called. */
struct caller_name {
	const char *at;	    /* in words, as "malloc+0x1b (file.c:12)"; NULL: it has none, but for */
	const char *object; /* the file it lies in, which is to outlive the callers; NULL */
	uint64_t offset;    /* in it */
};

/*
 * The id of the site of a call from there. Makes it, and its log, when it is new. 0: none could
 * be made.
 */
uint32_t callers_site(struct callers *callers, struct sitelogs *sites, uint32_t program,
		      uint64_t caller, const struct caller_name *name);

/* The same without making one: 0. */
uint32_t callers_find(const struct callers *callers, uint32_t program, uint64_t caller);

#endif
