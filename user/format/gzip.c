// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* gzip.c - bytes compressed on their way to a file (RFC 1952, by zlib). */
#include "format/gzip.h"

#include <errno.h>
#include <string.h>

#define GZIP_WINDOW (15 + 16) /* of 32 KiB, with a gzip header: zlib.h, deflateInit2 */
#define ROOM ((size_t)32 * 1024)

int gzip_begin(struct gzip *gzip, struct out *out)
{
	*gzip = (struct gzip){ .out = out };
	return deflateInit2(&gzip->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8,
			    Z_DEFAULT_STRATEGY) == Z_OK
		       ? 0
		       : -ENOMEM;
}

/* Until zlib has nothing more to give. */
static void drain(struct gzip *gzip, int flush)
{
	z_stream *stream = &gzip->stream;

	do {
		stream->next_out = (Bytef *)out_room(gzip->out, ROOM);
		stream->avail_out = ROOM;
		deflate(stream, flush);
		out_put(gzip->out, ROOM - stream->avail_out);
		out_end_bytes(gzip->out);
	} while (!stream->avail_out);
}

void gzip_put(struct gzip *gzip, const void *bytes, size_t len)
{
	gzip->stream.next_in = (Bytef *)bytes;
	gzip->stream.avail_in = len;
	drain(gzip, Z_NO_FLUSH);
}

void gzip_end(struct gzip *gzip)
{
	drain(gzip, Z_FINISH);
	deflateEnd(&gzip->stream);
}
