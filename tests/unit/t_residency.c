// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_residency.c - what is resident, by the text of smaps and for parts of our own memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "survey/residency.h"

#define PAGE_BYTES 4096

static const char text[] =
	"55d0a0000000-55d0a0002000 r--p 00000000 fd:00 12 /usr/bin/x Rss: 99 kB\n"
	"Size:                  8 kB\n"
	"Rss:                   4 kB\n"
	"Pss:                   4 kB\n"
	"Pss_Dirty:             9 kB\n"
	"Shared_Clean:          4 kB\n"
	"Shared_Dirty:          0 kB\n"
	"Private_Dirty:         0 kB\n"
	"Swap:                  0 kB\n"
	"SwapPss:               7 kB\n"
	"VmFlags: rd mr mw me\n"
	"7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 [stack]\n"
	"Rss:                  20 kB\n"
	"Shared_Dirty:          4 kB\n"
	"Private_Dirty:         8 kB\n"
	"AnonHugePages:         2 kB\n"
	"FilePmdMapped:         1 kB\n"
	"Shared_Hugetlb:     2048 kB\n"
	"Private_Hugetlb:    4096 kB\n"
	"Swap:                 12 kB\n";

static void areas_of_smaps(void **state)
{
	struct residents residents;
	struct residency bytes;

	(void)state;
	assert_int_equal(residents_parse(text, &residents), 0);
	assert_int_equal(residents.n, 2);
	assert_int_equal(residents.at[1].start, 0x7ffd00000000);
	assert_int_equal(residents.at[1].end, 0x7ffd00021000);
	assert_int_equal(residents.at[0].bytes.resident, 4096);
	assert_int_equal(residents.at[0].bytes.dirty, 0);
	assert_int_equal(residents.at[1].bytes.dirty, 12 * 1024);
	assert_int_equal(residents.all.resident, 24 * 1024);
	assert_int_equal(residents.all.swapped, 12 * 1024);
	assert_int_equal(residents.all.size, 0x23000);
	assert_int_equal(residents.all.huge, 3 * 1024);
	assert_int_equal(residents.all.hugetlb, 6 << 20);
	assert_true(residents_of(&residents, 0x7ffd00000000, 0x7ffd00021000, &bytes));
	assert_int_equal(bytes.resident, 20 * 1024);
	/* without a pagemap nothing can be said of a part */
	assert_false(residents_of(&residents, 0x7ffd00000000, 0x7ffd00001000, &bytes));
	residents_clear(&residents);
}

static void damaged_text(void **state)
{
	struct residents residents;

	(void)state;
	assert_int_equal(residents_parse("Rss: 4 kB\n\nRss:\n", &residents), 0);
	assert_int_equal(residents.n, 0);
	residents_clear(&residents);
	assert_int_not_equal(residents_parse("2000-1000 r--p 0 0:0 0\n", &residents), 0);
	residents_clear(&residents);
}

/* Of four pages the first is written, the second read, the third written, the last neither. */
static void parts_of_an_area(void **state)
{
	char *at = mmap(NULL, 4 * PAGE_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint64_t start = (uintptr_t)at;
	struct residents residents;
	struct residency bytes;

	(void)state;
	at[0] = at[2 * PAGE_BYTES] = 1;
	assert_int_equal(((volatile char *)at)[PAGE_BYTES], 0);
	assert_int_equal(residents_read(getpid(), &residents), 0);
	assert_true(residents_of(&residents, start, start + PAGE_BYTES, &bytes));
	assert_int_equal(bytes.resident, PAGE_BYTES);
	assert_int_equal(bytes.dirty, PAGE_BYTES);
	assert_true(residents_of(&residents, start + 100, start + 300, &bytes));
	assert_int_equal(bytes.size, 200);
	assert_int_equal(bytes.resident, 200);
	assert_true(residents_of(&residents, start + 3 * PAGE_BYTES - 8, start + 4 * PAGE_BYTES,
				 &bytes));
	assert_int_equal(bytes.resident, 8);
	/* only root is told which page is the one of zeroes */
	if (residents.zero_page) {
		assert_true(residents_of(&residents, start + PAGE_BYTES, start + 2 * PAGE_BYTES,
					 &bytes));
		assert_int_equal(bytes.resident, 0);
	}
	residents_clear(&residents);
	munmap(at, 4 * PAGE_BYTES);
}

static void no_process(void **state)
{
	struct residents residents;

	(void)state;
	assert_int_not_equal(residents_read(0x7fffffff, &residents), 0);
	residents_clear(&residents);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(areas_of_smaps),
		cmocka_unit_test(damaged_text),
		cmocka_unit_test(parts_of_an_area),
		cmocka_unit_test(no_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
