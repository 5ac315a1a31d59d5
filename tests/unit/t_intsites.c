// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_intsites.c - every way to store the type of an int, and where the probe for it goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/clean.h"
#include "probe/intcode.h"

#define VADDR 0x401000
#define TYPE 0x500000
#define GOT 0x402000  /* a slot that holds the type */
#define PAIR 0x402010 /* two words of which the second holds it */
#define LIST 0x2b80   /* where the list of free ints is */

#define LE32(x) (uint8_t)(x), (uint8_t)((x) >> 8), (uint8_t)((x) >> 16), (uint8_t)((x) >> 24)
#define RIP(to, next) LE32((uint32_t)((to) - (VADDR + (next)))) /* next: offset behind it */

/* Instructions; the number of their bytes is in their name where offsets depend on it. */
#define STORE8_RAX 0x48, 0xc7, 0x40, 0x08, LE32(TYPE) /* movq $TYPE,8(%rax) */
#define STORE8_RBX 0x48, 0xc7, 0x43, 0x08, LE32(TYPE)
#define STORE8_RBP 0x48, 0xc7, 0x45, 0x08, LE32(TYPE)
#define STORE9_RSP 0x48, 0xc7, 0x44, 0x24, 0x08, LE32(TYPE)
#define STORE9_R12 0x49, 0xc7, 0x44, 0x24, 0x08, LE32(TYPE)
#define GOT7_RDX(next) 0x48, 0x8b, 0x15, RIP(GOT, next)	 /* mov GOT(%rip),%rdx */
#define LEA7_RDX(next) 0x48, 0x8d, 0x15, RIP(TYPE, next) /* lea TYPE(%rip),%rdx */
#define RDX4_RAX 0x48, 0x89, 0x50, 0x08			 /* mov %rdx,8(%rax) */
#define TEST3_RAX 0x48, 0x85, 0xc0
#define TEST3_RCX 0x48, 0x85, 0xc9
#define MOV2_EAX_ECX 0x89, 0xc8	      /* mov %ecx,%eax */
#define MOV3_RBX_RAX 0x48, 0x89, 0xc3 /* mov %rax,%rbx */
#define JE2(by) 0x74, by
#define JNE2(by) 0x75, by
#define JMP2(by) 0xeb, by
#define CALL5 0xe8, LE32(0x100000)
#define POP_RBX 0x5b
#define PUSH_RBP 0x55
#define RET 0xc3
#define LIST7_RCX 0x48, 0x8b, 0x88, LE32(LIST)	  /* mov LIST(%rax),%rcx */
#define NEXT3_RDX 0x48, 0x8b, 0x11		  /* mov (%rcx),%rdx */
#define TAKE8 0x48, 0x83, 0xa8, LE32(LIST + 8), 1 /* subq $1,LIST+8(%rax) */
#define HEAD7_RDX 0x48, 0x89, 0x90, LE32(LIST)	  /* mov %rdx,LIST(%rax) */
#define ONE7_RCX 0x48, 0xc7, 0x01, LE32(1)	  /* movq $1,(%rcx) */
#define INTERP4 0x48, 0x8b, 0x47, 0x10		  /* mov 0x10(%rdi),%rax */

struct row {
	const char *what;
	/* by site: offset, s(tore) or p(op), object; offset, register of the probe, a(fter) or
	 * b(efore) the store, and * when it is emulated */
	const char *sites;
	size_t len;
	uint8_t code[128];
};

#define ROW(what_, sites_, ...)                                                                    \
	{                                                                                          \
		.what = what_, .sites = sites_, .len = sizeof((uint8_t[]){ __VA_ARGS__ }),         \
		.code = {                                                                          \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

struct setting {
	struct elf_range ranges[3]; /* none: all of the code is one */
	size_t n_ranges;
	unsigned ob_type; /* 0: 8 */
	bool has_freelist;
	struct int_text data;
};

static int find(const struct row *row, const struct setting *setting, struct intsites *out)
{
	static const uint64_t slots[] = { GOT, PAIR + 8 };
	static const struct setting usual = { 0 };
	struct elf_range whole = { VADDR, row->len };
	uint8_t entered[sizeof(row->code) / 8 + 1] = { 0 };
	struct int_text text = {
		.code = row->code, .len = row->len, .vaddr = VADDR, .entered = entered
	};
	struct int_image image = { .texts = &text,
				   .n_texts = 1,
				   .type = TYPE,
				   .slots = slots,
				   .n_slots = 2,
				   .absolute = true };

	if (!setting)
		setting = &usual;
	image.ranges = setting->n_ranges ? setting->ranges : &whole;
	image.n_ranges = setting->n_ranges ? setting->n_ranges : 1;
	image.ob_type = setting->ob_type ? setting->ob_type : 8;
	image.has_freelist = setting->has_freelist;
	return int_sites(&image, &setting->data, setting->data.len ? 1 : 0, out);
}

static void check(const struct row *rows, size_t n, const struct setting *setting)
{
	for (size_t i = 0; i < n; i++) {
		struct intsites sites;
		char text[256] = "";

		assert_int_equal(find(&rows[i], setting, &sites), 0);
		for (size_t k = 0; k < sites.n; k++) {
			const struct intsite *site = &sites.list[k];

			snprintf(text + strlen(text), sizeof(text) - strlen(text),
				 "%s%lu %c %s, %lu %s %c%s", k ? "; " : "", site->vaddr - VADDR,
				 site->kind == INTSITE_POP ? 'p' : 's',
				 intsites_register(site->object), site->probe_vaddr - VADDR,
				 intsites_register(site->reg), site->before_store ? 'b' : 'a',
				 site->emulated ? "*" : "");
		}
		if (strcmp(text, rows[i].sites) != 0)
			fail_msg("%s: '%s', not '%s'", rows[i].what, text, rows[i].sites);
		intsites_free(&sites);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(*(rows)), NULL)
#define CHECK_WITH(rows, setting) check(rows, sizeof(rows) / sizeof(*(rows)), setting)

static void test_store_forms(void **state)
{
	static const struct row rows[] = {
		ROW("immediate", "0 s rax, 8 rax a*", STORE8_RAX, PUSH_RBP, RET),
		ROW("immediate, base r12", "0 s r12, 9 r12 a*", STORE9_R12, PUSH_RBP, RET),
		ROW("immediate by a register", "5 s rax, 9 rax a*", 0xba, LE32(TYPE), RDX4_RAX,
		    PUSH_RBP, RET),
		ROW("movabs", "10 s rax, 14 rax a*", 0x48, 0xba, LE32(TYPE), LE32(0), RDX4_RAX,
		    PUSH_RBP, RET),
		ROW("lea", "7 s rax, 11 rax a*", LEA7_RDX(7), RDX4_RAX, PUSH_RBP, RET),
		ROW("GOT", "7 s rax, 11 rax a*", GOT7_RDX(7), RDX4_RAX, PUSH_RBP, RET),
		ROW("by a copy", "10 s rax, 14 rax a*", GOT7_RDX(7), 0x48, 0x89, 0xd1, 0x48, 0x89,
		    0x48, 0x08, PUSH_RBP, RET),
		ROW("another type", "", 0x48, 0xc7, 0x40, 0x08, LE32(TYPE + 8), PUSH_RBP, RET),
		ROW("to another member", "", 0x48, 0xc7, 0x40, 0x10, LE32(TYPE), PUSH_RBP, RET),
		ROW("4 bytes", "", 0xc7, 0x40, 0x08, LE32(TYPE), PUSH_RBP, RET),
		ROW("to the stack", "", STORE9_RSP, PUSH_RBP, RET),
		ROW("to the stack, by rbp", "", 0x48, 0x89, 0xe5, STORE8_RBP, PUSH_RBP, RET),
		ROW("to the stack, by lea", "", 0x48, 0x8d, 0x44, 0x24, 0x10, STORE8_RAX, PUSH_RBP,
		    RET),
		ROW("indexed", "", 0x48, 0xc7, 0x44, 0xc8, 0x08, LE32(TYPE), PUSH_RBP, RET),
		ROW("compared", "", GOT7_RDX(7), 0x48, 0x39, 0x50, 0x08, PUSH_RBP, RET),
	};

	(void)state;
	CHECK(rows);
}

static void test_vectors(void **state)
{
	static const struct row rows[] = {
		ROW("constant pair, movups", "7 s rax, 10 rax a*", 0x0f, 0x28, 0x05, RIP(PAIR, 7),
		    0x0f, 0x11, 0x00, PUSH_RBP, RET),
		ROW("constant pair, vmovdqu", "8 s rax, 12 rax a*", 0xc5, 0xfa, 0x6f, 0x05,
		    RIP(PAIR, 8), 0xc5, 0xfa, 0x7f, 0x00, PUSH_RBP, RET),
		ROW("pair with the type first", "7 s rax, 11 rax a*", 0x0f, 0x28, 0x05, RIP(GOT, 7),
		    0x0f, 0x11, 0x40, 0x08, PUSH_RBP, RET),
		ROW("movhps", "7 s rax, 10 rax a*", 0x0f, 0x16, 0x05, RIP(GOT, 7), 0x0f, 0x11, 0x00,
		    PUSH_RBP, RET),
		ROW("punpcklqdq", "16 s rax, 19 rax a*", GOT7_RDX(7), 0x66, 0x48, 0x0f, 0x6e, 0xca,
		    0x66, 0x0f, 0x6c, 0xc1, 0x0f, 0x11, 0x00, PUSH_RBP, RET),
		ROW("pinsrq", "14 s rax, 17 rax a*", GOT7_RDX(7), 0x66, 0x48, 0x0f, 0x3a, 0x22,
		    0xc2, 0x01, 0x0f, 0x11, 0x00, PUSH_RBP, RET),
		ROW("pinsrq to the other half", "", GOT7_RDX(7), 0x66, 0x48, 0x0f, 0x3a, 0x22, 0xc2,
		    0x00, 0x0f, 0x11, 0x00, PUSH_RBP, RET),
		ROW("movq from a vector", "7 s rax, 12 rax a*", 0x0f, 0x12, 0x05, RIP(GOT, 7), 0x66,
		    0x0f, 0xd6, 0x40, 0x08, PUSH_RBP, RET),
		ROW("vector overwritten", "", 0x0f, 0x28, 0x05, RIP(PAIR, 7), 0x66, 0x0f, 0xef,
		    0xc0, 0x0f, 0x11, 0x00, PUSH_RBP, RET),
		ROW("vector over a call", "", 0x0f, 0x28, 0x05, RIP(PAIR, 7), CALL5, 0x0f, 0x11,
		    0x00, PUSH_RBP, RET),
	};

	(void)state;
	CHECK(rows);
}

static void test_flow(void **state)
{
	static const struct row rows[] = {
		ROW("over a branch", "12 s rax, 10 rax b*", GOT7_RDX(7), TEST3_RAX, JE2(5),
		    RDX4_RAX, PUSH_RBP, RET),
		ROW("to where paths meet", "14 s rax, 18 rax a*", GOT7_RDX(7), TEST3_RAX, JE2(2),
		    0x90, 0x90, RDX4_RAX, PUSH_RBP, RET),
		ROW("on one path of two", "", TEST3_RAX, JE2(7), GOT7_RDX(12), RDX4_RAX, PUSH_RBP,
		    RET),
		ROW("on both paths", "21 s rax, 25 rax a*", TEST3_RAX, JE2(9), GOT7_RDX(12),
		    JMP2(7), LEA7_RDX(21), RDX4_RAX, PUSH_RBP, RET),
		ROW("overwritten", "", GOT7_RDX(7), 0x31, 0xd2, RDX4_RAX, PUSH_RBP, RET),
		ROW("partly overwritten", "", GOT7_RDX(7), 0xb2, 0x01, RDX4_RAX, PUSH_RBP, RET),
		ROW("over a call", "", GOT7_RDX(7), CALL5, RDX4_RAX, PUSH_RBP, RET),
		ROW("over a call, preserved", "12 s rax, 16 rax a*", 0x48, 0x8b, 0x1d, RIP(GOT, 7),
		    CALL5, 0x48, 0x89, 0x58, 0x08, PUSH_RBP, RET),
		ROW("around a loop", "7 s rax, 15 rax a*", GOT7_RDX(7), RDX4_RAX, 0x48, 0x83, 0xc1,
		    0x20, JNE2(0xf6), RET),
		ROW("padding in front of a loop", "10 s rax, 18 rax a*", GOT7_RDX(7), JMP2(1), 0x90,
		    RDX4_RAX, 0x48, 0x83, 0xc1, 0x20, JNE2(0xf6), RET),
		ROW("unknown effects", "", GOT7_RDX(7), 0x0f, 0x01, 0xd0, RDX4_RAX, PUSH_RBP, RET),
	};

	(void)state;
	CHECK(rows);
}

static void test_place(void **state)
{
	static const struct row rows[] = {
		ROW("jcc", "0 s rax, 11 rax a*", STORE8_RAX, TEST3_RCX, JNE2(0), RET),
		ROW("call", "0 s rax, 8 rax a*", STORE8_RAX, CALL5, RET),
		ROW("no emulated one", "0 s rax, 0 rax b", STORE8_RAX, POP_RBX, RET),
		ROW("not past a pop", "0 s rax, 0 rax b", STORE8_RAX, POP_RBX, PUSH_RBP, RET),
		ROW("not past a ret", "0 s rax, 0 rax b", STORE8_RAX, RET, PUSH_RBP, RET),
		ROW("register overwritten", "0 s rax, 0 rax b", STORE8_RAX, MOV2_EAX_ECX, JE2(0),
		    RET),
		ROW("copied, then overwritten", "0 s rax, 13 rbx a*", STORE8_RAX, MOV3_RBX_RAX,
		    MOV2_EAX_ECX, JE2(0), RET),
		ROW("copied before", "3 s rax, 13 rbx a*", MOV3_RBX_RAX, STORE8_RAX, MOV2_EAX_ECX,
		    JE2(0), RET),
		ROW("copy overwritten too", "3 s rax, 3 rax b", MOV3_RBX_RAX, STORE8_RAX,
		    MOV2_EAX_ECX, 0x31, 0xdb, JE2(0), RET),
		ROW("a branch to the probe", "5 s rax, 5 rax b", TEST3_RCX, JE2(8), STORE8_RAX,
		    PUSH_RBP, RET),
		ROW("a branch in between", "5 s rax, 5 rax b", TEST3_RCX, JE2(8), STORE8_RAX,
		    TEST3_RCX, PUSH_RBP, RET),
		ROW("a branch to the store", "5 s rax, 13 rax a*", TEST3_RCX, JE2(0), STORE8_RAX,
		    PUSH_RBP, RET),
		ROW("back to the test of the object", "8 s rax, 3 rax b*", TEST3_RAX, JE2(13),
		    TEST3_RCX, STORE8_RAX, MOV2_EAX_ECX, POP_RBX, RET, 0x31, 0xc0, RET),
		ROW("back to a test of another", "5 s rax, 5 rax b", TEST3_RCX, JE2(11), STORE8_RAX,
		    MOV2_EAX_ECX, POP_RBX, RET, 0x31, 0xc0, RET),
		ROW("back to a jne", "5 s rax, 5 rax b", TEST3_RAX, JNE2(11), STORE8_RAX,
		    MOV2_EAX_ECX, POP_RBX, RET, 0x31, 0xc0, RET),
		ROW("back past a branch target", "16 s rax, 16 rax b", TEST3_RCX, JE2(8), TEST3_RAX,
		    JE2(18), TEST3_RCX, TEST3_RCX, STORE8_RAX, MOV2_EAX_ECX, POP_RBX, RET, 0x31,
		    0xc0, RET),
		ROW("shared, one register", "0 s rax, 16 rax a*; 8 s rax, 16 rax a*", STORE8_RAX,
		    STORE8_RAX, PUSH_RBP, RET),
		ROW("not shared, two registers", "0 s rax, 0 rax b; 8 s rbx, 16 rbx a*", STORE8_RAX,
		    STORE8_RBX, PUSH_RBP, RET),
		ROW("not shared, one of them copied", "3 s rax, 3 rax b; 13 s rax, 21 rax a*",
		    MOV3_RBX_RAX, STORE8_RAX, MOV2_EAX_ECX, STORE8_RAX, PUSH_RBP, RET),
	};

	(void)state;
	CHECK(rows);
}

/* What enters a function from elsewhere keeps the probe at the store. */
static void test_entered(void **state)
{
	static const uint8_t label[] = { LE32(VADDR + 8), LE32(0) };
	static const uint8_t table[] = { LE32(VADDR + 8 - GOT) };
	static const struct row plain[] = {
		ROW("label in data", "0 s rax, 0 rax b", STORE8_RAX, PUSH_RBP, RET),
		ROW("label behind the load", "", GOT7_RDX(7), 0x90, RDX4_RAX, PUSH_RBP, RET),
		ROW("from a label back to the start", "", RDX4_RAX, PUSH_RBP, RET, 0x90, 0x90,
		    GOT7_RDX(15), JMP2(0xef)),
	};
	static const struct row by_table[] = {
		ROW("jump table", "0 s rax, 0 rax b", STORE8_RAX, PUSH_RBP, 0x48, 0x8d, 0x15,
		    RIP(GOT, 16), RET),
	};
	static const struct row across[] = {
		ROW("jump from another function", "0 s rax, 0 rax b", STORE8_RAX, PUSH_RBP, RET,
		    0xe9, LE32(-7)),
		ROW("label loaded elsewhere", "0 s rax, 0 rax b", STORE8_RAX, PUSH_RBP, RET, 0xb8,
		    LE32(VADDR + 8)),
		ROW("jump to its start", "0 s rax, 8 rax a*", STORE8_RAX, PUSH_RBP, RET, 0xe9,
		    LE32(-15)),
	};
	const struct setting two = { .ranges = { { VADDR, 10 }, { VADDR + 10, 5 } },
				     .n_ranges = 2 };
	struct setting setting = { .data = { .code = label, .len = 8, .vaddr = GOT } };

	(void)state;
	CHECK_WITH(plain, &setting);
	setting.data = (struct int_text){ .code = table, .len = 4, .vaddr = GOT };
	CHECK_WITH(by_table, &setting);
	CHECK_WITH(across, &two);
}

static void test_ranges(void **state)
{
	static const struct row rows[] = {
		ROW("not in step with what is in front", "2 s rax, 10 rax a*", 0x48, 0xb8,
		    STORE8_RAX, PUSH_RBP, RET),
	};
	static const struct row none[] = {
		ROW("in no function", "", STORE8_RAX, PUSH_RBP, RET),
		ROW("does not decode", "", STORE8_RAX, PUSH_RBP, 0x06, RET),
	};
	const struct setting behind = { .ranges = { { VADDR + 2, 10 } }, .n_ranges = 1 };
	const struct setting elsewhere = { .ranges = { { VADDR + 8, 3 } }, .n_ranges = 1 };
	struct intsites sites;

	(void)state;
	CHECK_WITH(rows, &behind);
	CHECK_WITH(none, &elsewhere);
	assert_int_equal(find(&none[1], NULL, &sites), 0);
	assert_int_equal(sites.undecoded, 1);
	assert_int_equal(sites.n, 0);
	intsites_free(&sites);
}

static void check_decoded(const struct row *rows, size_t n, size_t functions)
{
	struct intsites sites;

	check(rows, n, NULL);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(find(&rows[i], NULL, &sites), 0);
		if (sites.functions != functions)
			fail_msg("%s: decoded %zu times", rows[i].what, sites.functions);
		intsites_free(&sites);
	}
}

/* Functions that cannot make an int are not decoded; those that look alike are. */
static void test_flagged(void **state)
{
	static const struct row not_decoded[] = {
		ROW("cmp $type,%rax", "", 0x48, 0x3d, LE32(TYPE), RET),
		ROW("cmp $type,%rdi", "", 0x48, 0x81, 0xff, LE32(TYPE), RET),
		ROW("cmp $type,%edi", "", 0x81, 0xff, LE32(TYPE), RET),
		ROW("cmpq $type,8(%rdi)", "", 0x48, 0x81, 0x7f, 0x08, LE32(TYPE), RET),
		ROW("cmp GOT(%rip),%rax", "", 0x48, 0x3b, 0x05, RIP(GOT, 7), RET),
		ROW("cmp %rax,GOT(%rip)", "", 0x48, 0x39, 0x05, RIP(GOT, 7), RET),
		ROW("lea PAIR(%rip),%rax", "", 0x48, 0x8d, 0x05, RIP(PAIR, 7), RET),
		ROW("call", "", 0xe8, RIP(GOT, 5), RET),
	};
	static const struct row decoded[] = {
		ROW("first of all", "5 s rax, 9 rax a*", 0xba, LE32(TYPE), RDX4_RAX, PUSH_RBP),
		ROW("last of all", "", 0xba, LE32(TYPE)),
		ROW("cmpl $type,-0x46(%rdi)", "", 0x81, 0x7f, 0xba, LE32(TYPE), RET),
		ROW("lea", "", 0x48, 0x8d, 0x05, RIP(TYPE, 7), RET),
		ROW("movdqa PAIR(%rip),%xmm0", "", 0x66, 0x0f, 0x6f, 0x05, RIP(PAIR, 8), RET),
	};

	(void)state;
	check_decoded(not_decoded, sizeof(not_decoded) / sizeof(*not_decoded), 0);
	check_decoded(decoded, sizeof(decoded) / sizeof(*decoded), 1);
}

static void test_free_threaded(void **state)
{
	static const struct row rows[] = {
		ROW("offset 24", "0 s rax, 8 rax a*", 0x48, 0xc7, 0x40, 0x18, LE32(TYPE), PUSH_RBP,
		    RET),
		ROW("offset 8", "", STORE8_RAX, PUSH_RBP, RET),
		ROW("pair at 16", "7 s rax, 11 rax a*", 0x0f, 0x28, 0x05, RIP(PAIR, 7), 0x0f, 0x11,
		    0x40, 0x10, PUSH_RBP, RET),
	};
	const struct setting setting = { .ob_type = 24 };

	(void)state;
	CHECK_WITH(rows, &setting);
}

static void test_pops(void **state)
{
	static const struct row rows[] = {
		/* je to the call at 46, whose int gets its type at 51 */
		ROW("pop", "19 p rcx, 14 rcx b*; 51 s rax, 59 rax a*", INTERP4, LIST7_RCX,
		    TEST3_RCX, JE2(30), NEXT3_RDX, TAKE8, HEAD7_RDX, ONE7_RCX, TEST3_RAX, JE2(0),
		    CALL5, STORE8_RAX, PUSH_RBP, RET),
		ROW("freed", "53 s rax, 61 rax a*", INTERP4, LIST7_RCX, TEST3_RCX, JE2(32),
		    NEXT3_RDX, TAKE8, HEAD7_RDX, 0x48, 0x8b, 0x59, 0x08, 0xff, 0x93, LE32(0x140),
		    RET, 0x90, 0x90, 0x90, CALL5, STORE8_RAX, PUSH_RBP, RET),
		ROW("list of another size", "56 s rax, 64 rax a*", INTERP4, LIST7_RCX, TEST3_RCX,
		    JE2(35), 0x48, 0x01, 0xf0, LIST7_RCX, NEXT3_RDX, TAKE8, HEAD7_RDX, ONE7_RCX,
		    CALL5, STORE8_RAX, PUSH_RBP, RET),
	};
	static const struct row unknown[] = {
		ROW("a list, but no int behind it", "51 s rbx, 59 rbx a*", INTERP4, LIST7_RCX,
		    TEST3_RCX, JE2(29), NEXT3_RDX, TAKE8, HEAD7_RDX, ONE7_RCX, TEST3_RAX, JE2(5),
		    RET, RET, RET, RET, RET, STORE8_RBX, PUSH_RBP, RET),
	};
	const struct setting setting = { .has_freelist = true };
	static const struct row never_taken =
		ROW("nothing is taken", "", INTERP4, LIST7_RCX, TEST3_RCX, JE2(1), RET, STORE8_RAX,
		    PUSH_RBP, RET);
	struct intsites sites;

	(void)state;
	CHECK_WITH(rows, &setting);
	assert_int_equal(find(&never_taken, &setting, &sites), 0);
	assert_int_equal(sites.freelist, 0);
	intsites_free(&sites);
	assert_int_equal(find(&rows[0], &setting, &sites), 0);
	assert_int_equal(sites.freelist, LIST);
	intsites_free(&sites);
	CHECK_WITH(unknown, &setting);
	assert_int_equal(find(&rows[0], NULL, &sites), 0);
	assert_int_equal(sites.freelist, 0);
	assert_int_equal(sites.n, 1);
	intsites_free(&sites);
}

#define SIZE8_RAX 0x48, 0xc7, 0x40, 0x10, LE32(1) /* movq $1,0x10(%rax) */
#define SIZE4_RDX 0x48, 0x89, 0x50, 0x10		  /* mov %rdx,0x10(%rax) */
#define DIGIT3_EBX 0x89, 0x58, 0x18		  /* mov %ebx,0x18(%rax) */
#define DIGIT3_ECX 0x89, 0x48, 0x18
#define KEEP5 0x48, 0x89, 0x44, 0x24, 0x08  /* mov %rax,8(%rsp) */
#define AGAIN5 0x48, 0x8b, 0x44, 0x24, 0x08 /* mov 8(%rsp),%rax */

static const char *value_at(uint8_t at)
{
	return at == INTSITE_LATER ? "later" : at == INTSITE_MEMORY ? "memory" : intsites_register(at);
}

/* Where the digit and the size word are at the probe, and what else is known of the object. */
static void test_values(void **state)
{
	static const struct row rows[] = {
		ROW("size before, digit after", "rbx memory filled", SIZE8_RAX, STORE8_RAX,
		    JNE2(0), DIGIT3_EBX, RET),
		ROW("both after", "rcx rdx filled", STORE8_RAX, JNE2(0), SIZE4_RDX, DIGIT3_ECX, RET),
		ROW("a constant size after", "later later filled", STORE8_RAX, JNE2(0), SIZE8_RAX,
		    DIGIT3_ECX, RET),
		ROW("digit changed meanwhile", "later later filled", SIZE8_RAX, STORE8_RAX, JNE2(0),
		    0x83, 0xe1, 0x01, DIGIT3_ECX, RET),
		ROW("two ways, the same", "rcx memory filled", SIZE8_RAX, STORE8_RAX, JNE2(4),
		    DIGIT3_ECX, RET, DIGIT3_ECX, RET),
		ROW("two ways, not the same", "later later filled", SIZE8_RAX, STORE8_RAX, JNE2(4),
		    DIGIT3_ECX, RET, DIGIT3_EBX, RET),
		ROW("kept over a call", "rbx memory filled", SIZE8_RAX, STORE8_RAX, JNE2(0), KEEP5,
		    CALL5, AGAIN5, DIGIT3_EBX, RET),
		ROW("not kept over a call", "later later empty", SIZE8_RAX, STORE8_RAX, JNE2(0),
		    CALL5, AGAIN5, DIGIT3_EBX, RET),
		ROW("a changed register over a call", "later later filled", SIZE8_RAX, STORE8_RAX,
		    JNE2(0), KEEP5, CALL5, AGAIN5, DIGIT3_ECX, RET),
		ROW("allocated only", "later later empty", SIZE8_RAX, STORE8_RAX, PUSH_RBP, RET),
		ROW("a digit of 0", "later later empty", SIZE8_RAX, STORE8_RAX, PUSH_RBP, 0xc7, 0x40,
		    0x18, LE32(0), RET),
		ROW("where digits begin", "later later filled", SIZE8_RAX, STORE8_RAX, PUSH_RBP, 0x48,
		    0x83, 0xc0, 0x18, RET),
		ROW("before the store", "later later empty untouched", GOT7_RDX(7), TEST3_RAX, JE2(5),
		    RDX4_RAX, PUSH_RBP, RET),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct intsite *site;
		struct intsites sites;
		char text[64];

		assert_int_equal(find(&rows[i], NULL, &sites), 0);
		assert_int_equal(sites.n, 1);
		site = sites.list;
		snprintf(text, sizeof(text), "%s %s %s%s", value_at(site->digit),
			 value_at(site->sizes), site->filled ? "filled" : "empty",
			 site->untouched ? " untouched" : "");
		if (strcmp(text, rows[i].sites) != 0)
			fail_msg("%s: '%s', not '%s'", rows[i].what, text, rows[i].sites);
		intsites_free(&sites);
	}
}

static void test_counts(void **state)
{
	static const struct row rows[] = {
		ROW("perhaps", "", TEST3_RAX, JE2(7), GOT7_RDX(12), RDX4_RAX, PUSH_RBP, RET),
		ROW("elsewhere", "", GOT7_RDX(7), 0x48, 0x89, 0x14, 0x24, RET),
		ROW("unread", "", GOT7_RDX(7), 0xba, LE32(0), RET),
	};
	struct intsites sites[3];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(find(&rows[i], NULL, &sites[i]), 0);
	assert_int_equal(sites[0].unsure, 1);
	assert_int_equal(sites[1].elsewhere, 1);
	assert_int_equal(sites[2].unread, 1);
	assert_int_equal(sites[0].elsewhere, 0);
	for (size_t i = 0; i < 3; i++)
		intsites_free(&sites[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_store_forms),   cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_flow),	      cmocka_unit_test(test_place),
		cmocka_unit_test(test_entered),	      cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_free_threaded), cmocka_unit_test(test_pops),
		cmocka_unit_test(test_values),	      cmocka_unit_test(test_counts),
		cmocka_unit_test(test_flagged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
