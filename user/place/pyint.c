// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyint.c - the value of a CPython int, from the words of its object. */
#include "place/pyint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <mwbpf/intobject.h>

#include "target/mem.h"

#define DIGIT_BITS 30
#define DIGIT_MAX  (1u << DIGIT_BITS)
#define LIMB	   1000000000u /* nine decimal digits */
#define LIMB_WIDTH 9
#define LIMBS	   (PYINT_DIGITS * DIGIT_BITS / 29 + 1) /* a limb holds more than 29 bits */

void pyint_unknown(struct pyint *out, const char *reason)
{
	out->state = PYINT_UNKNOWN;
	out->reason = reason;
	out->text[0] = '\0';
	out->decimals = 0;
}

/* To decimal, by nine digits at a time; returns how many limbs there are, at least 1. */
static size_t to_limbs(const uint32_t *digits, size_t n, uint32_t limbs[LIMBS])
{
	size_t used = 1;

	limbs[0] = 0;
	while (n-- > 0) {
		uint64_t carry = digits[n];

		for (size_t i = 0; i < used; i++) {
			carry += (uint64_t)limbs[i] << DIGIT_BITS;
			limbs[i] = carry % LIMB;
			carry /= LIMB;
		}
		for (; carry; carry /= LIMB)
			limbs[used++] = carry % LIMB;
	}
	return used;
}

static void shorten(struct pyint *out, const char *decimals, size_t len, uint64_t all)
{
	out->decimals = all;
	snprintf(out->text + strlen(out->text), sizeof(out->text) - strlen(out->text), "%.*s...",
		 (int)len, decimals);
}

static void decode_whole(const uint32_t *digits, size_t n, struct pyint *out)
{
	char decimals[LIMBS * LIMB_WIDTH + 1];
	uint32_t limbs[LIMBS];
	size_t used = to_limbs(digits, n, limbs);
	size_t len = snprintf(decimals, sizeof(decimals), "%u", limbs[used - 1]);

	while (--used > 0)
		len += snprintf(decimals + len, sizeof(decimals) - len, "%0*u", LIMB_WIDTH,
				limbs[used - 1]);
	if (len > PYINT_WHOLE)
		shorten(out, decimals, PYINT_FIRST, len);
	else
		strcat(out->text, decimals);
}

/*
 * Of an int of which only the most significant digits are at hand: its logarithm tells how
 * many decimal digits there are, unless it is next to a power of ten, and the first of them:
 * a long double has 19 digits, of which those before its point are lost to that.
 */
static void decode_part(const uint32_t *digits, size_t n, uint64_t all, struct pyint *out)
{
	long double top = 0, log, first;
	char decimals[16];

	for (size_t i = 0; i < 4; i++)
		top = top * DIGIT_MAX + digits[n - 1 - i];
	log = log10l(top) + (long double)(all - 4) * DIGIT_BITS * log10l(2);
	first = floorl(powl(10, log - floorl(log)) * 1e8L);
	if (top < 1 || log > 1e8L || fabsl(log - roundl(log)) < 1e-9L) {
		pyint_unknown(out, "only its first digits were read");
		return;
	}
	snprintf(decimals, sizeof(decimals), "%.0Lf", first);
	shorten(out, decimals, 8, (uint64_t)floorl(log) + 1);
}

void pyint_decode(uint64_t size, bool tagged, const uint32_t *digits, size_t n, struct pyint *out)
{
	const uint64_t all = mw_int_digits(size, tagged);

	for (size_t i = 0; i < n; i++)
		if (digits[i] >= DIGIT_MAX) {
			pyint_unknown(out, "it was an intermediate one, not whole");
			return;
		}
	/* an int that is whole has no leading digits of 0 */
	if (n && !digits[n - 1]) {
		pyint_unknown(out, "it was an intermediate one, not whole");
		return;
	}
	if (n > PYINT_DIGITS || all < n || (all > n && n < PYINT_DIGITS)) {
		pyint_unknown(out, "it could not be read as a whole");
		return;
	}
	*out = (struct pyint){ .state = PYINT_KNOWN };
	if (mw_int_is_negative(size, tagged))
		strcpy(out->text, "-");
	if (all == n)
		decode_whole(digits, n, out);
	else
		decode_part(digits, n, all, out);
}

void pyint_read(pid_t pid, const struct pyints *layout, uint64_t addr, struct pyint *out)
{
	uint32_t digits[PYINT_DIGITS];
	uint64_t head[2], all, n; /* ob_type, size word */
	int err = layout->type ? mem_read(pid, addr + layout->ob_type, head, sizeof(head)) : 0;

	if (!layout->type || (!err && head[0] != layout->type)) {
		pyint_unknown(out, layout->type ? "its memory was used again before it was read"
						: "how ints are laid out is not known");
		return;
	}
	all = err ? 0 : mw_int_digits(head[1], layout->tagged);
	n = all < PYINT_DIGITS ? all : PYINT_DIGITS;
	if (!err && n)
		err = mem_read(pid, addr + layout->ob_type + sizeof(head) + 4 * (all - n), digits,
			       4 * n);
	if (err)
		pyint_unknown(out, "its memory is gone");
	else
		pyint_decode(head[1], layout->tagged, digits, n, out);
}
