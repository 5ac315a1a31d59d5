// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* intscan.c - which functions to decode, and where code is jumped to, from its bytes alone. */
#include <string.h>
#include "probe/intcode.h"

#define TABLE_MAX 4096 /* entries of one jump table */

static uint32_t word32(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* An address that something names; where a range begins is no news. */
static void enter(struct int_image *image, uint64_t vaddr)
{
	for (size_t i = 0; i < image->n_texts; i++) {
		const uint64_t at = vaddr - image->texts[i].vaddr;

		if (at < image->texts[i].len)
			image->texts[i].entered[at / 8] |= (uint8_t)(1u << at % 8);
	}
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

static bool is_branch(const uint8_t *code, size_t at)
{
	const uint8_t last = code[at - 1];

	return last == 0xe9 || last == 0xe8 || (at > 1 && last >> 4 == 8 && code[at - 2] == 0x0f);
}

/* mov $address,%r and push $address, where code lies at fixed addresses. */
static bool is_load(uint8_t opcode)
{
	return (opcode & 0xf8) == 0xb8 || opcode == 0x68;
}

static bool is_lea(const uint8_t *code, size_t at)
{
	return at > 2 && (code[at - 1] & 0xc7) == 0x05 && code[at - 2] == 0x8d &&
	       (code[at - 3] & 0xf8) == 0x48;
}

/*
 * Branches with 32-bit displacements, and loads of addresses, taken at every byte: more
 * than there are, but none is missed. A branch within a range is left to decoding it.
 * Compilers put the parts of a function into sections of their own, so that no rel8
 * branch leads from one to another.
 */
static void enter_by_text(struct int_image *image, const struct int_text *text,
			  const struct int_text *data, size_t n_data)
{
	for (size_t i = 1; i + 4 <= text->len; i++) {
		const uint32_t word = word32(text->code + i);
		const uint64_t to = text->vaddr + i + 4 + (uint64_t)(int32_t)word;

		if (is_branch(text->code, i)) {
			if (to - text->vaddr < text->len || int_text_at(image, to)) {
				const size_t range = int_range_at(image, to);

				if (range < image->n_ranges && image->ranges[range].vaddr != to &&
				    text->vaddr + i - image->ranges[range].vaddr >=
					    image->ranges[range].size)
					enter(image, to);
			}
		} else if (is_lea(text->code, i)) {
			enter(image, to);
			for (size_t k = 0; k < n_data; k++)
				if (to - data[k].vaddr < data[k].len)
					enter_table(image, &data[k], to);
		}
		if (image->absolute && is_load(text->code[i - 1]) && word - text->vaddr < text->len)
			enter(image, word);
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

void int_mark_entered(struct int_image *image, const struct int_text *data, size_t n_data)
{
	for (size_t i = 0; i < n_data; i++)
		enter_by_data(image, &data[i]);
	for (size_t i = 0; i < image->n_texts; i++)
		enter_by_text(image, &image->texts[i], data, n_data);
}

/* Whether 4 bytes are the type's address, or lead to it, to a slot, or to 8 bytes before one. */
static bool names_type(const struct int_image *image, uint32_t word, uint64_t next)
{
	const uint64_t to = next + (uint64_t)(int32_t)word;

	if (word == image->type || to == image->type)
		return true;
	if (!image->n_slots || to + 8 < image->slots[0] || to > image->slots[image->n_slots - 1])
		return false;
	return int_is_slot(image, to) || int_is_slot(image, to + 8);
}

void int_flag_ranges(const struct int_image *image, uint32_t disp, bool *flags)
{
	for (size_t t = 0; t < image->n_texts; t++) {
		const struct int_text *text = &image->texts[t];

		for (size_t i = 0; i + 4 <= text->len; i++) {
			const uint32_t word = word32(text->code + i);
			size_t range;

			if (disp ? word != disp : !names_type(image, word, text->vaddr + i + 4))
				continue;
			range = int_range_at(image, text->vaddr + i);
			if (range < image->n_ranges)
				flags[range] = true;
		}
	}
}
