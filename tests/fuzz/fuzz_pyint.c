// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fuzz_pyint.c - the words of an int are read from a target's memory, which may hold anything. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "place/pyint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct {
		uint64_t size;
		uint8_t tagged;
	} ask;
	struct pyint value;
	uint32_t *digits;
	size_t len;

	if (size < sizeof(ask))
		return 0;
	memcpy(&ask, data, sizeof(ask));
	size -= sizeof(ask);
	digits = malloc(size); /* of its own, so that reading past its end is seen */
	memcpy(digits, data + sizeof(ask), size);
	pyint_decode(ask.size, ask.tagged & 1, digits, size / sizeof(*digits), &value);
	len = strnlen(value.text, sizeof(value.text));
	if (len == sizeof(value.text))
		abort();
	if (value.state == PYINT_KNOWN ? !len || value.reason : len || !value.reason)
		abort();
	if (len && strspn(value.text + (value.text[0] == '-'), "0123456789") !=
			   len - (value.text[0] == '-') - (value.decimals ? 3 : 0))
		abort();
	free(digits);
	return 0;
}
