/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * callers.h - sites of calls that have no stack: by where each call returns to.
 */
#ifndef MWBPF_CALLERS_H
#define MWBPF_CALLERS_H

#include "base/intern.h"
#include "report/sitelog.h"

#define CALLERS_FIRST 0x80000000u /* ids from here on: those of stacks are below */
#define CALLERS_MAX   (1u << 20)  /* more would be memory by events, not by calls */

struct callers {
	struct hash ids;	/* program and return address -> id */
	struct intern strings;
	struct frame **frames;	/* one of each id */
	uint32_t n, cap;
};

void callers_clear(struct callers *callers);

/*
 * The id of the site of a call from there. Makes it, and its log, when it is new: at is what
 * the place is called, as in "malloc+0x1b (file.c:12)"; NULL: it has no name. 0: none could be.
 */
uint32_t callers_site(struct callers *callers, struct sitelogs *sites, uint32_t program,
		      uint64_t caller, const char *at);

/* The same without making one: 0. */
uint32_t callers_find(const struct callers *callers, uint32_t program, uint64_t caller);

#endif
