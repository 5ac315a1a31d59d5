// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* mipage.c - mimalloc's segments and pages from their bytes. */
#include "cpython/mipage.h"

#include <string.h>

#define WORD	    8
#define QSBR_BYTES  16	/* more in a free-threaded build: qsbr_node and qsbr_goal for padding */
#define SLICES_MOST (1u << 24) /* of a page: a terabyte */
#define HUGE_2_1    (2u << 30) /* MI_HUGE_BLOCK_SIZE: the block has all slices */
#define LIST_FLAGS  3ull /* of mi_thread_free_t */
#define LARGE_MOST  (16ull << 20) /* MI_LARGE_OBJ_SIZE_MAX: (20 << 2) + 3 - 3 is its class */

/* A field of a mi_page_t: where, and how many bytes of it. 0 bytes: there is none. */
struct field {
	uint8_t at, bytes;
};

static const struct layout {
	uint16_t segment_used, segment_slices, slices_at;
	uint8_t page_size;
	struct field capacity, reserved, free, local_free, thread_free, used, block_size, start, tag;
	uint8_t tag_shift, tag_mask;
} layouts[MIPAGE_LAYOUTS] = {
	/* 2.5.2 */
	{
		.segment_used = 216, .segment_slices = 248, .slices_at = 288, .page_size = 96,
		.capacity = { 10, 2 }, .reserved = { 12, 2 }, .free = { 16, 8 },
		.local_free = { 24, 8 }, .thread_free = { 56, 8 }, .used = { 32, 2 },
		.block_size = { 40, 8 }, .start = { 48, 8 }, .tag = { 35, 1 }, .tag_mask = 0xff,
	},
	/* 2.1.2 */
	{
		.segment_used = 208, .segment_slices = 224, .slices_at = 264, .page_size = 80,
		.capacity = { 10, 2 }, .reserved = { 12, 2 }, .free = { 16, 8 },
		.local_free = { 32, 8 }, .thread_free = { 40, 8 }, .used = { 24, 4 },
		.block_size = { 28, 4 }, .tag = { 8, 1 }, .tag_shift = 3, .tag_mask = 0xf,
	},
};

/* From segment_slices on. */
struct segment_end {
	uint64_t slices, info_slices;
	uint32_t kind, unused;
	uint64_t entries;
};

static uint64_t value_of(const uint8_t *bytes, struct field field)
{
	uint64_t value = 0;

	memcpy(&value, bytes + field.at, field.bytes);
	return value;
}

size_t mipage_slices_at(unsigned layout)
{
	return layouts[layout].slices_at;
}

size_t mipage_size(unsigned layout, bool free_threaded)
{
	return layouts[layout].page_size + (free_threaded ? QSBR_BYTES : 0);
}

bool mipage_segment(unsigned layout, const uint8_t *bytes, struct misegment *segment)
{
	const struct layout *l = &layouts[layout];
	struct { uint64_t used, cookie; } begin;
	struct segment_end end;

	memcpy(&begin, bytes + l->segment_used, sizeof(begin));
	memcpy(&end, bytes + l->segment_slices, sizeof(end));
	*segment = (struct misegment){ end.slices, end.info_slices, end.entries, end.kind == 1 };
	return begin.used && begin.cookie && end.kind <= 1 && end.info_slices &&
	       end.info_slices < MIPAGE_SLICES && end.entries && end.entries <= MIPAGE_SLICES &&
	       end.slices >= end.entries && end.slices < 1ull << 32;
}

/* _mi_segment_page_start_from_slice(), Objects/mimalloc/segment.c (2.1.2, which keeps it not) */
static uint64_t first_block(uint64_t at, uint64_t size)
{
	return at + (size < WORD ? 0 : size <= 64 ? 3 * size : size <= 512 ? size : 0);
}

void mipage_parse(unsigned layout, const uint8_t *bytes, uint64_t segment, size_t slice,
		  struct mipage *page)
{
	const struct layout *l = &layouts[layout];

	*page = (struct mipage){
		.block_size = value_of(bytes, l->block_size),
		.first = value_of(bytes, l->start),
		.free = value_of(bytes, l->free),
		.local_free = value_of(bytes, l->local_free),
		.thread_free = value_of(bytes, l->thread_free) & ~LIST_FLAGS,
		.slices = (uint32_t)value_of(bytes, (struct field){ 0, 4 }),
		.used = (uint32_t)value_of(bytes, l->used),
		.capacity = (uint16_t)value_of(bytes, l->capacity),
		.reserved = (uint16_t)value_of(bytes, l->reserved),
		.heap = (uint8_t)(value_of(bytes, l->tag) >> l->tag_shift & l->tag_mask),
	};
	if (l->start.bytes)
		return;
	if (page->block_size >= HUGE_2_1)
		page->block_size = (uint64_t)page->slices * MIPAGE_SLICE;
	page->first = first_block(segment + slice * MIPAGE_SLICE, page->block_size);
}

bool mipage_is_used(const struct mipage *page, uint64_t segment, size_t slice)
{
	const uint64_t start = segment + slice * MIPAGE_SLICE;
	const uint64_t all = (uint64_t)page->slices * MIPAGE_SLICE;

	/* of a slice in use that is no page yet the size is 1 */
	return page->block_size > 1 && page->slices <= SLICES_MOST && page->capacity &&
	       page->capacity <= page->reserved && page->first >= start &&
	       page->first - start < all &&
	       page->block_size <= (all - (page->first - start)) / page->capacity;
}

unsigned mipage_class(uint64_t block_size)
{
	const uint64_t words = block_size / WORD + !!(block_size % WORD);
	unsigned high;

	if (words <= 1)
		return 1;
	if (words <= 8)
		return (unsigned)(words + 1) & ~1u;
	if (block_size > LARGE_MOST)
		return MIPAGE_CLASSES - 1;
	high = 63 - (unsigned)__builtin_clzll(words - 1);
	return (high << 2) + ((words - 1) >> (high - 2) & 3) - 3;
}
