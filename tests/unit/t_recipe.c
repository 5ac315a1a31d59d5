// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_recipe.c - recipes of frames: those that lead out of themselves, and those that are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "place/recipes.h"

static struct recipe_frame frame;

/* One with a bit of everything. */
static void make(void)
{
	memset(&frame, 0, sizeof(frame));
	frame.n_text = 16;
	memcpy(frame.text, "\0name\0type\0bytes", 16);
	frame.n_ops = 3;
	frame.ops[2].number = 42;
	frame.n_vars = 2;
	frame.n_parts = 2;
	frame.vars[1] = (struct recipe_var){ .name = 1, .type = 6, .n = 2, .size = 8,
					     .where = { .kind = RECIPE_EXPRESSION, .first = 2, .n = 1 } };
	frame.parts[0] = (struct recipe_part){ .name = 1, .depth = 1 };
	frame.parts[1] = (struct recipe_part){ .name = 1, .depth = 2, .bit = 7, .bits = 64 };
	frame.call.n = 1;
	frame.n_words = 2;
	frame.words[1] = (struct recipe_word){ -1, 6, 0 };
	frame.n_bases = 2;
	frame.bases[1] = (struct recipe_base){ .where = frame.vars[1].where, .offset = 8, .base = 1 };
	frame.parts[1].base = 2;
	frame.vars[1].words = frame.parts[0].words = (struct recipe_enum){ 1, 1 };
}

/* A number that leads out of it, where a sound one was. */
#define REFUSES(field, value)                  \
	do {                                   \
		make();                        \
		assert_true(recipe_check(&frame)); \
		(field) = (value);             \
		assert_false(recipe_check(&frame)); \
	} while (0)

static void refuses_hostile_ones(void **state)
{
	(void)state;
	REFUSES(frame.n_vars, RECIPE_VARS + 1);
	REFUSES(frame.n_ops, RECIPE_OPS + 1);
	REFUSES(frame.n_parts, RECIPE_PARTS + 1);
	REFUSES(frame.n_text, RECIPE_TEXT + 1);
	REFUSES(frame.n_text, 0);
	REFUSES(frame.levels, UINT32_MAX);
	REFUSES(frame.name, 16);
	REFUSES(frame.vars[1].name, 16);
	REFUSES(frame.vars[1].owner, UINT32_MAX);
	REFUSES(frame.vars[1].where.n, 2);
	REFUSES(frame.vars[1].where.first, 4);
	REFUSES(frame.vars[1].first, 1);
	REFUSES(frame.vars[1].role, RECIPE_ROLES);
	REFUSES(frame.vars[1].encoding, RECIPE_ENCODINGS);
	REFUSES(frame.vars[1].length.load, 9);
	REFUSES(frame.vars[1].length.where, ((struct recipe){ .kind = RECIPE_EXPRESSION, .n = 4 }));
	REFUSES(frame.vars[0].where, ((struct recipe){ .kind = RECIPE_CONTENT, .first = 8, .number = 9 }));
	REFUSES(frame.vars[0].where, ((struct recipe){ .kind = RECIPE_CONTENT, .number = UINT64_MAX }));
	REFUSES(frame.parts[1].type, 16);
	REFUSES(frame.parts[1].depth, 0);
	REFUSES(frame.parts[1].depth, RECIPE_DEPTH + 1);
	REFUSES(frame.parts[1].bit, 8);
	REFUSES(frame.parts[1].bits, 65);
	REFUSES(frame.n_words, RECIPE_WORDS + 1);
	REFUSES(frame.n_bases, RECIPE_BASES + 1);
	REFUSES(frame.parts[0].base, 3);
	REFUSES(frame.bases[0].base, 1);
	REFUSES(frame.bases[1].base, 2);
	REFUSES(frame.bases[0].where, ((struct recipe){ .kind = RECIPE_EXPRESSION, .n = 4 }));
	REFUSES(frame.words[1].name, 16);
	REFUSES(frame.vars[1].words.n, 2);
	REFUSES(frame.parts[0].words.first, 3);
	REFUSES(frame.call.n, RECIPE_PARAMS + 1);
	REFUSES(frame.call.name, 16);
	REFUSES(frame.call.params[0].value, ((struct recipe){ .kind = RECIPE_EXPRESSION, .n = 4 }));
	REFUSES(frame.cfa, ((struct recipe){ .kind = RECIPE_EXPRESSION, .first = 3, .n = 1 }));
	REFUSES(frame.registers[16], ((struct recipe){ .kind = RECIPE_EXPRESSION, .n = 4 }));
}

static void ends_its_text(void **state)
{
	(void)state;
	make();
	assert_true(recipe_check(&frame));
	assert_int_equal(frame.text[15], 0);
}

static void keeps_what_is_in_use(void **state)
{
	static struct recipe_frame again;
	struct recipes recipes = { .bytes = 0 };
	int one, other;

	(void)state;
	make();
	assert_false(recipes_get(&recipes, &one, 5, &again));
	recipes_put(&recipes, &one, 5, &frame);
	frame.levels = 7;
	recipes_put(&recipes, &one, 6, &frame);
	assert_false(recipes_get(&recipes, &other, 5, &again));
	assert_true(recipes_get(&recipes, &one, 6, &again));
	assert_int_equal(again.levels, 7);
	memset(&again, 0xff, sizeof(again));
	assert_true(recipes_get(&recipes, &one, 5, &again));
	make();
	assert_memory_equal(&again, &frame, offsetof(struct recipe_frame, vars));
	assert_memory_equal(again.vars, frame.vars, 2 * sizeof(*frame.vars));
	assert_memory_equal(again.ops, frame.ops, 3 * sizeof(*frame.ops));
	assert_memory_equal(again.parts, frame.parts, 2 * sizeof(*frame.parts));
	assert_memory_equal(again.words, frame.words, 2 * sizeof(*frame.words));
	assert_memory_equal(again.bases, frame.bases, 2 * sizeof(*frame.bases));
	assert_memory_equal(again.text, frame.text, 16);
	assert_true(recipes.bytes < 8192);
	recipes_clear(&recipes);
	assert_false(recipes_get(&recipes, &one, 5, &again));
}

static void keeps_no_more_than_it_may(void **state)
{
	struct recipes recipes = { .bytes = 0 };
	size_t most = 0;

	(void)state;
	make();
	frame.n_vars = RECIPE_VARS;
	frame.n_ops = RECIPE_OPS;
	for (uint64_t i = 0; i < 1000; i++) {
		recipes_put(&recipes, &frame, i, &frame);
		most = recipes.bytes > most ? recipes.bytes : most;
	}
	assert_in_range(most, RECIPES_MAX / 2, RECIPES_MAX + sizeof(frame));
	recipes_clear(&recipes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_hostile_ones),
		cmocka_unit_test(ends_its_text),
		cmocka_unit_test(keeps_what_is_in_use),
		cmocka_unit_test(keeps_no_more_than_it_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
