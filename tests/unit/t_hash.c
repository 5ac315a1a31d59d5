// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_hash.c - the number map and the string pool, against plain arrays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/intern.h"

#define KEYS 512

static void agrees_with_an_array(void **state)
{
	struct hash hash = { 0 };
	int values[KEYS], *expected[KEYS] = { 0 };
	size_t n = 0;

	(void)state;
	srand(3);
	assert_null(hash_get(&hash, 1));
	assert_null(hash_remove(&hash, 1));
	for (int i = 0; i < 300000; i++) {
		/* keys that collide in their low bits, as pids and addresses do */
		unsigned k = rand() % KEYS;
		uint64_t key = (uint64_t)k << 12;

		if (rand() % 2) {
			n += !expected[k];
			expected[k] = &values[rand() % KEYS];
			assert_int_equal(hash_set(&hash, key, expected[k]), 0);
		} else {
			n -= !!expected[k];
			assert_ptr_equal(hash_remove(&hash, key), expected[k]);
			expected[k] = NULL;
		}
		k = rand() % KEYS;
		assert_ptr_equal(hash_get(&hash, (uint64_t)k << 12), expected[k]);
		assert_int_equal(hash.n, n);
	}
	size_t at = 0, seen = 0;
	uint64_t key;
	void *value;

	while ((value = hash_next(&hash, &at, &key))) {
		assert_ptr_equal(value, expected[key >> 12]);
		seen++;
	}
	assert_int_equal(seen, n);
	hash_clear(&hash);
}

static void equal_strings_are_one(void **state)
{
	struct intern pool = { 0 };
	const char *kept[1000];
	char text[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "/lib/%d.so", i);
		kept[i] = intern(&pool, text);
		assert_string_equal(kept[i], text);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "/lib/%d.so", i);
		assert_ptr_equal(intern(&pool, text), kept[i]);
	}
	assert_string_equal(intern(&pool, ""), "");
	intern_clear(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_an_array),
		cmocka_unit_test(equal_strings_are_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
