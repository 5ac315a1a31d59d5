/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * gzip.h - bytes compressed on their way to a file (RFC 1952, by zlib).
 */
#ifndef MWBPF_GZIP_H
#define MWBPF_GZIP_H

#include <zlib.h>

#include "base/out.h"

struct gzip {
	z_stream stream;
	struct out *out; /* the caller's */
};

/* 0 or -ENOMEM. */
int gzip_begin(struct gzip *gzip, struct out *out);
void gzip_put(struct gzip *gzip, const void *bytes, size_t len);

/* Write what is left and the trailer, and give the memory back. */
void gzip_end(struct gzip *gzip);

#endif
