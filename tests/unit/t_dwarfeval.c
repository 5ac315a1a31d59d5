// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_dwarfeval.c - DWARF expressions, sound ones and hostile ones, and values in short. */
#include <dwarf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dwarf/cvalue.h"
#include "dwarf/dwarfeval.h"

static struct recipe_frame frame = { .n_text = RECIPE_TEXT };
static struct cregs regs;
static const struct centry_values *entry;
static const struct ctls *tls;

/* Where n operations lead, with rbp 0x1000 known, and a CFA of 0x2000. */
static struct where try(const struct recipe_op *ops, size_t n)
{
	const struct dwarfeval eval = { .pid = getpid(),
					.bias = 0x100000,
					.frame = &frame,
					.regs = &regs,
					.entry = entry,
					.tls = tls,
					.has_cfa = true,
					.cfa = 0x2000 };
	const struct recipe recipe = { .kind = RECIPE_EXPRESSION, .n = (uint16_t)n };

	memcpy(frame.ops, ops, n * sizeof(*ops));
	regs = (struct cregs){ 0 };
	cregs_set(&regs, 6, 0x1000);
	return dwarfeval_where(&eval, &recipe);
}

#define TRY(...) \
	try((const struct recipe_op[]){ __VA_ARGS__ }, \
	    sizeof((const struct recipe_op[]){ __VA_ARGS__ }) / sizeof(struct recipe_op))

static void is(struct where where, enum where_kind kind, uint64_t addr)
{
	assert_int_equal(where.kind, kind);
	assert_int_equal(where.addr, addr);
}

static void finds_places(void **state)
{
	static uint64_t there = 0xabcdef;

	(void)state;
	is(TRY({ .atom = DW_OP_addr, .number = 0x40 }), WHERE_MEMORY, 0x100040);
	is(TRY({ .atom = DW_OP_breg6, .number = (uint64_t)-24 }), WHERE_MEMORY, 0x1000 - 24);
	is(TRY({ .atom = DW_OP_call_frame_cfa }, { .atom = DW_OP_plus_uconst, .number = 8 }),
	   WHERE_MEMORY, 0x2008);
	is(TRY({ .atom = DW_OP_reg3 }), WHERE_REGISTER, 3);
	is(TRY({ .atom = DW_OP_regx, .number = 20 }), WHERE_REGISTER, 20);
	is(TRY({ .atom = DW_OP_lit7 }, { .atom = DW_OP_neg }, { .atom = DW_OP_stack_value }),
	   WHERE_VALUE, (uint64_t)-7);
	is(TRY({ .atom = DW_OP_const8u, .number = (uintptr_t)&there }, { .atom = DW_OP_deref }),
	   WHERE_MEMORY, 0xabcdef);
	is(TRY({ .atom = DW_OP_const8u, .number = (uintptr_t)&there },
	       { .atom = DW_OP_deref_size, .number = 1 }),
	   WHERE_MEMORY, 0xef);
}

/* Of a register when the function was called, if its caller tells. */
static void asks_the_caller(void **state)
{
	const struct centry_values called = { 2, { { 5, 77 }, { 9 | RECIPE_PARAM_PLACE, 78 } } };

	(void)state;
	assert_string_equal(TRY({ .atom = DW_OP_entry_value, .number = 5 }).why,
			    "the value it was called with is not known");
	entry = &called;
	is(TRY({ .atom = DW_OP_entry_value, .number = 5 }, { .atom = DW_OP_stack_value }),
	   WHERE_VALUE, 77);
	is(TRY({ .atom = DW_OP_GNU_entry_value, .number = 5 }, { .atom = DW_OP_lit1 },
	       { .atom = DW_OP_plus }, { .atom = DW_OP_stack_value }),
	   WHERE_VALUE, 78);
	is(TRY({ .atom = DW_OP_GNU_parameter_ref, .number = 9 | RECIPE_PARAM_PLACE },
	       { .atom = DW_OP_stack_value }),
	   WHERE_VALUE, 78);
	assert_int_equal(TRY({ .atom = DW_OP_entry_value, .number = 9 }).kind, WHERE_NOWHERE);
	assert_int_equal(TRY({ .atom = DW_OP_entry_value, .number = 4 }).kind, WHERE_NOWHERE);
	assert_int_equal(TRY({ .atom = DW_OP_entry_value, .number = RECIPE_REGS }).kind,
			 WHERE_NOWHERE);
	entry = NULL;
}

static void finds_what_is_of_a_thread(void **state)
{
	const struct ctls known = { .block = 0x7000 }, unknown = { .why = "so" };

	(void)state;
	assert_int_equal(TRY({ .atom = DW_OP_const8u, .number = 16 },
			     { .atom = DW_OP_GNU_push_tls_address }).kind, WHERE_UNKNOWN);
	tls = &unknown;
	assert_string_equal(TRY({ .atom = DW_OP_const8u, .number = 16 },
				{ .atom = DW_OP_form_tls_address }).why, "so");
	tls = &known;
	is(TRY({ .atom = DW_OP_const8u, .number = 16 }, { .atom = DW_OP_form_tls_address }),
	   WHERE_MEMORY, 0x7010);
	assert_int_equal(TRY({ .atom = DW_OP_form_tls_address }).kind, WHERE_UNKNOWN);
	tls = NULL;
}

/* A value of each piece, as it is kept: a register, memory, nothing, a value. */
static void finds_pieces(void **state)
{
	static const uint32_t there = 0x44332211;
	struct where where = TRY({ .atom = DW_OP_reg6 }, { .atom = DW_OP_piece, .number = 4 },
				 { .atom = DW_OP_const8u, .number = (uintptr_t)&there },
				 { .atom = DW_OP_piece, .number = 4 },
				 { .atom = DW_OP_piece, .number = 2 },
				 { .atom = DW_OP_breg3 }, { .atom = DW_OP_piece, .number = 1 },
				 { .atom = DW_OP_lit9 }, { .atom = DW_OP_stack_value },
				 { .atom = DW_OP_piece, .number = 1 });
	uint8_t bytes[8] = { 0 };

	(void)state;
	assert_int_equal(where.kind, WHERE_PIECES);
	assert_int_equal(where.n, 5);
	is(where_part(&where, 0, 4), WHERE_REGISTER, 6);
	is(where_part(&where, 6, 1), WHERE_MEMORY, (uintptr_t)&there + 2);
	is(where_part(&where, 8, 2), WHERE_NOWHERE, 0);
	assert_int_equal(where_part(&where, 10, 1).kind, WHERE_UNKNOWN);
	is(where_part(&where, 11, 1), WHERE_VALUE, 9);
	assert_int_equal(where_part(&where, 2, 4).kind, WHERE_PIECES);
	assert_int_equal(where_part(&where, 2, 4).n, 2);
	assert_true(where_fetch(&where, getpid(), &regs, 1, bytes, 6)); /* of 0x1000, and there */
	assert_memory_equal(bytes, "\x10\0\0\x11\x22\x33", 6);
	assert_true(where_fetch(&where, getpid(), &regs, 11, bytes, 1));
	assert_int_equal(bytes[0], 9);
	assert_false(where_fetch(&where, getpid(), &regs, 6, bytes, 4)); /* nothing is there */
	assert_false(where_fetch(&where, getpid(), &regs, 10, bytes, 1));
	assert_false(where_fetch(&where, getpid(), &regs, 12, bytes, 1)); /* behind its end */
	/* what is left of one that is not known is not where the next one is */
	where = TRY({ .atom = DW_OP_lit1 }, { .atom = DW_OP_breg3 }, { .atom = DW_OP_piece, .number = 4 },
		    { .atom = DW_OP_piece, .number = 4 });
	is(where_part(&where, 4, 4), WHERE_NOWHERE, 0);
	where = TRY({ .atom = DW_OP_breg6 }, { .atom = DW_OP_bit_piece, .number = 32, .number2 = 64 });
	is(where_part(&where, 0, 4), WHERE_MEMORY, 0x1008);
	assert_string_equal(TRY({ .atom = DW_OP_reg6 }, { .atom = DW_OP_bit_piece, .number = 3 },
				{ .atom = DW_OP_reg6 }, { .atom = DW_OP_bit_piece, .number = 5 }).why,
			    "its bits lie in several places");
	is(TRY({ .atom = DW_OP_piece, .number = 1 }, { .atom = DW_OP_piece, .number = 1 },
	       { .atom = DW_OP_piece, .number = 1 }, { .atom = DW_OP_piece, .number = 1 },
	       { .atom = DW_OP_piece, .number = 1 }, { .atom = DW_OP_piece, .number = 1 },
	       { .atom = DW_OP_piece, .number = 1 }, { .atom = DW_OP_piece, .number = 1 },
	       { .atom = DW_OP_piece, .number = 1 }), WHERE_UNKNOWN, 0);
}

/* Types: what does not fit is cut, and the sign goes on. */
static void converts(void **state)
{
	const uint64_t i32 = 4 | RECIPE_TYPE_SIGNED, i64 = 8 | RECIPE_TYPE_SIGNED;

	(void)state;
	is(TRY({ .atom = DW_OP_const8u, .number = 0x1fffffffe }, { .atom = DW_OP_convert, .number = i32 },
	       { .atom = DW_OP_convert, .number = i64 }, { .atom = DW_OP_stack_value }),
	   WHERE_VALUE, (uint64_t)-2);
	is(TRY({ .atom = DW_OP_const8u, .number = 0x1fffffffe }, { .atom = DW_OP_convert, .number = 4 },
	       { .atom = DW_OP_convert, .number = i64 }, { .atom = DW_OP_stack_value }),
	   WHERE_VALUE, 0xfffffffe);
	is(TRY({ .atom = DW_OP_regval_type, .number = 6, .number2 = 1 }), WHERE_MEMORY, 0);
	assert_int_equal(TRY({ .atom = DW_OP_lit1 },
			     { .atom = DW_OP_convert, .number = RECIPE_TYPE_OTHER }).kind, WHERE_UNKNOWN);
	/* -1 / 2, and as a word without a sign */
	is(TRY({ .atom = DW_OP_const8u, .number = UINT64_MAX }, { .atom = DW_OP_lit2 },
	       { .atom = DW_OP_div }), WHERE_MEMORY, 0);
	is(TRY({ .atom = DW_OP_const8u, .number = UINT64_MAX }, { .atom = DW_OP_convert, .number = 8 },
	       { .atom = DW_OP_lit2 }, { .atom = DW_OP_div }), WHERE_MEMORY, INT64_MAX);
	is(TRY({ .atom = DW_OP_lit7 }, { .atom = DW_OP_lit4 }, { .atom = DW_OP_mod }), WHERE_MEMORY, 3);
	is(TRY({ .atom = DW_OP_const8u, .number = 1ULL << 63 }, { .atom = DW_OP_lit1 },
	       { .atom = DW_OP_neg }, { .atom = DW_OP_div }), WHERE_MEMORY, 1ULL << 63);
	assert_int_equal(TRY({ .atom = DW_OP_lit1 }, { .atom = DW_OP_lit0 }, { .atom = DW_OP_div }).kind,
			 WHERE_UNKNOWN);
}

static void takes_bytes_along(void **state)
{
	uint8_t bytes[10];
	struct where where;

	(void)state;
	memcpy(frame.text + 100, "0123456789", 10);
	where = TRY({ .atom = DW_OP_implicit_value, .number = 100, .number2 = 10 });
	assert_int_equal(where.kind, WHERE_VALUE);
	assert_true(where_fetch(&where, getpid(), &regs, 0, bytes, 10));
	assert_memory_equal(bytes, "0123456789", 10);
	where = where_part(&where, 4, 3);
	assert_true(where_fetch(&where, getpid(), &regs, 1, bytes, 2));
	assert_memory_equal(bytes, "56", 2);
	assert_false(where_fetch(&where, getpid(), &regs, 4, bytes, 3));
	assert_int_equal(TRY({ .atom = DW_OP_implicit_value, .number = RECIPE_TEXT - 1, .number2 = 2 }).kind,
			 WHERE_UNKNOWN);
	assert_int_equal(TRY({ .atom = DW_OP_implicit_value, .number = UINT64_MAX, .number2 = 2 }).kind,
			 WHERE_UNKNOWN);
}

static void cuts_bits_out(void **state)
{
	static const uint8_t bytes[CVALUE_BITS_BYTES] = { 0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0a };

	(void)state;
	assert_int_equal(cvalue_bits(bytes, 2, 3, RECIPE_UNSIGNED), 4);
	assert_int_equal((int64_t)cvalue_bits(bytes, 2, 3, RECIPE_SIGNED), -4);
	assert_int_equal(cvalue_bits(bytes, 4, 64, RECIPE_UNSIGNED), 0xafffffffffffffff);
	assert_int_equal(cvalue_bits(bytes, 0, 64, RECIPE_UNSIGNED), 0xfffffffffffffff0);
	assert_int_equal((int64_t)cvalue_bits(bytes, 7, 1, RECIPE_SIGNED), -1);
}

static void finds_by_the_frame(void **state)
{
	(void)state;
	/* the base behind the expression itself: the CFA */
	frame.base = (struct recipe){ .kind = RECIPE_EXPRESSION, .first = 8, .n = 1 };
	frame.ops[8] = (struct recipe_op){ .atom = DW_OP_call_frame_cfa };
	is(TRY({ .atom = DW_OP_fbreg, .number = (uint64_t)-32 }), WHERE_MEMORY, 0x2000 - 32);
	frame.ops[8] = (struct recipe_op){ .atom = DW_OP_reg6 };
	is(TRY({ .atom = DW_OP_fbreg, .number = 4 }), WHERE_MEMORY, 0x1004);
	/* a base that is relative to itself has no end */
	frame.ops[8] = (struct recipe_op){ .atom = DW_OP_fbreg };
	assert_int_equal(TRY({ .atom = DW_OP_fbreg, .number = 4 }).kind, WHERE_UNKNOWN);
	frame.base.kind = RECIPE_NONE;
	assert_int_equal(TRY({ .atom = DW_OP_fbreg, .number = 4 }).kind, WHERE_UNKNOWN);
}

/* What a PLT's unwind table has: 8 bytes more behind the eleventh byte of an entry. */
static void branches_and_compares(void **state)
{
	(void)state;
	is(TRY({ .atom = DW_OP_lit5 }, { .atom = DW_OP_lit4 }, { .atom = DW_OP_ge },
	       { .atom = DW_OP_lit3 }, { .atom = DW_OP_shl }),
	   WHERE_MEMORY, 8);
	is(TRY({ .atom = DW_OP_lit1, .offset = 0 }, { .atom = DW_OP_bra, .offset = 1, .number = 1 },
	       { .atom = DW_OP_lit2, .offset = 4 }, { .atom = DW_OP_lit9, .offset = 5 }),
	   WHERE_MEMORY, 9);
}

static void refuses_hostile_ones(void **state)
{
	struct recipe_op many[100];

	(void)state;
	/* round and round */
	assert_int_equal(TRY({ .atom = DW_OP_skip, .offset = 0, .number = (uint64_t)-3 }).kind,
			 WHERE_UNKNOWN);
	/* into the middle of nothing */
	assert_int_equal(TRY({ .atom = DW_OP_skip, .offset = 0, .number = 77 }).kind, WHERE_UNKNOWN);
	for (size_t i = 0; i < 100; i++)
		many[i] = (struct recipe_op){ .atom = DW_OP_lit1 };
	assert_int_equal(try(many, 100).kind, WHERE_UNKNOWN); /* a stack has 64 */
	assert_int_equal(TRY({ .atom = DW_OP_plus }).kind, WHERE_UNKNOWN);
	assert_int_equal(TRY({ .atom = DW_OP_drop }).kind, WHERE_UNKNOWN);
	assert_int_equal(TRY({ .atom = DW_OP_lit1 }, { .atom = DW_OP_swap }).kind, WHERE_UNKNOWN);
	assert_int_equal(TRY({ .atom = DW_OP_lit1 }, { .atom = DW_OP_pick, .number = UINT64_MAX }).kind,
			 WHERE_UNKNOWN);
	assert_int_equal(TRY({ .atom = DW_OP_lit1 }, { .atom = DW_OP_deref }).kind, WHERE_UNKNOWN);
	assert_int_equal(TRY({ .atom = DW_OP_lit1 }, { .atom = DW_OP_deref_size, .number = 99 }).kind,
			 WHERE_UNKNOWN);
	assert_int_equal(TRY({ .atom = DW_OP_breg3 }).kind, WHERE_UNKNOWN); /* not known */
	assert_int_equal(TRY({ .atom = DW_OP_bregx, .number = UINT64_MAX }).kind, WHERE_UNKNOWN);
	assert_int_equal(TRY({ .atom = 0xfe }).kind, WHERE_UNKNOWN);
	is(TRY({ .atom = DW_OP_lit8 }, { .atom = DW_OP_const1u, .number = 200 }, { .atom = DW_OP_shl }),
	   WHERE_MEMORY, 0);
	assert_int_equal(try(many, 0).kind, WHERE_UNKNOWN);
}

static const char *text(enum recipe_encoding encoding, const void *bytes, size_t n)
{
	static char buf[64];

	return cvalue_text(getpid(), encoding, bytes, n, buf, sizeof(buf));
}

static void writes_values(void **state)
{
	static const char characters[] = "to be read";
	const char *pointer = characters;
	char expected[64];

	(void)state;
	assert_string_equal(text(RECIPE_SIGNED, &(short){ -300 }, 2), "-300");
	assert_string_equal(text(RECIPE_SIGNED, &(long){ INT64_MIN }, 8), "-9223372036854775808");
	assert_string_equal(text(RECIPE_UNSIGNED, &(long){ -1 }, 8), "18446744073709551615");
	assert_string_equal(text(RECIPE_BOOL, &(char){ 2 }, 1), "true");
	assert_string_equal(text(RECIPE_CHAR, "x", 1), "'x'");
	assert_string_equal(text(RECIPE_CHAR, "\n", 1), "10");
	assert_string_equal(text(RECIPE_CHAR, "\xc8", 1), "-56");
	assert_string_equal(text(RECIPE_UCHAR, "\xc8", 1), "200");
	assert_string_equal(text(RECIPE_FLOAT, &(double){ 0.1 }, 8), "0.1");
	assert_string_equal(text(RECIPE_FLOAT, &(float){ -2.5f }, 4), "-2.5");
	assert_string_equal(text(RECIPE_CHARS, "abc\0xyz", 8), "\"abc\"");
	assert_string_equal(text(RECIPE_BYTES, "abc", 3), "");
	assert_string_equal(text(RECIPE_SIGNED, "0123456789abcdef", 16), "");
	assert_string_equal(text(RECIPE_SIGNED, "", 0), "");
	snprintf(expected, sizeof(expected), "%p \"to be read\"", (const void *)characters);
	assert_string_equal(text(RECIPE_STRING, &pointer, 8), expected);
	pointer = (const char *)16; /* leads nowhere */
	assert_string_equal(text(RECIPE_STRING, &pointer, 8), "0x10");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_places),		cmocka_unit_test(finds_by_the_frame),
		cmocka_unit_test(branches_and_compares), cmocka_unit_test(refuses_hostile_ones),
		cmocka_unit_test(writes_values),	cmocka_unit_test(asks_the_caller),
		cmocka_unit_test(finds_what_is_of_a_thread), cmocka_unit_test(finds_pieces),
		cmocka_unit_test(converts),		cmocka_unit_test(takes_bytes_along),
		cmocka_unit_test(cuts_bits_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
