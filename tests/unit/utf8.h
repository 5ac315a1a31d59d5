/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * utf8.h - UTF-8 decoded by arithmetic, which is not how fmt_utf8() does it.
 */
#ifndef MWBPF_TESTS_UTF8_H
#define MWBPF_TESTS_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed character at text, of which there are have; 0: it is none. */
static inline size_t utf8_by_value(const char *text, size_t have)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = (const uint8_t *)text;
	uint32_t code;
	size_t n = 0;

	while (p[0] << n & 0x80)
		n++;
	if (n == 0)
		return 1;
	if (n == 1 || n > 4 || n > have)
		return 0;
	code = p[0] & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

#endif
