/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * decode.h - bytes of the ring as a checked event.
 */
#ifndef MWBPF_DECODE_H
#define MWBPF_DECODE_H

#include <stddef.h>

#include <mwbpf/event.h>

/* The event in a record of len bytes; NULL when kind and length do not fit. */
const struct mw_event *decode(const void *record, size_t len);

#endif
