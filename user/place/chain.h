/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * chain.h - how far a chain of frame pointers can be believed.
 *
 * %rbp leads from frame to frame only through functions that keep a frame pointer in it,
 * which the unwind tables of each say for every instruction. Through one that leaves %rbp
 * alone, as most short library functions do, the chain goes on with its callers' callers:
 * its own caller is missing, a gap. Where a function uses %rbp for something else, or
 * nothing says what it does, the stack ends.
 */
#ifndef MWBPF_CHAIN_H
#define MWBPF_CHAIN_H

#include "place/native.h"
#include "place/site.h"

/* Append the native frames of a stack to a site, and say why they end. */
void chain_name(struct native *native, struct space *space, const struct mw_event_stack *stack,
		struct site *site);

#endif
