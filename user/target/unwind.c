// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* unwind.c - the ranges of .eh_frame's descriptions (FDEs), one for each piece of code. */
#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clean.h"
#include "target/raw.h"
#include "target/unwind.h"

#define FORMAT 0x0f	 /* of an encoding: how many bytes, signed or not */
#define APPLICATION 0x70 /* what the value is relative to */

/* A piece of the file under its address; `at` is what is read next. */
struct bytes {
	const uint8_t *data;
	size_t len, at;
	uint64_t vaddr; /* of data[0] */
	bool bad;	/* something was read from outside */
};

struct ranges {
	struct elf_range *list;
	size_t n, room;
};

static uint64_t get(struct bytes *bytes, size_t size)
{
	uint64_t value = 0;

	if (bytes->at > bytes->len || size > bytes->len - bytes->at) {
		bytes->bad = true;
		return 0;
	}
	memcpy(&value, bytes->data + bytes->at, size);
	bytes->at += size;
	return value;
}

static uint64_t get_leb(struct bytes *bytes)
{
	uint64_t value = 0, byte;
	unsigned shift = 0;

	do {
		byte = get(bytes, 1);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && !bytes->bad);
	return value;
}

/* A value in one of DWARF's pointer encodings; what no compiler uses here is refused. */
static uint64_t get_encoded(struct bytes *bytes, uint8_t encoding)
{
	static const struct {
		uint8_t size;
		bool is_signed;
	} formats[FORMAT + 1] = {
		[DW_EH_PE_absptr] = { 8, false }, [DW_EH_PE_udata2] = { 2, false },
		[DW_EH_PE_udata4] = { 4, false }, [DW_EH_PE_udata8] = { 8, false },
		[DW_EH_PE_sdata2] = { 2, true },  [DW_EH_PE_sdata4] = { 4, true },
		[DW_EH_PE_sdata8] = { 8, true },
	};
	const uint64_t here = bytes->vaddr + bytes->at;
	const unsigned size = formats[encoding & FORMAT].size;
	const uint64_t value = get(bytes, size);
	const unsigned unused = 64 - 8 * size;

	if (!size || (encoding & APPLICATION) > DW_EH_PE_pcrel) {
		bytes->bad = true;
		return 0;
	}
	return (formats[encoding & FORMAT].is_signed
			? (uint64_t)((int64_t)(value << unused) >> unused)
			: value) +
	       ((encoding & APPLICATION) == DW_EH_PE_pcrel ? here : 0);
}

/* The encoding of addresses in the FDEs of a CIE, whose id has been read. */
static uint8_t fde_encoding(struct bytes cie)
{
	uint8_t encoding = DW_EH_PE_absptr;
	const char *augmentation;
	const uint8_t version = (uint8_t)get(&cie, 1);

	augmentation = (const char *)cie.data + cie.at;
	while (get(&cie, 1))
		;
	if (cie.bad || *augmentation != 'z')
		return encoding;
	get_leb(&cie); /* code alignment */
	get_leb(&cie); /* data alignment */
	if (version == 1)
		get(&cie, 1); /* return address column */
	else
		get_leb(&cie);
	get_leb(&cie); /* length of what follows */
	while (*++augmentation && !cie.bad) {
		if (*augmentation == 'R')
			return (uint8_t)get(&cie, 1);
		if (*augmentation == 'L')
			get(&cie, 1);
		else if (*augmentation == 'P')
			get_encoded(&cie, (uint8_t)get(&cie, 1) & (FORMAT | APPLICATION));
		else if (*augmentation != 'S' && *augmentation != 'B')
			break;
	}
	return DW_EH_PE_omit;
}

static int add(struct ranges *ranges, uint64_t vaddr, uint64_t size)
{
	if (ranges->n == ranges->room) {
		const size_t room = ranges->room ? 2 * ranges->room : 4096;
		struct elf_range *list = reallocarray(ranges->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		ranges->list = list;
		ranges->room = room;
	}
	ranges->list[ranges->n++] = (struct elf_range){ vaddr, size };
	return 0;
}

/* The record whose body is `entry`; the first word of it says what it is. */
static int add_record(struct ranges *ranges, const struct bytes *frames, struct bytes entry)
{
	const size_t start = entry.at;
	const uint64_t id = get(&entry, 4);
	struct bytes cie = *frames;
	uint64_t vaddr, size;
	uint8_t encoding;

	if (!id || id > start)
		return 0;    /* a CIE, or damaged */
	cie.at = start - id; /* distance back to its CIE */
	cie.at += get(&cie, 4) == UINT32_MAX ? 8 : 0;
	if (get(&cie, 4))
		return 0;
	encoding = fde_encoding(cie);
	vaddr = get_encoded(&entry, encoding);
	size = get_encoded(&entry, encoding & FORMAT);
	if (entry.bad || !size || vaddr + size < vaddr)
		return 0;
	return add(ranges, vaddr, size);
}

static int add_records(struct ranges *ranges, struct bytes *frames)
{
	while (!frames->bad) {
		uint64_t len = get(frames, 4);
		struct bytes entry = *frames;
		int error;

		if (len == UINT32_MAX) {
			len = get(frames, 8);
			entry = *frames;
		}
		if (!len || frames->bad || len > frames->len - frames->at)
			return 0;
		entry.len = entry.at + len;
		error = add_record(ranges, frames, entry);
		if (error)
			return error;
		frames->at += len;
	}
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct elf_range *x = a, *y = b;

	return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

static void part(struct ranges *ranges)
{
	uint64_t end = 0;
	size_t n = 0;

	if (ranges->n)
		qsort(ranges->list, ranges->n, sizeof(*ranges->list), by_address);
	for (size_t i = 0; i < ranges->n; i++) {
		struct elf_range range = ranges->list[i];

		if (range.vaddr < end) {
			const uint64_t lost = end - range.vaddr;

			if (lost >= range.size)
				continue;
			range = (struct elf_range){ end, range.size - lost };
		}
		ranges->list[n++] = range;
		end = range.vaddr + range.size;
	}
	ranges->n = n;
}

/* The address of .eh_frame, from .eh_frame_hdr, which the program headers name. */
static uint64_t frames_address(const struct elf_file *elf)
{
	Elf64_Phdr segment;
	size_t len;
	uint8_t *head __free = NULL;
	struct bytes bytes;

	if (!raw_segment(elf, PT_GNU_EH_FRAME, &segment))
		return 0;
	head = raw_copy_at(elf, segment.p_vaddr, 16, &len);
	if (len < 8 || head[0] != 1)
		return 0;
	bytes = (struct bytes){ .data = head, .len = len, .at = 4, .vaddr = segment.p_vaddr };
	return get_encoded(&bytes, head[1]);
}

int unwind_ranges(const struct elf_file *elf, struct elf_range **out, size_t *n)
{
	struct ranges ranges = { 0 };
	struct bytes frames = { .vaddr = frames_address(elf) };
	uint8_t *copy __free = NULL;
	int error;

	*out = NULL;
	*n = 0;
	copy = frames.vaddr ? raw_copy_at(elf, frames.vaddr, UINT64_MAX, &frames.len) : NULL;
	if (!copy)
		return -ENOENT;
	frames.data = copy;
	error = add_records(&ranges, &frames);
	if (error) {
		free(ranges.list);
		return error;
	}
	part(&ranges);
	*out = ranges.list;
	*n = ranges.n;
	return ranges.n ? 0 : -ENOENT;
}
