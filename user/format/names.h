/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * names.h - what a frame is called, and numbers for frames that are called the same.
 */
#ifndef MWBPF_NAMES_H
#define MWBPF_NAMES_H

#include "base/hash.h"
#include "place/site.h"

/* The longest name, with its NUL. */
#define NAME_ROOM 2048

/*
 * What a frame is called: its function; else where its code lies, "libfoo.so+0x1234" or
 * "0x1234". Raw bytes of the target. Returns text or a string of the frame's.
 */
const char *name_of(const struct frame *frame, char text[NAME_ROOM]);

/* Frames by first sight. Those of one language, name, file, object and line are one. */
struct names {
	const struct frame **frames; /* by number; each stays its owner's */
	size_t n, cap;
	uint32_t *next;		/* 1 + number of another whose hash is the same, or 0 */
	struct hash by_content; /* hash -> 1 + number of the latest */
};

/* The number of a frame, from 0 on; -ENOMEM. */
int64_t names_number(struct names *names, const struct frame *frame);
void names_clear(struct names *names);

#endif
