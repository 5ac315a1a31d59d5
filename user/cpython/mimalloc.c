// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* mimalloc.c - the allocator of a free-threaded build: its segments, pages and blocks. */
#include "cpython/mimalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/grow.h"

#define FIRST_MINOR  13	 /* that has it, if PYTHONMALLOC=mimalloc asks for it */
#define LOOKS	     4	 /* at a page that goes on changing */
#define WHOLE_MOST   (512 << 10) /* bytes of a page that are read at once */
#define PART	     256 /* bytes that are read of each larger block */
#define BLOCKS_MOST  65535
#define SEGMENTS_MAX 65536
#define PLACES_MAX   (4 * SEGMENTS_MAX) /* where one may begin: in 8 TiB */

struct reading {
	struct cpython *cpython;
	struct mimalloc *mimalloc;
	mimalloc_block *each;
	void *context;
	uint64_t places; /* looked at */
	bool known;	 /* the layout is that of the first segment found */
	unsigned layout;
	size_t page_size;
	uint8_t pages[MIPAGE_SLICES * MIPAGE_BYTES_MOST];
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

/* Take the blocks of a list of free ones out of those in use. How many they are, or -1. */
static int64_t take_list(struct reading *reading, const struct mipage *page, uint64_t block)
{
	int64_t n = 0;

	for (; block; n++) {
		const uint64_t offset = block - page->first;
		const uint64_t i = offset / page->block_size;

		if (block < page->first || offset % page->block_size || i >= page->capacity ||
		    !reading->in_use[i] ||
		    cpython_read(reading->cpython, block, &block, sizeof(block)))
			return -1;
		reading->in_use[i] = 0;
	}
	return n;
}

/* Which blocks of a page are in use: how many, or -1 when its lists do not hold together. */
static int64_t find_used(struct reading *reading, const struct mipage *page)
{
	int64_t free, local, other;

	memset(reading->in_use, 1, page->capacity);
	free = take_list(reading, page, page->free);
	local = free < 0 ? -1 : take_list(reading, page, page->local_free);
	other = local < 0 ? -1 : take_list(reading, page, page->thread_free);
	return other < 0 || free + local + page->used != page->capacity ? -1 : page->used - other;
}

static int tell_blocks(struct reading *reading, const struct mipage *page)
{
	const uint64_t size = page->block_size;
	const bool whole = size * page->capacity <= WHOLE_MOST;
	const size_t len = whole ? size : size < PART ? size : PART;
	int err = 0;

	if (whole &&
	    cpython_read(reading->cpython, page->first, reading->bytes, size * page->capacity))
		return 0;
	for (size_t i = 0; i < page->capacity && !err; i++) {
		const uint64_t addr = page->first + i * size;
		uint8_t *bytes = reading->bytes + (whole ? i * size : 0);

		if (reading->in_use[i] &&
		    (whole || !cpython_read(reading->cpython, addr, bytes, len)))
			err = reading->each(reading->context, page->heap, addr, bytes, len, size);
	}
	return err;
}

static void count_page(struct mimalloc *mimalloc, const struct mipage *page, uint64_t used)
{
	struct mimalloc_heap *heap = &mimalloc->heaps[page->heap];
	struct mimalloc_class *class = &mimalloc->classes[mipage_class(page->block_size)];

	heap->pages++;
	heap->used += used;
	heap->used_bytes += used * page->block_size;
	heap->free_bytes += (page->capacity - used) * page->block_size;
	class->pages++;
	class->used += used;
	class->free += page->capacity - used;
	if (class->size < page->block_size)
		class->size = page->block_size;
}

static int read_page(struct reading *reading, uint64_t segment, size_t slice)
{
	uint8_t *bytes = reading->pages + slice * reading->page_size;
	const uint64_t at = segment + mipage_slices_at(reading->layout) +
			    slice * reading->page_size;
	struct mipage page;
	int64_t used = -1;

	mipage_parse(reading->layout, bytes, segment, slice, &page);
	for (int i = 0; i < LOOKS && mipage_is_used(&page, segment, slice); i++) {
		used = page.heap < MIMALLOC_HEAPS ? find_used(reading, &page) : -1;
		if (used >= 0)
			break;
		reading->cpython->retried += !reading->cpython->held;
		if (cpython_read(reading->cpython, at, bytes, reading->page_size))
			break;
		mipage_parse(reading->layout, bytes, segment, slice, &page);
	}
	if (used < 0) {
		const bool torn = mipage_is_used(&page, segment, slice);

		reading->mimalloc->torn += torn;
		reading->cpython->torn += torn && !reading->cpython->held;
		return 0;
	}
	count_page(reading->mimalloc, &page, (uint64_t)used);
	return reading->each ? tell_blocks(reading, &page) : 0;
}

/* Of the span that begins with a slice; 0: it is just split or put together. */
static uint32_t slices_of(const struct reading *reading, size_t slice)
{
	struct mipage page;

	mipage_parse(reading->layout, reading->pages + slice * reading->page_size, 0, slice, &page);
	return page.slices;
}

static int read_segment(struct reading *reading, uint64_t segment, const struct misegment *head)
{
	uint32_t n;
	int err = 0;

	for (uint64_t i = head->info_slices; i < head->entries && !err; i += n) {
		n = slices_of(reading, i);
		if (!n)
			break;
		err = read_page(reading, segment, i);
	}
	return err;
}

/* Its spans of slices follow each other up to its end: of another layout they would not. */
static bool hangs_together(const struct reading *reading, const struct misegment *head)
{
	uint64_t at = 0;

	while (at < head->entries && slices_of(reading, at))
		at += slices_of(reading, at);
	return at == head->entries || (head->huge && at > head->entries);
}

static void use_layout(struct reading *reading, unsigned layout)
{
	reading->layout = layout;
	reading->page_size = mipage_size(layout, reading->cpython->layout.has & MW_PY_FREE_THREADED);
}

/* Whether a segment of the layout in use begins at an address. */
static bool is_segment(struct reading *reading, uint64_t addr, struct misegment *head)
{
	const size_t slices_at = mipage_slices_at(reading->layout);
	uint8_t bytes[MIPAGE_HEAD_MOST];
	bool is = false;

	/* spans are split and put together while it is read */
	for (int i = 0; i < LOOKS && !is; i++) {
		if (cpython_read(reading->cpython, addr, bytes, slices_at) ||
		    !mipage_segment(reading->layout, bytes, head) ||
		    cpython_read(reading->cpython, addr + slices_at, reading->pages,
				 MIPAGE_SLICES * reading->page_size))
			break;
		is = slices_of(reading, 0) == head->info_slices && hangs_together(reading, head);
	}
	return is;
}

/* The same, of any layout as long as none is known. */
static bool find_segment(struct reading *reading, uint64_t addr, struct misegment *head)
{
	for (unsigned i = 0; i < MIPAGE_LAYOUTS && !reading->known; i++) {
		use_layout(reading, i);
		reading->known = is_segment(reading, addr, head);
		if (reading->known)
			return true;
	}
	return reading->known && is_segment(reading, addr, head);
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
	struct misegment head;
	int err = 0;

	for (uint64_t at = (start + MIMALLOC_SEGMENT - 1) & -MIMALLOC_SEGMENT;
	     at < end && !err && reading->mimalloc->n < SEGMENTS_MAX; at += MIMALLOC_SEGMENT) {
		if (reading->places++ == PLACES_MAX) {
			reading->mimalloc->cut = true;
			break;
		}
		if (!find_segment(reading, at, &head))
			continue;
		err = add_segment(reading->mimalloc, at, at + head.slices * MIPAGE_SLICE);
		if (!err)
			err = read_segment(reading, at, &head);
	}
	return err;
}

int mimalloc_read(struct cpython *cpython, struct segments *segments, struct mimalloc *mimalloc,
		  mimalloc_block *each, void *context)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	int err = reading ? 0 : -ENOMEM;

	*mimalloc = (struct mimalloc){ 0 };
	if (!err && cpython->minor < FIRST_MINOR)
		err = -ENOENT;
	if (err) {
		free(reading);
		return err;
	}
	reading->cpython = cpython;
	reading->mimalloc = mimalloc;
	reading->each = each;
	reading->context = context;
	for (size_t i = 0; i < segments->n && !err && !mimalloc->cut; i++) {
		const struct segment at = segments->at[i];

		if (at.prot & PROT_WRITE &&
		    (at.kind == SEGMENT_ANON || at.kind == SEGMENT_MIMALLOC))
			err = look_through(reading, at.start, at.end);
	}
	free(reading);
	return err ? err : mimalloc->n ? 0 : -ENOENT;
}
