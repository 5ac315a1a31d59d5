// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_sitecache.c - sites come back from a file as they went in, or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/siphash.h"
#include "base/store.h"
#include "probe/sitecache.h"

#define VADDR 0x401000
#define FILE_MAX 4096

/* Where things lie in a file: format 1. */
#define KEY_AT 16
#define CHECK_AT 40
#define RECORDS_AT 104
#define RECORD 32

static char top[64];
static int dir = -1;
static char name[256]; /* of the file that was written */
static struct elf_file *elf;

static uint8_t code[256], data[64];
static uint8_t entered[sizeof(code) / 8 + 1];
static struct elf_range ranges[] = { { VADDR, 100 }, { VADDR + 100, 156 } };
static uint64_t slots[] = { 0x500000, 0x500010 };
static struct int_text text, rest;
static struct int_image image;
static struct sitecache_input input;

static struct intsite list[] = {
	{ .vaddr = VADDR + 5, .probe_vaddr = VADDR + 9, .way = INTSITE_BY_GOT, .object = 1,
	  .reg = 3, .emulated = true, .digit = 2, .sizes = INTSITE_MEMORY, .filled = true },
	{ .vaddr = VADDR + 50, .probe_vaddr = VADDR + 50, .way = INTSITE_BY_IMMEDIATE,
	  .object = 15, .reg = 15, .before_store = true, .digit = INTSITE_LATER,
	  .sizes = INTSITE_LATER },
	{ .vaddr = VADDR + 200, .probe_vaddr = VADDR + 255, .kind = INTSITE_POP,
	  .way = INTSITE_BY_FREELIST, .object = 7, .reg = 0, .emulated = true, .digit = 15,
	  .sizes = 14, .untouched = true },
};
static const struct intsites sites = {
	.list = list, .n = 3, .ob_type = 8, .freelist = 0x2b80, .unsure = 1, .elsewhere = 2,
	.unread = 3, .pops_unsure = 4, .undecoded = 5, .functions = 6,
};

static void find_name(void)
{
	DIR *files = opendir(top);
	struct dirent *entry;

	name[0] = '\0';
	while ((entry = readdir(files)))
		if (entry->d_name[0] != '.')
			strcpy(name, entry->d_name);
	closedir(files);
}

static int setup(void **state)
{
	const char *why;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	strcpy(top, "/tmp/t_sitecache.XXXXXX");
	if (!mkdtemp(top) || elf_open(fd, &elf))
		return -1;
	close(fd);
	for (size_t i = 0; i < sizeof(code); i++)
		code[i] = (uint8_t)(i * 7);
	memset(data, 3, sizeof(data));
	text = (struct int_text){ .code = code, .len = sizeof(code), .vaddr = VADDR, .entered = entered };
	rest = (struct int_text){ .code = data, .len = sizeof(data), .vaddr = 0x500000 };
	image = (struct int_image){ .texts = &text, .n_texts = 1, .ranges = ranges, .n_ranges = 2,
				    .type = 0x600000, .slots = slots, .n_slots = 2, .ob_type = 8 };
	input = (struct sitecache_input){ .elf = elf, .image = &image, .data = &rest, .n_data = 1 };
	dir = store_open(top, &why);
	if (dir < 0 || sitecache_store(dir, &input, &sites))
		return -1;
	find_name();
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	close(dir);
	elf_free(elf);
	snprintf(command, sizeof(command), "rm -rf '%s'", top);
	return system(command);
}

static bool is_known(void)
{
	struct intsites got;
	int err = sitecache_load(dir, &input, &got);

	if (err) {
		assert_int_equal(err, -ENOENT);
		assert_null(got.list);
		return false;
	}
	assert_int_equal(got.n, sites.n);
	intsites_free(&got);
	return true;
}

static void test_same(void **state)
{
	struct intsites got;

	(void)state;
	assert_int_equal(sitecache_load(dir, &input, &got), 0);
	assert_int_equal(got.n, sites.n);
	for (size_t i = 0; i < sites.n; i++) {
		const struct intsite *a = &got.list[i], *b = &list[i];

		assert_true(a->vaddr == b->vaddr && a->probe_vaddr == b->probe_vaddr &&
			    a->kind == b->kind && a->way == b->way && a->object == b->object &&
			    a->reg == b->reg && a->emulated == b->emulated &&
			    a->before_store == b->before_store && a->digit == b->digit &&
			    a->sizes == b->sizes && a->filled == b->filled &&
			    a->untouched == b->untouched && !a->function);
	}
	assert_true(got.ob_type == 8 && got.freelist == 0x2b80 && got.unsure == 1 &&
		    got.elsewhere == 2 && got.unread == 3 && got.pops_unsure == 4 &&
		    got.undecoded == 5 && got.functions == 6);
	intsites_free(&got);
}

static void test_none(void **state)
{
	const struct intsites nothing = { .ob_type = 8, .functions = 1 };
	struct intsites got;

	(void)state;
	assert_int_equal(sitecache_store(dir, &input, &nothing), 0);
	assert_int_equal(sitecache_load(dir, &input, &got), 0);
	assert_int_equal(got.n, 0);
	assert_int_equal(got.functions, 1);
	intsites_free(&got);
	assert_int_equal(unlinkat(dir, name, 0), 0);
	assert_false(is_known());
}

/* Whatever the search goes by must be what it was. */
static void test_other_input(void **state)
{
	(void)state;
#define CHANGED(what, change)                                                                      \
	do {                                                                                       \
		const __typeof__(what) before = what;                                              \
		what = change;                                                                     \
		assert_false(is_known());                                                          \
		what = before;                                                                     \
		assert_true(is_known());                                                           \
	} while (0)
	for (size_t i = 0; i < sizeof(code); i++)
		CHANGED(code[i], before + 1);
	for (size_t i = 0; i < sizeof(data); i++)
		CHANGED(data[i], before + 1);
	CHANGED(ranges[1].vaddr, before + 1);
	CHANGED(ranges[1].size, before - 1);
	CHANGED(slots[1], before + 8);
	CHANGED(image.n_ranges, 1);
	CHANGED(image.n_slots, 1);
	CHANGED(image.type, before + 8);
	CHANGED(image.ob_type, 24);
	CHANGED(image.absolute, true);
	CHANGED(image.has_freelist, true);
	CHANGED(rest.vaddr, before + 8);
	CHANGED(rest.len, before - 1);
	CHANGED(input.n_data, 0);
	CHANGED(text.vaddr, before + 16);
	CHANGED(text.len, before - 1);
#undef CHANGED
}

static void put_file(const void *bytes, size_t len)
{
	assert_int_equal(store_write(dir, name, bytes, len), 0);
}

static uint8_t *take_file(size_t *len)
{
	uint8_t *bytes = store_read(dir, name, FILE_MAX, len);

	assert_non_null(bytes);
	return bytes;
}

static void test_damaged(void **state)
{
	uint8_t longer[FILE_MAX] = { 0 };
	size_t len;
	uint8_t *bytes = take_file(&len);

	(void)state;
	assert_int_equal(len, RECORDS_AT + 3 * RECORD);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		put_file(bytes, len);
		if (is_known())
			fail_msg("bit %zu is not checked", bit);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t cut = 0; cut < len; cut++) {
		put_file(bytes, cut);
		assert_false(is_known());
	}
	memcpy(longer, bytes, len);
	for (size_t more = len + 1; more < len + 2 * RECORD; more++) {
		put_file(longer, more);
		assert_false(is_known());
	}
	put_file(bytes, len);
	assert_true(is_known());
	free(bytes);
}

/* The hash of the file made right again, as only we could. */
static void forge(uint8_t *bytes, size_t len)
{
	struct siphash hash;
	uint64_t key[2], check = 0;

	memcpy(key, bytes + KEY_AT, sizeof(key));
	memcpy(bytes + CHECK_AT, &check, sizeof(check));
	siphash_begin(&hash, key);
	siphash_add(&hash, bytes, len);
	check = siphash_end(&hash);
	memcpy(bytes + CHECK_AT, &check, sizeof(check));
	put_file(bytes, len);
}

static void test_unsound(void **state)
{
	static const struct {
		const char *what;
		size_t at; /* in the first record */
		uint64_t value;
		size_t size;
	} forgeries[] = {
		{ "before the text", 0, VADDR - 1, 8 },
		{ "behind the text", 0, VADDR + sizeof(code), 8 },
		{ "far away", 0, UINT64_MAX, 8 },
		{ "not in order", 0, VADDR + 51, 8 },
		{ "probe in data", 8, 0x500000, 8 },
		{ "probe behind the text", 8, VADDR + sizeof(code), 8 },
		{ "kind", 16, 2, 1 },
		{ "kind of another way", 16, INTSITE_POP, 1 },
		{ "way", 17, INTSITE_WAYS, 1 },
		{ "way of another kind", 17, INTSITE_BY_FREELIST, 1 },
		{ "object", 18, 16, 1 },
		{ "register", 19, 16, 1 },
		{ "emulated", 20, 2, 1 },
		{ "before", 21, 2, 1 },
		{ "filled", 22, 2, 1 },
		{ "untouched", 23, 2, 1 },
		{ "digit", 24, 16, 1 },
		{ "digit, but not the size", 24, INTSITE_LATER, 1 },
		{ "size", 25, 16, 1 },
		{ "size, but not the digit", 25, INTSITE_LATER, 1 },
	};
	size_t len;
	uint8_t *bytes = take_file(&len), saved[RECORD];

	(void)state;
	forge(bytes, len);
	assert_true(is_known());
	memcpy(saved, bytes + RECORDS_AT, RECORD);
	for (size_t i = 0; i < sizeof(forgeries) / sizeof(*forgeries); i++) {
		memcpy(bytes + RECORDS_AT + forgeries[i].at, &forgeries[i].value,
		       forgeries[i].size);
		forge(bytes, len);
		if (is_known())
			fail_msg("%s is not checked", forgeries[i].what);
		memcpy(bytes + RECORDS_AT, saved, RECORD);
	}
	forge(bytes, len);
	assert_true(is_known());
	free(bytes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_same),    TEST(test_none),	TEST(test_other_input),
		TEST(test_damaged), TEST(test_unsound),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
