// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_slide.c - every rule by which slide.c moves a probe, and the bytes that need it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/clean.h"
#include "probe/slide.h"

#define VADDR 0x401000

#define ENTRY_EMULATED "entry instruction is emulated"
#define FIRST_EMULATED "first emulated instruction in straight line"
#define CONTROL "control is transferred first"
#define STACK_POINTER "stack pointer moves first"
#define STACK_WRITTEN "stack is written first"
#define ARGUMENT "argument register is overwritten first"
#define UNKNOWN "an instruction not known to be harmless comes first"
#define DOES_NOT_DECODE "an instruction does not decode first"
#define TOO_FAR "no emulated instruction within 32 bytes"
#define FUNCTION_ENDS "function ends first"
#define SIZE_UNKNOWN "function size unknown"
#define SIZE_OUTSIDE "function ends outside the text"
#define SIZE_TOO_LARGE "function too large to check"
#define PART_NOT_DECODED "part of the function does not decode"
#define INDIRECT "an indirect jump is in the function"
#define BRANCH "a branch enters the skipped bytes"

#define ALL_ARGS 0x3f
#define SIZE_NOT_KNOWN UINT64_MAX

/* Parts of functions that are the same in many rows. */
#define ENDBR64 0xf3, 0x0f, 0x1e, 0xfa
#define TEST_RDI 0x48, 0x85, 0xff /* test %rdi,%rdi */
#define JE 0x74, 0x00		  /* je to the next instruction */
#define PUSH_RBP 0x55
#define NOP4 0x0f, 0x1f, 0x40, 0x00
#define NOP16 NOP4, NOP4, NOP4, NOP4
#define RET 0xc3
#define FUNCTION TEST_RDI, JE, RET

struct row {
	const char *what;
	const char *why;
	uint32_t offset;
	size_t entry;  /* of the function, in code */
	uint64_t size; /* of the function; 0: to the end of code */
	size_t len;
	uint8_t code[40];
};

#define ROW(what_, why_, offset_, entry_, size_, ...)                                              \
	{                                                                                          \
		.what = what_, .why = why_, .offset = offset_, .entry = entry_, .size = size_,     \
		.len = sizeof((uint8_t[]){ __VA_ARGS__ }), .code = {                               \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

/* A function that is all of the text, or a part of it; its probe stays or moves. */
#define STAYS(what, why, ...) ROW(what, why, 0, 0, 0, __VA_ARGS__)
#define MOVES(what, offset, ...) ROW(what, FIRST_EMULATED, offset, 0, 0, __VA_ARGS__)
#define PART_STAYS(what, why, entry, size, ...) ROW(what, why, 0, entry, size, __VA_ARGS__)
#define PART_MOVES(what, offset, entry, size, ...)                                                 \
	ROW(what, FIRST_EMULATED, offset, entry, size, __VA_ARGS__)

static int choose(const struct row *row, unsigned args, struct slide *out)
{
	struct slide_text text = { .code = row->code, .len = row->len, .vaddr = VADDR };
	uint64_t size = row->size ? row->size : row->len - row->entry;

	return slide_choose(&text, VADDR + row->entry, size == SIZE_NOT_KNOWN ? 0 : size, args,
			    out);
}

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct slide slide;
		int error = choose(&rows[i], ALL_ARGS, &slide);

		if (error || slide.offset != rows[i].offset || strcmp(slide.why, rows[i].why) != 0)
			fail_msg("%s: %d, offset %u, %s", rows[i].what, error, slide.offset,
				 slide.why);
		assert_int_equal(slide.emulated, !strcmp(slide.why, ENTRY_EMULATED) ||
							 !strcmp(slide.why, FIRST_EMULATED));
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(*(rows)))

/* The emulated set, written down once more: arch/x86/kernel/uprobes.c. */
static bool kernel_emulates(const uint8_t *code)
{
	switch (code[0]) {
	case 0x50 ... 0x57:
	case 0x70 ... 0x7f:
	case 0x90:
	case 0xe8 ... 0xe9:
	case 0xeb: return true;
	case 0x41: return code[1] >= 0x50 && code[1] <= 0x57;
	case 0x0f: return code[1] >= 0x80 && code[1] <= 0x8f;
	default: return false;
	}
}

static void test_emulated_at_entry(void **state)
{
	static const uint8_t firsts[] = { 0x0f, 0x41, 0x40, 0x48, 0x49, 0x66, 0x67,
					  0xf2, 0xf3, 0x2e, 0x3e, 0x64, 0xf0 };
	struct row row = { .len = 16 };
	struct slide slide;

	(void)state;
	for (unsigned i = 0; i < 256 + 256 * sizeof(firsts); i++) {
		row.code[0] = i < 256 ? (uint8_t)i : firsts[i / 256 - 1];
		row.code[1] = i < 256 ? 0 : (uint8_t)i;
		if (choose(&row, 0, &slide))
			continue;
		assert_int_equal(!strcmp(slide.why, ENTRY_EMULATED), kernel_emulates(row.code));
		assert_int_equal(slide.emulated && !slide.offset, kernel_emulates(row.code));
	}
}

/* None of the emulated instructions is one with a prefix in front of it. */
static void test_prefixes(void **state)
{
	static const struct row rows[] = {
		STAYS("bnd jmp", CONTROL, 0xf2, 0xe9, 0, 0, 0, 0, PUSH_RBP),
		STAYS("bnd call", CONTROL, 0xf2, 0xe8, 0, 0, 0, 0, PUSH_RBP),
		STAYS("je, hinted", CONTROL, 0x3e, 0x74, 0, PUSH_RBP),
		STAYS("addr32 jmp", CONTROL, 0x67, 0xeb, 0, PUSH_RBP),
		STAYS("rex jmp", CONTROL, 0x48, 0xe9, 0, 0, 0, 0, PUSH_RBP),
		STAYS("push bp", STACK_POINTER, 0x66, 0x55, PUSH_RBP),
		STAYS("rex.w push", STACK_POINTER, 0x48, 0x55, PUSH_RBP),
		STAYS("rex.wb push", STACK_POINTER, 0x49, 0x55, PUSH_RBP),
		STAYS("pause", UNKNOWN, 0xf3, 0x90, PUSH_RBP),
		STAYS("xchg ax,ax", UNKNOWN, 0x66, 0x90, PUSH_RBP),
		STAYS("xchg, a nop to capstone", UNKNOWN, 0x66, 0x44, 0x4b, 0x90, PUSH_RBP),
		STAYS("behind endbr64", CONTROL, ENDBR64, 0xf2, 0xe9, 0, 0, 0, 0, PUSH_RBP),
	};

	(void)state;
	CHECK(rows);
}

static void test_straight_line(void **state)
{
	static const struct row rows[] = {
		MOVES("endbr64", 4, ENDBR64, PUSH_RBP),
		MOVES("free of glibc", 3, TEST_RDI, JE, PUSH_RBP),
		MOVES("push r12", 3, TEST_RDI, 0x41, 0x54),
		MOVES("je rel32", 3, TEST_RDI, 0x0f, 0x84, 0, 0, 0, 0),
		MOVES("nop", 3, TEST_RDI, 0x90),
		MOVES("call", 3, TEST_RDI, 0xe8, 0, 0, 0, 0),
		MOVES("cmpb $0,x(%rip)", 7, 0x80, 0x3d, 1, 2, 3, 4, 0, JE),
		MOVES("mov %fs:0x28,%rax", 9, 0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0, JE),
		MOVES("comisd x(%rip),%xmm0", 8, 0x66, 0x0f, 0x2f, 0x05, 1, 2, 3, 4, 0x76, 0),
		MOVES("movsd x(%rip),%xmm1", 8, 0xf2, 0x0f, 0x10, 0x0d, 1, 2, 3, 4, 0x72, 0),
		MOVES("mov (%rsp),%rax", 4, 0x48, 0x8b, 0x04, 0x24, PUSH_RBP),
		MOVES("mov %rsp,%rax", 3, 0x48, 0x89, 0xe0, PUSH_RBP),
		MOVES("mov %rax,(%rbx)", 3, 0x48, 0x89, 0x03, PUSH_RBP),
		MOVES("first of several", 3, TEST_RDI, JE, PUSH_RBP, 0x53, 0x90),
		STAYS("entry before later", ENTRY_EMULATED, PUSH_RBP, TEST_RDI, JE),
		MOVES("at byte 31", 31, NOP16, NOP4, NOP4, NOP4, TEST_RDI, PUSH_RBP),
		STAYS("at byte 32", TOO_FAR, NOP16, NOP16, PUSH_RBP),
		STAYS("does not decode", DOES_NOT_DECODE, TEST_RDI, 0x06, PUSH_RBP),
		STAYS("cut by the text's end", DOES_NOT_DECODE, TEST_RDI, 0xe9, 0, 0),
		PART_STAYS("cut by the function's end", FUNCTION_ENDS, 0, 4, TEST_RDI, JE),
		PART_STAYS("behind the function's end", FUNCTION_ENDS, 0, 3, TEST_RDI, JE),
	};

	(void)state;
	CHECK(rows);
}

static void test_not_stepped_over(void **state)
{
	static const struct row rows[] = {
		STAYS("ret", CONTROL, RET, PUSH_RBP),
		STAYS("jmp *%rax", CONTROL, 0xff, 0xe0, PUSH_RBP),
		STAYS("jmp *x(%rip)", CONTROL, 0xff, 0x25, 0, 0, 0, 0, PUSH_RBP),
		STAYS("call *%rax", CONTROL, 0xff, 0xd0, PUSH_RBP),
		STAYS("loop", CONTROL, 0xe2, 0, PUSH_RBP),
		STAYS("jrcxz", CONTROL, 0xe3, 0, PUSH_RBP),
		STAYS("xbegin", CONTROL, 0xc7, 0xf8, 0, 0, 0, 0, PUSH_RBP),
		STAYS("syscall", CONTROL, 0x0f, 0x05, PUSH_RBP),
		STAYS("int3", CONTROL, 0xcc, PUSH_RBP),
		STAYS("int 0x80", CONTROL, 0xcd, 0x80, PUSH_RBP),
		STAYS("iret", CONTROL, 0x48, 0xcf, PUSH_RBP),
		STAYS("ud2", UNKNOWN, 0x0f, 0x0b, PUSH_RBP),
		STAYS("hlt", UNKNOWN, 0xf4, PUSH_RBP),
		STAYS("rdtscp", ARGUMENT, 0x0f, 0x01, 0xf9, PUSH_RBP),
		STAYS("lfence", UNKNOWN, 0x0f, 0xae, 0xe8, PUSH_RBP),
		STAYS("mov %eax,%ss", UNKNOWN, 0x8e, 0xd0, PUSH_RBP),
		STAYS("mov (%rax),%fs", UNKNOWN, 0x8e, 0x20, PUSH_RBP),
		STAYS("mov %rax,%cr0", UNKNOWN, 0x0f, 0x22, 0xc0, PUSH_RBP),
		STAYS("pop %rax", STACK_POINTER, 0x58, PUSH_RBP),
		STAYS("push $1", STACK_POINTER, 0x6a, 1, PUSH_RBP),
		STAYS("push (%rax)", STACK_POINTER, 0xff, 0x30, PUSH_RBP),
		STAYS("sub $8,%rsp", STACK_POINTER, 0x48, 0x83, 0xec, 8, PUSH_RBP),
		STAYS("and $-16,%esp", STACK_POINTER, 0x83, 0xe4, 0xf0, PUSH_RBP),
		STAYS("mov %ax,%sp", STACK_POINTER, 0x66, 0x89, 0xc4, PUSH_RBP),
		STAYS("mov $1,%spl", STACK_POINTER, 0x40, 0xb4, 1, PUSH_RBP),
		STAYS("lea -8(%rsp),%rsp", STACK_POINTER, 0x48, 0x8d, 0x64, 0x24, 0xf8, PUSH_RBP),
		STAYS("leave", STACK_POINTER, 0xc9, PUSH_RBP),
		STAYS("enter", UNKNOWN, 0xc8, 1, 0, 0, PUSH_RBP),
		STAYS("mov %rax,(%rsp)", STACK_WRITTEN, 0x48, 0x89, 0x04, 0x24, PUSH_RBP),
		STAYS("add %rax,8(%rsp)", STACK_WRITTEN, 0x48, 1, 0x44, 0x24, 8, PUSH_RBP),
	};

	(void)state;
	CHECK(rows);
}

/* What overwrites one argument register blocks it for probes that read this one only. */
static void test_arguments(void **state)
{
	static const struct {
		const char *what;
		uint8_t code[8], len;
		unsigned arg;
	} rows[] = {
		{ "mov %rax,%rdi", { 0x48, 0x89, 0xc7 }, 3, 0 },
		{ "mov %eax,%edi", { 0x89, 0xc7 }, 2, 0 },
		{ "mov %ax,%di", { 0x66, 0x89, 0xc7 }, 3, 0 },
		{ "mov %al,%dil", { 0x40, 0x88, 0xc7 }, 3, 0 },
		{ "mov %rax,%rsi", { 0x48, 0x89, 0xc6 }, 3, 1 },
		{ "xor %esi,%esi", { 0x31, 0xf6 }, 2, 1 },
		{ "inc %si", { 0x66, 0xff, 0xc6 }, 3, 1 },
		{ "sete %sil", { 0x40, 0x0f, 0x94, 0xc6 }, 4, 1 },
		{ "lea 1(%rdx),%rdx", { 0x48, 0x8d, 0x52, 1 }, 4, 2 },
		{ "mov $1,%edx", { 0xba, 1, 0, 0, 0 }, 5, 2 },
		{ "mov $1,%dx", { 0x66, 0xba, 1, 0 }, 4, 2 },
		{ "mov $1,%dl", { 0xb2, 1 }, 2, 2 },
		{ "mov $1,%dh", { 0xb6, 1 }, 2, 2 },
		{ "mul %r10", { 0x49, 0xf7, 0xe2 }, 3, 2 },
		{ "cqo", { 0x48, 0x99 }, 2, 2 },
		{ "cmove %rax,%rcx", { 0x48, 0x0f, 0x44, 0xc8 }, 4, 3 },
		{ "shr %ecx", { 0xd1, 0xe9 }, 2, 3 },
		{ "mov $1,%cx", { 0x66, 0xb9, 1, 0 }, 4, 3 },
		{ "mov $1,%cl", { 0xb1, 1 }, 2, 3 },
		{ "mov $1,%ch", { 0xb5, 1 }, 2, 3 },
		{ "mov %rax,%r8", { 0x49, 0x89, 0xc0 }, 3, 4 },
		{ "mov %eax,%r8d", { 0x41, 0x89, 0xc0 }, 3, 4 },
		{ "mov %ax,%r8w", { 0x66, 0x41, 0x89, 0xc0 }, 4, 4 },
		{ "mov %al,%r8b", { 0x41, 0x88, 0xc0 }, 3, 4 },
		{ "imul %rax,%r9", { 0x4c, 0x0f, 0xaf, 0xc8 }, 4, 5 },
		{ "movslq %eax,%r9", { 0x4c, 0x63, 0xc8 }, 3, 5 },
		{ "mov %eax,%r9d", { 0x41, 0x89, 0xc1 }, 3, 5 },
		{ "mov %ax,%r9w", { 0x66, 0x41, 0x89, 0xc1 }, 4, 5 },
		{ "mov %al,%r9b", { 0x41, 0x88, 0xc1 }, 3, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct row row = { .len = rows[i].len + 1u };
		struct slide read, unread;

		memcpy(row.code, rows[i].code, rows[i].len);
		row.code[rows[i].len] = PUSH_RBP;
		assert_int_equal(choose(&row, SLIDE_ARG(rows[i].arg), &read), 0);
		assert_int_equal(choose(&row, ALL_ARGS & ~SLIDE_ARG(rows[i].arg), &unread), 0);
		if (read.offset || strcmp(read.why, ARGUMENT) != 0 || unread.offset != rows[i].len)
			fail_msg("%s: %u (%s) and %u (%s)", rows[i].what, read.offset, read.why,
				 unread.offset, unread.why);
	}
}

/* movs with prefix f2 counts in %rcx like one with f3; capstone 4 does not say so. */
static void test_repne_movs(void **state)
{
	static const struct row row = STAYS("", UNKNOWN, 0xf2, 0xa5, PUSH_RBP);
	struct slide slide;

	(void)state;
	assert_int_equal(choose(&row, SLIDE_ARG(3), &slide), 0);
	assert_string_equal(slide.why, UNKNOWN);
}

static void test_function_inside(void **state)
{
	static const struct row rows[] = {
		STAYS("jmp rel8 to the probe", BRANCH, TEST_RDI, JE, 0xeb, 0xfc),
		STAYS("jmp rel8 to entry + 1", BRANCH, TEST_RDI, JE, 0xeb, 0xfa),
		MOVES("jmp rel8 to the entry", 3, TEST_RDI, JE, 0xeb, 0xf9),
		MOVES("jmp rel8 behind", 3, TEST_RDI, JE, 0xeb, 0xfd),
		STAYS("jmp rel8 to itself", BRANCH, TEST_RDI, 0xeb, 0xfe),
		STAYS("je rel8", BRANCH, TEST_RDI, JE, 0x74, 0xfc),
		STAYS("loop", BRANCH, TEST_RDI, JE, 0xe2, 0xfc),
		STAYS("jrcxz", BRANCH, TEST_RDI, JE, 0xe3, 0xfc),
		STAYS("jne, hinted", BRANCH, TEST_RDI, JE, 0x2e, 0x75, 0xfb),
		STAYS("does not decode", PART_NOT_DECODED, FUNCTION, 0x06, RET),
		STAYS("jmp rel16 or rel32", PART_NOT_DECODED, TEST_RDI, JE, 0x66, 0xe9, 0, 0, 0, 0,
		      RET),
		PART_STAYS("size unknown", SIZE_UNKNOWN, 0, SIZE_NOT_KNOWN, FUNCTION),
		PART_STAYS("size outside", SIZE_OUTSIDE, 0, 7, FUNCTION),
		STAYS("jmp *%rax", INDIRECT, TEST_RDI, JE, 0xff, 0xe0),
		STAYS("notrack jmp *%rax", INDIRECT, TEST_RDI, JE, 0x3e, 0xff, 0xe0),
		STAYS("jmp *8(%rax)", INDIRECT, TEST_RDI, JE, 0xff, 0x60, 8),
		STAYS("jmp *x(,%rax,8)", INDIRECT, TEST_RDI, JE, 0xff, 0x24, 0xc5, 1, 2, 3, 4),
		STAYS("jmp *x", INDIRECT, TEST_RDI, JE, 0xff, 0x24, 0x25, 1, 2, 3, 4),
		STAYS("ljmp *(%rax)", INDIRECT, TEST_RDI, JE, 0xff, 0x28),
		MOVES("jmp *x(%rip)", 3, TEST_RDI, JE, 0xff, 0x25, 1, 2, 3, 4),
		MOVES("call *%rax", 3, TEST_RDI, JE, 0xff, 0xd0),
		PART_MOVES("behind the end", 3, 0, 6, FUNCTION, 0xff, 0xe0),
		PART_STAYS("no doubt needed", ENTRY_EMULATED, 0, SIZE_NOT_KNOWN, PUSH_RBP, 0x06),
	};

	(void)state;
	CHECK(rows);
}

/* Branches to the probe from its neighbours. */
static void test_function_outside(void **state)
{
	static const struct row rows[] = {
		PART_STAYS("within an instruction", BRANCH, 0, 6, FUNCTION, 0x48, 0xb8, 0xe8, 0xf6,
			   0xff, 0xff, 0xff, 0, 0, 0),
		PART_STAYS("jmp rel8 before", BRANCH, 3, 0, 0xeb, 0x04, RET, TEST_RDI, JE),
		PART_MOVES("jmp rel8 to the entry", 3, 3, 0, 0xeb, 0x01, RET, TEST_RDI, JE),
		PART_STAYS("jmp rel8 after", BRANCH, 0, 6, FUNCTION, 0xeb, 0xfb),
		PART_STAYS("loop after, behind data", BRANCH, 0, 6, FUNCTION, 0x06, 0xe2, 0xfa),
	};

	(void)state;
	CHECK(rows);
}

/* A text with a FUNCTION in the middle. */
static uint8_t large[1024];

#define MIDDLE (sizeof(large) / 2)
#define PROBE (MIDDLE + 3)

static void fill_large(uint8_t filling)
{
	static const uint8_t function[] = { FUNCTION };

	memset(large, filling, sizeof(large));
	memcpy(large + MIDDLE, function, sizeof(function));
}

static const char *why_in_large(void)
{
	const struct slide_text text = { .code = large, .len = sizeof(large), .vaddr = VADDR };
	struct slide slide;

	assert_int_equal(slide_choose(&text, VADDR + MIDDLE, 6, ALL_ARGS, &slide), 0);
	assert_int_equal(slide.offset, strcmp(slide.why, FIRST_EMULATED) ? 0 : PROBE - MIDDLE);
	return slide.why;
}

/* As far as a rel8 branch can span, and across more code than is decoded. */
static void test_reach_of_rel8(void **state)
{
	(void)state;
	for (size_t at = PROBE - 129; at <= PROBE + 126; at++) {
		if (at > MIDDLE - 2 && at < MIDDLE + 6)
			continue;
		fill_large(0x90);
		large[at] = 0xeb;
		large[at + 1] = (uint8_t)(PROBE - at - 2);
		assert_string_equal(why_in_large(), BRANCH);
		if (at == MIDDLE + 6 || (at < MIDDLE && at + 4 > MIDDLE))
			continue;
		large[at - 1] = 0xb8; /* mov $x,%eax: the jmp is part of x */
		assert_string_equal(why_in_large(), FIRST_EMULATED);
	}
}

/* Before the function, decoding can start out of step and, in such bytes, stay so. */
static void test_rel8_out_of_step(void **state)
{
	(void)state;
	for (size_t at = MIDDLE - 110; at < MIDDLE - 105; at++) {
		fill_large(0xb8); /* mov $0xb8b8b8b8,%eax */
		large[at] = 0xeb;
		large[at + 1] = (uint8_t)(PROBE - at - 2);
		assert_string_equal(why_in_large(), BRANCH);
	}
}

/* rel32 branches from anywhere in the text, out of reach of the check for rel8. */
static void test_rel32(void **state)
{
	static const struct {
		uint8_t before, opcode;
		bool branch;
	} rows[] = {
		{ 0x90, 0xe8, true },  { 0x90, 0xe9, true },  { 0x0f, 0x80, true },
		{ 0x0f, 0x84, true },  { 0x0f, 0x8f, true },  { 0xc7, 0xf8, true },
		{ 0x90, 0xe7, false }, { 0x90, 0xea, false }, { 0x0f, 0x7f, false },
		{ 0x0f, 0x90, false }, { 0x90, 0x80, false }, { 0x90, 0xf8, false },
	};
	static const size_t places[] = { 0, 1, 2, 100, 900, sizeof(large) - 7, sizeof(large) - 6 };
	const size_t n_places = sizeof(places) / sizeof(*places);

	(void)state;
	for (size_t i = 0; i < n_places * sizeof(rows) / sizeof(*rows); i++) {
		const size_t at = places[i % n_places], row = i / n_places;

		for (size_t target = MIDDLE; target <= PROBE + 1; target++) {
			const uint32_t displacement = (uint32_t)(target - at - 6);
			const bool enters = rows[row].branch && target > MIDDLE && target <= PROBE;

			fill_large(0x90);
			large[at] = rows[row].before;
			large[at + 1] = rows[row].opcode;
			memcpy(large + at + 2, &displacement, sizeof(displacement));
			assert_string_equal(why_in_large(), enters ? BRANCH : FIRST_EMULATED);
		}
	}
}

/* The first bytes of the text can be a branch, though nothing is known before them. */
static void test_rel32_at_start(void **state)
{
	static const uint8_t call[] = { 0xe8, PROBE - 5 - 256, 1, 0, 0 };

	(void)state;
	fill_large(0x90);
	memcpy(large, call, sizeof(call));
	assert_string_equal(why_in_large(), BRANCH);
	large[0] = 0x80; /* jo if a 0x0f lay before it */
	assert_string_equal(why_in_large(), FIRST_EMULATED);
}

static void test_large_function(void **state)
{
	static const uint8_t start[] = { TEST_RDI, JE };
	const size_t limit = 64 << 10;
	uint8_t *code __free = malloc(limit + 1);
	const struct slide_text text = { .code = code, .len = limit + 1, .vaddr = VADDR };
	struct slide slide;

	(void)state;
	assert_non_null(code);
	memset(code, 0x90, limit + 1);
	memcpy(code, start, sizeof(start));
	assert_int_equal(slide_choose(&text, VADDR, limit, ALL_ARGS, &slide), 0);
	assert_int_equal(slide.offset, 3);
	assert_int_equal(slide_choose(&text, VADDR, limit + 1, ALL_ARGS, &slide), 0);
	assert_string_equal(slide.why, SIZE_TOO_LARGE);
}

static void test_refusal(void **state)
{
	static const uint8_t code[] = { TEST_RDI, JE, 0x06, 0xe9, 0, 0 };
	const struct slide_text text = { .code = code, .len = sizeof(code), .vaddr = VADDR };
	struct slide slide;

	(void)state;
	assert_int_equal(slide_choose(&text, VADDR - 1, 1, 0, &slide), -EINVAL);
	assert_int_equal(slide_choose(&text, VADDR + sizeof(code), 1, 0, &slide), -EINVAL);
	assert_int_equal(slide_choose(&text, 0, 1, 0, &slide), -EINVAL);
	assert_int_equal(slide_choose(&text, UINT64_MAX, 1, 0, &slide), -EINVAL);
	assert_int_equal(slide_choose(&text, VADDR + 5, 1, 0, &slide), -EINVAL);
	assert_int_equal(slide_choose(&text, VADDR + 6, 1, 0, &slide), -EINVAL);
	assert_int_equal(slide.offset, 0);
	assert_false(slide.emulated);
	assert_non_null(slide.why);
}

static void test_instruction_text(void **state)
{
	static const struct row rows[] = {
		MOVES("je 0x401005", 3, TEST_RDI, JE),
		STAYS("test rdi, rdi", CONTROL, TEST_RDI, RET),
		STAYS("nop", ENTRY_EMULATED, 0x90),
		STAYS("movdqa xmm0, xmmword ptr [rax + rbx*8 + 0x40302", CONTROL, 0x66, 0x0f, 0x6f,
		      0x84, 0xd8, 1, 2, 3, 4, RET),
	};
	struct slide slide;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(choose(&rows[i], ALL_ARGS, &slide), 0);
		assert_string_equal(slide.instruction, rows[i].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_emulated_at_entry), cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_straight_line),	  cmocka_unit_test(test_not_stepped_over),

		cmocka_unit_test(test_arguments),	  cmocka_unit_test(test_repne_movs),
		cmocka_unit_test(test_function_inside),	  cmocka_unit_test(test_function_outside),
		cmocka_unit_test(test_reach_of_rel8),	  cmocka_unit_test(test_large_function),
		cmocka_unit_test(test_rel8_out_of_step),  cmocka_unit_test(test_rel32),
		cmocka_unit_test(test_rel32_at_start),	  cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_instruction_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
