// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_jitmap.c - perf maps as they are written, and as they are not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "place/jitmap.h"

static void parse(struct jitmap *map, const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len + 1);

	memcpy(copy, text, len);
	jitmap_parse(map, copy, len);
	map->looked_ns = UINT64_MAX; /* no file is looked at */
}

static const char *find(struct jitmap *map, uint64_t addr)
{
	uint64_t start;

	return jitmap_find(map, getpid(), addr, &start);
}

static void lines(void **state)
{
	struct jitmap map = { 0 };
	uint64_t start;

	(void)state;
	parse(&map, "2000 10 second\n"
		    "1000 20 first one:/a b.py\n"
		    "nonsense\n"
		    "3000\n3000 \n3000 10\n3000 10 \n3000 0 empty\n"
		    "ffffffffffffffff 10 around\n"
		    "4000 10 not ended");
	assert_int_equal(map.n, 2);
	assert_null(find(&map, 0xfff));
	assert_string_equal(find(&map, 0x1000), "first one:/a b.py");
	assert_string_equal(find(&map, 0x101f), "first one:/a b.py");
	assert_null(find(&map, 0x1020));
	assert_string_equal(jitmap_find(&map, getpid(), 0x2005, &start), "second");
	assert_int_equal(start, 0x2000);
	assert_null(find(&map, 0x4005));
	jitmap_clear(&map);
	parse(&map, "");
	assert_null(find(&map, 0));
	jitmap_clear(&map);
}

static void the_later_is_right(void **state)
{
	struct jitmap map = { 0 };

	(void)state;
	parse(&map, "1000 20 old\n5000 10 other\n1000 20 new\n");
	assert_string_equal(find(&map, 0x1010), "new");
	jitmap_clear(&map);
}

static void a_file_that_grows(void **state)
{
	struct jitmap map = { 0 };
	char path[64];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	assert_null(find(&map, 0x1000));
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("1000 10 one\n", file);
	fflush(file);
	assert_null(find(&map, 0x1000)); /* it was looked for a moment ago */
	map.looked_ns -= JITMAP_EVERY_NS;
	assert_string_equal(find(&map, 0x1000), "one");
	fputs("2000 10 two\n", file);
	fflush(file);
	map.looked_ns -= JITMAP_EVERY_NS;
	assert_string_equal(find(&map, 0x2000), "two");
	assert_string_equal(find(&map, 0x1000), "one");
	fclose(file);
	jitmap_clear(&map);
	/* what another user has put there says nothing of this process */
	if (getuid() == 0) {
		assert_int_equal(chown(path, 1234, 1234), 0);
		assert_null(find(&map, 0x1000));
		jitmap_clear(&map);
	}
	/* nor does what is no file: it would be waited for */
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(find(&map, 0x1000));
	jitmap_clear(&map);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(the_later_is_right),
		cmocka_unit_test(a_file_that_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
