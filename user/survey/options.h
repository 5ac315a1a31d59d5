/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * options.h - what is asked of a walk.
 */
#ifndef MWBPF_SURVEY_OPTIONS_H
#define MWBPF_SURVEY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct walk_options {
	bool all;	 /* every mapping of a file by itself */
	bool globals;	 /* the globals of modules, too; of a C program, its own */
	bool attributes; /* the attributes of self, too */
	bool census;	 /* count objects by their types */
	const char *census_file; /* JSON lines of that go there; NULL */
	uint32_t top;	 /* types shown; 0: all */
	uint32_t suspended; /* generators and coroutines shown; 0: all */
	const char *svg, *png; /* files for a picture of it; NULL */
	bool diff;	 /* no walk: two censuses compared */
	bool freeze;	 /* it stands still meanwhile */
	bool native;	 /* the frames of C functions, of a Python program, too */
	bool chunks;	 /* each chunk of malloc's */
	uint32_t members; /* levels of members of C variables */
};

#endif
