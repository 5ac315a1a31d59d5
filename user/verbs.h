/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * verbs.h - the verbs of the command line, in words. To add one, add a row; its options are
 * rows of optionrows.c, and main.c says which function runs it.
 */
#ifndef MWBPF_VERBS_H
#define MWBPF_VERBS_H

#include "options.h"

struct verb {
	const char *name;
	const char *usage; /* lines, and what the verb is for */
	const char *notes; /* behind the options; "" */
	bool files;	   /* takes arguments that are no options */
	bool command;	   /* takes -- COMMAND */
	/* 0, or -EINVAL after saying what does not go together; neither help nor version is asked */
	int (*check)(const struct options *options);
};

extern const struct verb verbs[VERBS];

/* The one of that name; -1. */
int verb_from_name(const char *name);

#endif
