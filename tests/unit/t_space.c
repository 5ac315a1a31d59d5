// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_space.c - what system calls do to an address space, told by hand-made events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "place/place.h"

static struct images images;
static struct intern names;
static uint32_t next_id;
static struct space space;
static uint64_t now;

static int setup(void **state)
{
	(void)state;
	now = 1000;
	space_init(&space, getpid(), &images, &names, &next_id);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	space_clear(&space);
	return 0;
}

static struct mw_event_map call(int kind, uint64_t addr, uint64_t size)
{
	return (struct mw_event_map){ .head = { .kind = kind,
						.addr = addr,
						.size = size,
						.ts_ns = now += 100,
						.took_ns = 10 } };
}

static void map_anonymous(uint64_t addr, uint64_t size, int prot, unsigned flags, uint64_t asked)
{
	struct mw_event_map event = call(MW_MMAP, addr, size);

	event.prot = prot;
	event.map_flags = MAP_PRIVATE | MAP_ANONYMOUS;
	event.head.flags = flags;
	event.head.aux = asked;
	space_apply(&space, &event);
}

static int kind_at(uint64_t addr)
{
	const struct segment *segment = segments_find(&space.segments, addr);

	return segment ? segment->kind : -1;
}

static void sizes_are_whole_pages(void **state)
{
	(void)state;
	map_anonymous(0x10000, 1, PROT_READ, 0, 0);
	assert_int_equal(kind_at(0x10000), SEGMENT_ANON);
	assert_int_equal(kind_at(0x10fff), SEGMENT_ANON);
	assert_int_equal(kind_at(0x11000), -1);
}

static void the_allocators_mappings_are_told_apart(void **state)
{
	(void)state;
	map_anonymous(0x100000, 0x22000, 3, MW_F_IN_ALLOC, 0x20010);
	assert_int_equal(kind_at(0x100010), SEGMENT_MMAP_CHUNK);
	map_anonymous(0x8000000, 128 << 20, PROT_NONE, MW_F_IN_ALLOC, 24);
	assert_int_equal(kind_at(0x8000000), SEGMENT_ARENA);
	map_anonymous(0x200000, 0x100000, 3, MW_F_IN_ALLOC, 100);
	assert_int_equal(kind_at(0x200000), SEGMENT_ARENA);
	map_anonymous(0x400000, 0x1000, 3, 0, 0);
	assert_int_equal(kind_at(0x400000), SEGMENT_ANON);
}

static void failed_calls_change_nothing(void **state)
{
	struct mw_event_map event = call(MW_MMAP, 0x10000, 0x1000);

	(void)state;
	event.head.flags = MW_F_FAILED;
	event.result = -12;
	space_apply(&space, &event);
	assert_int_equal(kind_at(0x10000), -1);
}

static void move_break(uint64_t start, uint64_t to)
{
	struct mw_event_map event = call(MW_BRK, to, 0);

	event.old_size = start;
	event.result = to;
	space_apply(&space, &event);
}

static void the_heap_follows_the_break(void **state)
{
	uint32_t id;

	(void)state;
	move_break(0x50000, 0x50000);
	assert_int_equal(kind_at(0x50000), -1);
	move_break(0x50000, 0x71000);
	assert_int_equal(kind_at(0x50000), SEGMENT_HEAP);
	assert_int_equal(kind_at(0x70fff), SEGMENT_HEAP);
	assert_int_equal(kind_at(0x71000), -1);
	id = segments_find(&space.segments, 0x50000)->id;
	move_break(0x50000, 0x92345);
	assert_int_equal(kind_at(0x92fff), SEGMENT_HEAP);
	assert_int_equal(kind_at(0x93000), -1);
	move_break(0x50000, 0x60000);
	assert_int_equal(kind_at(0x60000), -1);
	assert_int_equal(segments_find(&space.segments, 0x50000)->id, id);
	move_break(0x50000, 0x50000);
	assert_int_equal(kind_at(0x50000), -1);
}

/* As with randomize_va_space=0 and an odd end of bss: the first page is not the heap's. */
static void the_heap_begins_at_a_page(void **state)
{
	(void)state;
	move_break(0x50123, 0x60123);
	assert_int_equal(kind_at(0x50123), -1);
	assert_int_equal(kind_at(0x51000), SEGMENT_HEAP);
	assert_int_equal(kind_at(0x60fff), SEGMENT_HEAP);
}

static void remap(uint64_t from, uint64_t old_size, uint64_t to, uint64_t size)
{
	struct mw_event_map event = call(MW_MREMAP, to, size);

	event.head.aux = from;
	event.old_size = old_size;
	space_apply(&space, &event);
}

static void mremap_moves_grows_and_shrinks(void **state)
{
	uint32_t id;

	(void)state;
	map_anonymous(0x100000, 0x22000, 3, MW_F_IN_ALLOC, 0x20010);
	id = segments_find(&space.segments, 0x100000)->id;
	remap(0x100000, 0x22000, 0x100000, 0x30000);
	assert_int_equal(kind_at(0x12ffff), SEGMENT_MMAP_CHUNK);
	assert_int_equal(segments_find(&space.segments, 0x100000)->id, id);
	remap(0x100000, 0x30000, 0x100000, 0x10000);
	assert_int_equal(kind_at(0x110000), -1);
	remap(0x100000, 0x10000, 0x900000, 0x20000);
	assert_int_equal(kind_at(0x100000), -1);
	assert_int_equal(kind_at(0x91ffff), SEGMENT_MMAP_CHUNK);
}

/*
 * Thread 1 unmaps A (from 1100 to 1300). At 1200 thread 2 gets A again from mmap, and its
 * event comes first.
 */
static void a_range_that_was_mapped_again_stays(void **state)
{
	struct mw_event_map event;

	(void)state;
	map_anonymous(0x10000, 0x1000, 3, 0, 0);
	now = 1100;
	map_anonymous(0x10000, 0x1000, 3, MW_F_IN_ALLOC, 0xff0);
	event = call(MW_MUNMAP, 0x10000, 0x1000);
	event.head.took_ns = 200;
	space_apply(&space, &event);
	assert_int_equal(kind_at(0x10000), SEGMENT_MMAP_CHUNK);
	event = call(MW_MUNMAP, 0x10000, 0x1000);
	space_apply(&space, &event);
	assert_int_equal(kind_at(0x10000), -1);
}

static void names_come_and_go(void **state)
{
	struct mw_event_name event = { .head = { .kind = MW_VMA_NAME,
						 .addr = 0x11000,
						 .size = 0x1000 },
				       .name = "cpython: pymalloc" };

	(void)state;
	map_anonymous(0x10000, 0x3000, 3, 0, 0);
	space_apply_name(&space, &event);
	assert_string_equal(segments_find(&space.segments, 0x11000)->name,
			    "[anon:cpython: pymalloc]");
	assert_string_equal(segments_find(&space.segments, 0x10000)->name, "");
	assert_string_equal(segments_find(&space.segments, 0x12000)->name, "");
	event.name[0] = '\0';
	space_apply_name(&space, &event);
	assert_string_equal(segments_find(&space.segments, 0x11000)->name, "");
}

static void a_thread_names_its_stack(void **state)
{
	struct mw_event_map guard;

	(void)state;
	map_anonymous(0x100000, 0x21000, PROT_NONE, 0, 0);
	guard = call(MW_MPROTECT, 0x101000, 0x20000);
	guard.prot = 3;
	space_apply(&space, &guard);
	space_name_stack(&space, 77, 0x120f00);
	assert_int_equal(kind_at(0x101000), SEGMENT_THREAD_STACK);
	assert_int_equal(kind_at(0x100000), SEGMENT_ANON);
	assert_int_equal(space_stack_used(&space, 77, 0x120e00), 0x121000 - 0x120e00);
	/* another thread that strays into it has no stack known */
	space_thread(&space, 78)->has_stack = true;
	assert_int_equal(space_stack_used(&space, 78, 0x120e00), -1);
}

static void the_main_stack_grows_unseen(void **state)
{
	const struct segment stack = { .start = 0x7ff00000,
				       .end = 0x7ff21000,
				       .kind = SEGMENT_STACK,
				       .name = "[stack]",
				       .prot = 3 };

	(void)state;
	segments_add(&space.segments, &stack);
	assert_int_equal(space_stack_used(&space, getpid(), 0x7ff20f00), 0x100);
	assert_int_equal(space_stack_used(&space, getpid(), 0x7fe80008), 0x7ff21000 - 0x7fe80008);
	assert_int_equal(segments_find(&space.segments, 0x7fe80000)->kind, SEGMENT_STACK);
	assert_null(segments_find(&space.segments, 0x7fe7ffff));
}

/* What /proc/PID/maps says of this very process, twice: the second changes nothing. */
static void comparing_twice_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(space_sync(&space, 1), 0);
	assert_true(space.segments.n > 10);
	segments_settle(&space.segments);
	assert_int_equal(space_sync(&space, 2), 0);
	for (size_t i = 0; i < space.segments.n_changes; i++) /* the table itself may grow */
		assert_int_equal(space.segments.changes[i].segment.kind, SEGMENT_HEAP);
}

static void a_mapped_file_is_named(void **state)
{
	const struct mapping *own;
	struct mw_event_map event;
	struct maps maps;

	(void)state;
	assert_int_equal(maps_read(getpid(), &maps), 0);
	own = maps_find(&maps, (uintptr_t)a_mapped_file_is_named);
	event = call(MW_MMAP, own->start, own->end - own->start);
	event.head.flags = MW_F_FILE;
	event.prot = PROT_READ | PROT_EXEC;
	event.map_flags = MAP_PRIVATE;
	event.file_off = own->file_off;
	space_apply(&space, &event);
	assert_int_equal(kind_at(own->start), SEGMENT_TEXT);
	assert_string_equal(segments_find(&space.segments, own->start)->name, own->name);
	/* by now another file is there, or another part of it: the name would be a guess */
	event.old_size = own->inode + 1;
	space_apply(&space, &event);
	assert_string_equal(segments_find(&space.segments, own->start)->name, "");
	event.old_size = own->inode;
	space_apply(&space, &event);
	assert_string_equal(segments_find(&space.segments, own->start)->name, own->name);
	event.file_off += 0x1000;
	space_apply(&space, &event);
	assert_int_equal(kind_at(own->start), SEGMENT_FILE);
	assert_string_equal(segments_find(&space.segments, own->start)->name, "");
	maps_clear(&maps);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(sizes_are_whole_pages),
		TEST(the_allocators_mappings_are_told_apart),
		TEST(failed_calls_change_nothing),
		TEST(the_heap_follows_the_break),
		TEST(the_heap_begins_at_a_page),
		TEST(mremap_moves_grows_and_shrinks),
		TEST(a_range_that_was_mapped_again_stays),
		TEST(names_come_and_go),
		TEST(a_thread_names_its_stack),
		TEST(the_main_stack_grows_unseen),
		TEST(comparing_twice_changes_nothing),
		TEST(a_mapped_file_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
