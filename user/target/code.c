// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* code.c - what a few bytes of x86-64 code say about calls. */
#include "target/code.h"

#include <string.h>

/* Length of FF /2 with its operand, by its second and third byte: Intel SDM 2, tables 2-2, 2-3. */
static size_t indirect_length(uint8_t modrm, uint8_t sib)
{
	const unsigned mod = modrm >> 6, rm = modrm & 7;
	size_t len = 2;

	if (mod == 3)
		return len;
	len += rm == 4;
	if (mod == 1)
		return len + 1;
	if (mod == 2 || rm == 5 || (rm == 4 && (sib & 7) == 5))
		return len + 4;
	return len;
}

bool code_is_call(const uint8_t *bytes, size_t n)
{
	if (n >= 5 && bytes[n - 5] == 0xe8)
		return true;
	for (size_t len = 2; len <= CODE_CALL_MAX && len <= n; len++) {
		const uint8_t *call = bytes + n - len;

		if (call[0] == 0xff && (call[1] >> 3 & 7) == 2 &&
		    indirect_length(call[1], len > 2 ? call[2] : 0) == len)
			return true;
	}
	return false;
}

bool code_makes_frame(const uint8_t *bytes, size_t n)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	static const uint8_t frames[][4] = {
		{ 0x55, 0x48, 0x89, 0xe5 }, /* push %rbp; mov %rsp,%rbp */
		{ 0x55, 0x48, 0x8b, 0xec }, /* the same, encoded the other way */
	};

	if (n >= sizeof(endbr64) && !memcmp(bytes, endbr64, sizeof(endbr64))) {
		bytes += sizeof(endbr64);
		n -= sizeof(endbr64);
	}
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++)
		if (n >= sizeof(frames[i]) && !memcmp(bytes, frames[i], sizeof(frames[i])))
			return true;
	return false;
}
