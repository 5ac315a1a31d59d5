// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* mimalloc.c - the allocator of a free-threaded build. */
#include "cpython/mimalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/grow.h"

#define KNOWN_MINOR  13
#define SLICE	     65536
#define SLICES	     512 /* of a segment */
#define SLICES_MOST  (1u << 24) /* of a page: a terabyte */
#define SLICES_AT    264 /* in mi_segment_t */
#define LOOKS	     4	 /* at a page that goes on changing */
#define WHOLE_MOST   (512 << 10) /* bytes of a page that are read at once */
#define PART	     256 /* bytes that are read of each larger block */
#define BLOCKS_MOST  65535
#define HUGE	     (2u << 30) /* MI_HUGE_BLOCK_SIZE */
#define SEGMENTS_MAX 65536
#define LIST_FLAGS   3ull /* of mi_thread_free_t */

/* mi_segment_t, from used on. */
struct segment_head {
	uint64_t used; /* pages */
	uint64_t cookie;
	uint64_t slices, info_slices;
	uint32_t kind, unused;
	uint64_t entries;
	uint64_t thread_id;
};

/* mi_page_t; the first slice of each span has one. */
struct page {
	uint32_t slice_count, slice_offset;
	uint8_t bits; /* is_committed, is_zero_init, use_qsbr, then 4 of tag */
	uint8_t debug_offset;
	uint16_t capacity, reserved;
	uint8_t flags, more_flags;
	uint64_t free;
	uint32_t used, block_size;
	uint64_t local_free, thread_free;
	uint64_t unused[6];
};

struct reading {
	struct cpython *cpython;
	struct mimalloc *mimalloc;
	mimalloc_block *each;
	void *context;
	struct page pages[SLICES];
	uint8_t bytes[WHOLE_MOST];
	uint8_t in_use[BLOCKS_MOST + 1];
};

const char *mimalloc_heap_name(enum mimalloc_heap_id heap)
{
	static const char *const names[MIMALLOC_HEAPS] = { "mem", "object", "gc", "gc_pre" };

	return names[heap];
}

void mimalloc_clear(struct mimalloc *mimalloc)
{
	free(mimalloc->segments);
	*mimalloc = (struct mimalloc){ 0 };
}

static uint64_t block_size(const struct page *page)
{
	return page->block_size < HUGE ? page->block_size : (uint64_t)page->slice_count * SLICE;
}

/* _mi_segment_page_start_from_slice(), Objects/mimalloc/segment.c */
static uint64_t first_block(uint64_t segment, size_t slice, const struct page *page)
{
	const uint64_t size = block_size(page);

	return segment + slice * SLICE + (size < 8 ? 0 : size <= 64 ? 3 * size :
					  size <= 512 ? size : 0);
}

static enum mimalloc_heap_id heap_of(const struct page *page)
{
	return page->bits >> 3 & 3;
}

/* Take the blocks of a list of free ones out of those in use. How many they are, or -1. */
static int64_t take_list(struct reading *reading, const struct page *page, uint64_t first,
			 uint64_t block)
{
	const uint64_t size = block_size(page);
	int64_t n = 0;

	for (; block; n++) {
		const uint64_t i = (block - first) / size;

		if (block < first || (block - first) % size || i >= page->capacity ||
		    !reading->in_use[i] ||
		    cpython_read(reading->cpython, block, &block, sizeof(block)))
			return -1;
		reading->in_use[i] = 0;
	}
	return n;
}

/* Which blocks of a page are in use: how many, or -1 when its lists do not hold together. */
static int64_t find_used(struct reading *reading, const struct page *page, uint64_t first)
{
	int64_t free, local, other;

	memset(reading->in_use, 1, page->capacity);
	free = take_list(reading, page, first, page->free);
	local = free < 0 ? -1 : take_list(reading, page, first, page->local_free);
	other = local < 0 ? -1 :
			    take_list(reading, page, first, page->thread_free & ~LIST_FLAGS);
	/* those that other threads have freed are still counted as in use */
	return other < 0 || free + local + page->used != page->capacity ? -1 : page->used - other;
}

static int tell_blocks(struct reading *reading, const struct page *page, uint64_t first)
{
	const uint64_t size = block_size(page);
	const bool whole = size * page->capacity <= WHOLE_MOST;
	const size_t len = whole ? size : size < PART ? size : PART;
	int err = 0;

	if (whole && cpython_read(reading->cpython, first, reading->bytes, size * page->capacity))
		return 0;
	for (size_t i = 0; i < page->capacity && !err; i++) {
		const uint64_t addr = first + i * size;
		uint8_t *bytes = reading->bytes + (whole ? i * size : 0);

		if (reading->in_use[i] &&
		    (whole || !cpython_read(reading->cpython, addr, bytes, len)))
			err = reading->each(reading->context, heap_of(page), addr, bytes, len, size);
	}
	return err;
}

/* Whether it is a page in use whose blocks fit into it. */
static bool is_page(const struct page *page)
{
	return page->block_size > 1 && page->slice_count <= SLICES_MOST && page->capacity &&
	       page->capacity <= page->reserved &&
	       block_size(page) * page->capacity <= (uint64_t)page->slice_count * SLICE;
}

static int read_page(struct reading *reading, uint64_t segment, size_t slice)
{
	struct page *page = &reading->pages[slice];
	const uint64_t at = segment + SLICES_AT + slice * sizeof(*page);
	struct mimalloc_heap *heap;
	uint64_t first = first_block(segment, slice, page);
	int64_t used = -1;

	for (int i = 0; i < LOOKS && is_page(page); i++) {
		used = find_used(reading, page, first);
		if (used >= 0)
			break;
		reading->cpython->retried += !reading->cpython->held;
		if (cpython_read(reading->cpython, at, page, sizeof(*page)))
			break;
		first = first_block(segment, slice, page);
	}
	if (used < 0) {
		reading->mimalloc->torn += is_page(page);
		reading->cpython->torn += is_page(page) && !reading->cpython->held;
		return 0;
	}
	heap = &reading->mimalloc->heaps[heap_of(page)];
	heap->pages++;
	heap->used += (uint64_t)used;
	heap->used_bytes += (uint64_t)used * block_size(page);
	heap->free_bytes += (page->capacity - (uint64_t)used) * block_size(page);
	return reading->each ? tell_blocks(reading, page, first) : 0;
}

static int read_segment(struct reading *reading, uint64_t segment, const struct segment_head *head)
{
	const size_t entries = head->entries < SLICES ? head->entries : SLICES;
	int err = 0;

	for (size_t i = head->info_slices; i < entries && !err;) {
		const uint32_t n = reading->pages[i].slice_count;

		if (!n) /* it is just split or put together */
			break;
		err = read_page(reading, segment, i);
		i += n;
	}
	return err;
}

/* Its spans of slices follow each other up to its end: of another layout they would not. */
static bool hangs_together(const struct reading *reading, const struct segment_head *head)
{
	uint64_t at = 0;

	while (at < head->entries && reading->pages[at].slice_count)
		at += reading->pages[at].slice_count;
	return at == head->entries || (head->kind && at > head->entries);
}

/* Whether a segment begins at an address. */
static bool looks_like_segment(struct reading *reading, uint64_t addr, struct segment_head *head)
{
	return !cpython_read(reading->cpython, addr + SLICES_AT - sizeof(*head), head,
			     sizeof(*head)) &&
	       head->used && head->cookie && head->kind <= 1 && head->info_slices &&
	       head->info_slices < SLICES && head->entries && head->entries <= SLICES &&
	       head->slices >= head->entries && head->slices < 1ull << 32 &&
	       !cpython_read(reading->cpython, addr + SLICES_AT, reading->pages,
			     sizeof(reading->pages)) &&
	       reading->pages[0].slice_count == head->info_slices &&
	       hangs_together(reading, head);
}

/* Spans are split and put together while it is read. */
static bool is_segment(struct reading *reading, uint64_t addr, struct segment_head *head)
{
	bool is = false;

	for (int i = 0; i < LOOKS && !is; i++)
		is = looks_like_segment(reading, addr, head);
	return is;
}

static int add_segment(struct mimalloc *mimalloc, uint64_t start, uint64_t end)
{
	struct mimalloc_segment *more =
		grow(mimalloc->segments, mimalloc->n, &mimalloc->cap, sizeof(*more));

	if (!more)
		return -ENOMEM;
	mimalloc->segments = more;
	more[mimalloc->n++] = (struct mimalloc_segment){ start, end };
	return 0;
}

/* The segments that begin in a range of memory. */
static int look_through(struct reading *reading, uint64_t start, uint64_t end)
{
	struct segment_head head;
	int err = 0;

	for (uint64_t at = (start + MIMALLOC_SEGMENT - 1) & -MIMALLOC_SEGMENT;
	     at < end && !err && reading->mimalloc->n < SEGMENTS_MAX; at += MIMALLOC_SEGMENT) {
		if (!is_segment(reading, at, &head))
			continue;
		err = add_segment(reading->mimalloc, at, at + head.slices * SLICE);
		if (!err)
			err = read_segment(reading, at, &head);
	}
	return err;
}

int mimalloc_read(struct cpython *cpython, struct segments *segments, struct mimalloc *mimalloc,
		  mimalloc_block *each, void *context)
{
	struct reading *reading = malloc(sizeof(*reading));
	int err = reading ? 0 : -ENOMEM;

	*mimalloc = (struct mimalloc){ 0 };
	if (!err && cpython->minor != KNOWN_MINOR)
		err = -ENOENT;
	if (err) {
		free(reading);
		return err;
	}
	reading->cpython = cpython;
	reading->mimalloc = mimalloc;
	reading->each = each;
	reading->context = context;
	for (size_t i = 0; i < segments->n && !err; i++) {
		const struct segment at = segments->at[i];

		if (at.prot & PROT_WRITE &&
		    (at.kind == SEGMENT_ANON || at.kind == SEGMENT_MIMALLOC))
			err = look_through(reading, at.start, at.end);
	}
	free(reading);
	return err ? err : mimalloc->n ? 0 : -ENOENT;
}
