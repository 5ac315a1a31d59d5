/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * optionrows.h - the table of options. To add one, add a row.
 */
#ifndef MWBPF_OPTIONROWS_H
#define MWBPF_OPTIONROWS_H

#include "options.h"

#define OPTION_LEAKS (1u << 31) /* of a report's: of use to a search for leaks, too */

struct option_row {
	const char *name;
	char letter;
	/* what the argument is called; NULL: takes none; "[NAME]": only behind "=", or "" */
	const char *value;
	/* 0 or -errno; -EDOM: what is wrong was said */
	int (*parse)(struct options *options, const struct option_row *row, const char *text);
	size_t offset;
	unsigned verbs;	   /* bits 1 << enum verb_id: who takes it; and OPTION_LEAKS */
	const char *help;
};

extern const struct option_row option_rows[];
extern const size_t n_option_rows;

#endif
