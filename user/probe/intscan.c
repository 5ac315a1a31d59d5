// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* intscan.c - which functions to decode, and where code is jumped to, from its bytes alone. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "probe/intcode.h"

#define TABLE_MAX 4096 /* entries of one jump table */
#define GRAIN 64       /* bytes of text that share a bit of cover */
#define SIEVE 4096     /* bits; a power of two */

static uint32_t word32(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* Where 4 bytes of displacement at an address lead to: they end their instruction. */
static uint64_t behind(const uint8_t *at, uint64_t vaddr)
{
	return vaddr + sizeof(uint32_t) + (uint64_t)(int32_t)word32(at);
}

/* Only what lies near a function to decode is of interest: most branches lead elsewhere. */
static bool is_covered(const struct int_text *text, uint64_t at)
{
	return text->cover[at / GRAIN / 8] & 1u << at / GRAIN % 8;
}

static int cover(struct int_image *image, const bool *wanted)
{
	for (size_t t = 0; t < image->n_texts; t++) {
		struct int_text *text = &image->texts[t];

		text->cover = calloc(1, text->len / GRAIN / 8 + 1);
		if (!text->cover)
			return -ENOMEM;
		for (size_t i = 0; i < image->n_ranges; i++) {
			const uint64_t at = image->ranges[i].vaddr - text->vaddr;
			uint64_t end = at + image->ranges[i].size;

			if (!wanted[i] || at >= text->len)
				continue;
			end = end < text->len ? end : text->len;
			for (uint64_t k = at / GRAIN; k * GRAIN < end; k++)
				text->cover[k / 8] |= (uint8_t)(1u << k % 8);
		}
	}
	return 0;
}

static void uncover(struct int_image *image)
{
	for (size_t t = 0; t < image->n_texts; t++) {
		free(image->texts[t].cover);
		image->texts[t].cover = NULL;
	}
}

/* The text that has an address near a function to decode; NULL. */
static struct int_text *covering(struct int_image *image, uint64_t vaddr)
{
	for (size_t t = 0; t < image->n_texts; t++) {
		struct int_text *text = &image->texts[t];

		if (vaddr - text->vaddr < text->len && is_covered(text, vaddr - text->vaddr))
			return text;
	}
	return NULL;
}

/* An address that something names; where a range begins is no news. */
static void enter(struct int_image *image, uint64_t vaddr)
{
	struct int_text *text = covering(image, vaddr);

	if (text)
		text->entered[(vaddr - text->vaddr) / 8] |=
			(uint8_t)(1u << (vaddr - text->vaddr) % 8);
}

/*
 * A jump table of 4-byte distances from itself, as position-independent code has them;
 * where it ends is not known, but what follows is not likely to lead into the text.
 */
static void enter_table(struct int_image *image, const struct int_text *data, uint64_t vaddr)
{
	const uint64_t at = vaddr - data->vaddr;

	for (uint64_t i = 0; i < TABLE_MAX && at + 4 * i + 4 <= data->len; i++) {
		const uint64_t to = vaddr + (uint64_t)(int32_t)word32(data->code + at + 4 * i);

		if (!int_text_at(image, to))
			return;
		enter(image, to);
	}
}

/* What a byte may be the first of; LEA: the second, REX.W is before it. */
enum { NOTHING, BRANCH, LONG_BRANCH, LEA, CONSTANT };

static const uint8_t firsts[256] = {
	[0xe8] = BRANCH, [0xe9] = BRANCH,      /* call, jmp rel32 */
	[0x0f] = LONG_BRANCH,		       /* jcc rel32 */
	[0x8d] = LEA,			       /* lea x(%rip),%r */
	[0xb8 ... 0xbf] = CONSTANT,	       /* mov $address,%r, */
	[0x68] = CONSTANT,		       /* push $address: where code lies at fixed ones */
};

/*
 * A branch within a range is left to decoding it. Compilers put the parts of a function
 * into sections of their own, so that no rel8 branch leads from one to another.
 */
static void enter_branch(struct int_image *image, uint64_t from, uint64_t to)
{
	const struct elf_range *range;
	size_t i;

	if (!covering(image, to))
		return;
	i = int_range_at(image, to);
	if (i == image->n_ranges)
		return;
	range = &image->ranges[i];
	if (range->vaddr != to && from - range->vaddr >= range->size)
		enter(image, to);
}

static void enter_lea(struct int_image *image, uint64_t to, const struct int_text *data,
		      size_t n_data)
{
	enter(image, to);
	for (size_t i = 0; i < n_data; i++)
		if (to - data[i].vaddr < data[i].len)
			enter_table(image, &data[i], to);
}

/*
 * Branches with 32-bit displacements, and loads of addresses, taken at every byte: more
 * than there are, but none is missed.
 */
static void enter_by_text(struct int_image *image, const struct int_text *text,
			  const struct int_text *data, size_t n_data)
{
	for (size_t i = 0; i + 5 <= text->len; i++) {
		const uint8_t *code = text->code + i, first = firsts[*code];
		const uint64_t vaddr = text->vaddr + i;

		if (first == NOTHING)
			continue;
		if (first == BRANCH)
			enter_branch(image, vaddr, behind(code + 1, vaddr + 1));
		else if (first == CONSTANT && image->absolute)
			enter(image, word32(code + 1));
		else if (i + 6 > text->len)
			continue;
		else if (first == LONG_BRANCH && code[1] >> 4 == 8)
			enter_branch(image, vaddr, behind(code + 2, vaddr + 2));
		else if (first == LEA && i && (code[-1] & 0xf8) == 0x48 && (code[1] & 0xc7) == 0x05)
			enter_lea(image, behind(code + 2, vaddr + 2), data, n_data);
	}
}

/* Addresses in data: tables of labels, and what relocations add to their slots. */
static void enter_by_data(struct int_image *image, const struct int_text *data)
{
	uint64_t word;

	for (size_t i = -data->vaddr % 8; i + sizeof(word) <= data->len; i += sizeof(word)) {
		memcpy(&word, data->code + i, sizeof(word));
		enter(image, word);
	}
}

int int_mark_entered(struct int_image *image, const bool *wanted, const struct int_text *data,
		     size_t n_data)
{
	int error = cover(image, wanted);

	for (size_t i = 0; i < n_data && !error; i++)
		enter_by_data(image, &data[i]);
	for (size_t i = 0; i < image->n_texts && !error; i++)
		enter_by_text(image, &image->texts[i], data, n_data);
	uncover(image);
	return error;
}

/* Of what 4 bytes in the text may name: the words that hold the type's address, sieved. */
struct sieve {
	uint64_t bits[SIEVE / 64];
};

static void sieve_slots(const struct int_image *image, struct sieve *sieve)
{
	memset(sieve, 0, sizeof(*sieve));
	for (size_t i = 0; i < image->n_slots; i++) {
		const uint64_t at = image->slots[i] / 8 % SIEVE;

		sieve->bits[at / 64] |= 1ull << at % 64;
	}
}

static bool is_slot(const struct int_image *image, const struct sieve *sieve, uint64_t vaddr)
{
	const uint64_t at = vaddr / 8 % SIEVE;

	return sieve->bits[at / 64] >> at % 64 & 1 && int_is_slot(image, vaddr);
}

/*
 * cmp $type,%r and cmp $type,ob_type(%r): no mov has such bytes before the address. before:
 * how many bytes of text there are.
 */
static bool is_comparison(const struct int_image *image, const uint8_t *word, size_t before)
{
	if (before >= 2 && word[-2] == 0x81 && (word[-1] & 0xf8) == 0xf8)
		return true;
	if (before >= 2 && (word[-2] & 0xf8) == 0x48 && word[-1] == 0x3d)
		return true;
	return before >= 3 && word[-3] == 0x81 && (word[-2] & 0xf8) == 0x78 &&
	       word[-1] == image->ob_type;
}

/*
 * Whether 4 bytes may be what brings the type's address to where it can be stored from:
 * the address itself, its distance or that of a slot, or of 8 bytes before one. Behind
 * them the instruction ends. lea of a slot does not read it, cmp keeps nothing.
 */
static bool names_type(const struct int_image *image, const struct sieve *sieve,
		       const struct int_text *text, size_t i)
{
	const uint8_t *word = text->code + i;
	const uint64_t to = behind(word, text->vaddr + i);

	if (image->absolute && word32(word) == image->type)
		return !is_comparison(image, word, i);
	if (i < 2 || (word[-1] & 0xc7) != 0x05) /* opcode, ModRM: x(%rip) */
		return false;
	if (to == image->type)
		return true;
	return (is_slot(image, sieve, to) || is_slot(image, sieve, to + 8)) && word[-2] != 0x8d &&
	       word[-2] != 0x39 && word[-2] != 0x3b;
}

/*
 * Whether 4 bytes are the displacement, and may be that of the count of a list from which
 * something is taken: not mov x(%r),%r, nor addq $1,x(%r).
 */
static bool may_take(uint32_t disp, const struct int_text *text, size_t i)
{
	const uint8_t *word = text->code + i;

	if (word32(word) != disp || i < 2)
		return false;
	return !(word[-2] == 0x8b && word[-1] >> 6 == 2) &&
	       !(word[-2] == 0x83 && word[-1] >> 3 == 0x10 && word[-1] != 0x84 &&
		 i + 4 < text->len && word[4] == 1);
}

void int_flag_ranges(const struct int_image *image, uint32_t disp, bool *flags)
{
	struct sieve sieve;

	sieve_slots(image, &sieve);
	for (size_t t = 0; t < image->n_texts; t++) {
		const struct int_text *text = &image->texts[t];

		for (size_t i = 1; i + 4 <= text->len; i++) {
			size_t range;

			if (disp ? !may_take(disp, text, i) : !names_type(image, &sieve, text, i))
				continue;
			range = int_range_at(image, text->vaddr + i);
			if (range < image->n_ranges)
				flags[range] = true;
		}
	}
}
