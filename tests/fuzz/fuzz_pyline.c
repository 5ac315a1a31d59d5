// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fuzz_pyline.c - line tables are read from a target's memory, which may hold anything. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "place/pyline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct {
		int64_t lasti;
		int first_line;
		uint8_t minor;
	} ask;
	uint8_t *table;
	int64_t line;

	if (size < sizeof(ask))
		return 0;
	memcpy(&ask, data, sizeof(ask));
	size -= sizeof(ask);
	table = malloc(size); /* of its own, so that reading past its end is seen */
	memcpy(table, data + sizeof(ask), size);
	line = pyline(0x0300 | ask.minor, table, size, ask.first_line, ask.lasti);
	if (line < 0 && line != -EBADMSG && line != -ENOTSUP)
		abort();
	if (line > INT32_MAX)
		abort();
	if ((line == -ENOTSUP) != (ask.minor < 6 || ask.minor > 15))
		abort();
	if (!(ask.minor < 6 || ask.minor > 15) && ask.lasti < 0 && ask.first_line >= 0 &&
	    line != ask.first_line)
		abort();
	free(table);
	return 0;
}
