// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_maps.c - the parser of /proc/PID/maps, and what a mapping of a file is cut into. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "place/classify.h"
#include "target/maps.h"

static int parse(const char *text, struct maps *maps)
{
	return maps_parse(strdup(text), strlen(text), maps);
}

static void reads_every_field(void **state)
{
	struct maps maps;

	(void)state;
	assert_int_equal(
		parse("563612362000-563612449000 rw-p 00000000 00:00 0                          [heap]\n"
		      "7f8eeaedc000-7f8eeaf1c000 r-xs 0012f000 fe:01 1234567                    /a b/c\\012d (deleted)\n"
		      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0\n",
		      &maps),
		0);
	assert_int_equal(maps.n, 3);
	assert_int_equal(maps.at[0].start, 0x563612362000);
	assert_int_equal(maps.at[0].end, 0x563612449000);
	assert_int_equal(maps.at[0].prot, PROT_READ | PROT_WRITE);
	assert_false(maps.at[0].shared);
	assert_string_equal(maps.at[0].name, "[heap]");
	assert_int_equal(maps.at[1].prot, PROT_READ | PROT_EXEC);
	assert_true(maps.at[1].shared);
	assert_int_equal(maps.at[1].file_off, 0x12f000);
	assert_int_equal(maps.at[1].dev, makedev(0xfe, 1));
	assert_int_equal(maps.at[1].inode, 1234567);
	assert_string_equal(maps.at[1].name, "/a b/c\\012d (deleted)");
	assert_string_equal(maps.at[2].name, "");
	assert_int_equal(maps.at[2].end, 0xffffffffff601000);
	maps_clear(&maps);
}

static void finds_half_open(void **state)
{
	struct maps maps;

	(void)state;
	assert_int_equal(parse("1000-2000 rw-p 0 0:0 0\n2000-3000 r--p 0 0:0 0\n"
			       "5000-6000 r--p 0 0:0 0\n",
			       &maps),
			 0);
	assert_null(maps_find(&maps, 0xfff));
	assert_ptr_equal(maps_find(&maps, 0x1000), &maps.at[0]);
	assert_ptr_equal(maps_find(&maps, 0x1fff), &maps.at[0]);
	assert_ptr_equal(maps_find(&maps, 0x2000), &maps.at[1]);
	assert_null(maps_find(&maps, 0x3000));
	assert_ptr_equal(maps_find(&maps, 0x5fff), &maps.at[2]);
	assert_null(maps_find(&maps, 0x6000));
	maps_clear(&maps);
}

static void refuses_what_is_not_a_map(void **state)
{
	static const char *const bad[] = {
		"hello\n",
		"1000 rw-p 0 0:0 0\n",
		"2000-1000 rw-p 0 0:0 0\n",
		"1000-1000 rw-p 0 0:0 0\n",
		"1000-2000 rw\n",
		"1000-2000 rw-p 0 0 0\n",
		"1000-2000 rw-p 0 0:0 x\n",
		"1000-3000 rw-p 0 0:0 0\n2000-4000 rw-p 0 0:0 0\n",
		"-1000-2000 rw-p 0 0:0 0\n",
		"11111111111111111-22222222222222222 rw-p 0 0:0 0\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct maps maps;

		assert_int_equal(parse(bad[i], &maps), -EBADMSG);
		assert_null(maps.at);
	}
}

static void reads_our_own(void **state)
{
	static int in_bss[4096];
	static int in_data = 7;
	int on_stack = 1;
	struct maps maps;

	(void)state;
	assert_int_equal(maps_read(getpid(), &maps), 0);
	assert_string_equal(maps_find(&maps, (uintptr_t)&on_stack)->name, "[stack]");
	assert_true(maps_find(&maps, (uintptr_t)reads_our_own)->prot & PROT_EXEC);
	assert_true(maps_find(&maps, (uintptr_t)&in_data)->prot & PROT_WRITE);
	assert_true(maps_find(&maps, (uintptr_t)&in_bss[4000])->prot & PROT_WRITE);
	maps_clear(&maps);
	assert_int_equal(maps_read(-5, &maps), -ESRCH);
}

/* The linker says where data ends and bss begins: the same border must be found. */
extern char __bss_start[], _end[], __data_start[];

static enum segment_kind kind_at(struct classify *c, const struct maps *maps, const void *address)
{
	struct segment parts[CLASSIFY_MAX];

	for (size_t i = 0; i < maps->n; i++) {
		size_t n = classify(c, &maps->at[i], parts);

		for (size_t p = 0; p < n; p++)
			if (parts[p].start <= (uintptr_t)address &&
			    (uintptr_t)address < parts[p].end)
				return parts[p].kind;
	}
	return SEGMENT_UNKNOWN;
}

static void tells_data_from_bss(void **state)
{
	struct images images = { 0 };
	struct intern names = { 0 };
	struct classify c = { .pid = getpid(), .images = &images, .names = &names };
	struct maps maps;
	int local;

	(void)state;
	assert_int_equal(maps_read(getpid(), &maps), 0);
	assert_int_equal(kind_at(&c, &maps, __bss_start), SEGMENT_BSS);
	assert_int_equal(kind_at(&c, &maps, (char *)((uintptr_t)__bss_start - 1)), SEGMENT_DATA);
	assert_int_equal(kind_at(&c, &maps, (char *)((uintptr_t)_end - 1)), SEGMENT_BSS);
	assert_int_equal(kind_at(&c, &maps, __data_start), SEGMENT_DATA);
	assert_int_equal(kind_at(&c, &maps, tells_data_from_bss), SEGMENT_TEXT);
	assert_int_equal(kind_at(&c, &maps, "a literal"), SEGMENT_RODATA);
	assert_int_equal(kind_at(&c, &maps, &local), SEGMENT_STACK);
	maps_clear(&maps);
	classify_clear(&c);
	images_clear(&images);
	intern_clear(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_field),
		cmocka_unit_test(finds_half_open),
		cmocka_unit_test(refuses_what_is_not_a_map),
		cmocka_unit_test(reads_our_own),
		cmocka_unit_test(tells_data_from_bss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
