// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_pydecode.c - tiny functions as compilers write them, in this program's own image. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "place/pydecode.h"

#define FUNCTION(name, code)                                                               \
	__asm__(".text\n.globl " name "\n.type " name ", @function\n" name ":\n" code "\n" \
		".size " name ", . - " name "\n")

uint64_t variable[100];

FUNCTION("global", "endbr64; mov variable+40(%rip), %rax; ret");
FUNCTION("by_got", "mov variable@GOTPCREL(%rip), %rax; mov 24(%rax), %rax; ret");
FUNCTION("by_add",
	 "lea variable(%rip), %rcx; add $16, %rcx; mov %rcx, %rdx; mov 8(%rdx), %eax; ret");
FUNCTION("field", "mov 0x1cb0(%rdi), %rax; ret");
FUNCTION("field_kept", "push %rbx; mov %rdi, %rbx; call helper; mov 16(%rbx), %rax; pop %rbx; ret");
FUNCTION("field_lost", "call helper; mov 16(%rdi), %rax; ret");
FUNCTION("field_of_field", "mov 8(%rdi), %rax; mov 8(%rax), %rax; ret");
FUNCTION("indexed", "mov 8(%rdi,%rsi,8), %rax; ret");
FUNCTION("overwritten", "mov 8(%rdi), %rax; mov $0, %al; ret");
FUNCTION("local_exec", "mov %fs:-24, %rax; ret");
FUNCTION("by_self", "mov %fs:0, %rax; mov -32(%rax), %rax; ret");
FUNCTION("initial_exec", "mov gottpoff(%rip), %rax; mov %fs:(%rax), %rax; ret");
FUNCTION("general_dynamic", "sub $8, %rsp; .byte 0x66; lea variable(%rip), %rdi;"
	 ".value 0x6666; rex64; call helper; mov 8(%rax), %rax; add $8, %rsp; ret");
FUNCTION("helper", "ret");
FUNCTION("no_return", "mov variable(%rip), %rax; jmp helper");
FUNCTION("tss_address", "cmpl $0, variable(%rip); je 1f; lea variable+8(%rip), %rdi;"
	 "jmp helper; 1: xor %eax, %eax; ret");
FUNCTION("tss_key", "cmpl $0, variable(%rip); je 1f; mov variable+12(%rip), %edi;"
	 "jmp helper; 1: xor %eax, %eax; ret");
FUNCTION("tss_kept", "push %rbx; lea variable+8(%rip), %rbx; mov %rbx, %rdi; call helper; ret");
FUNCTION("no_argument", "mov %rsi, %rdi; jmp helper");
FUNCTION("constants", "lea variable(%rip), %rbx; mov %rax, %r8; mov $0xfa, %esi; call helper; ret");
FUNCTION("long_one", ".fill 1000, 1, 0x90; mov variable(%rip), %rax; ret");
FUNCTION("not_code", ".byte 0x06, 0x06, 0x06; ret");
__asm__(".data\n.balign 8\ngottpoff: .quad -48\n.text\n");

static struct pyfind find;

static void check(const char *function, enum pyvalue_kind kind, int loaded, int64_t n)
{
	struct pyvalue value;

	assert_true(pydecode_return(&find, function, &value));
	assert_int_equal(value.kind, kind);
	assert_int_equal(value.loaded, loaded);
	assert_int_equal(value.n, n);
}

static void what_is_returned(void **state)
{
	struct pyvalue value;

	(void)state;
	check("global", PYVALUE_CONST, 8, (intptr_t)variable + 40);
	check("by_got", PYVALUE_CONST, 8, (intptr_t)variable + 24);
	check("by_add", PYVALUE_CONST, 4, (intptr_t)variable + 24);
	check("field", PYVALUE_ARG, 8, 0x1cb0);
	check("field_kept", PYVALUE_ARG, 8, 16);
	check("local_exec", PYVALUE_TLS, 8, -24);
	check("by_self", PYVALUE_TLS, 8, -32);
	check("initial_exec", PYVALUE_TLS, 8, -48);
	check("general_dynamic", PYVALUE_MODULE, 8, 8);
	assert_true(pydecode_return(&find, "general_dynamic", &value));
	assert_int_equal(value.index, (uintptr_t)variable);
}

static void what_is_not_known(void **state)
{
	static const char *const functions[] = { "field_lost",	"field_of_field", "indexed",
						 "overwritten", "no_return",	  "long_one",
						 "not_code",	"helper",	  "nowhere" };
	struct pyvalue value;

	(void)state;
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		assert_false(pydecode_return(&find, functions[i], &value));
	assert_false(pydecode_argument(&find, "no_argument", &value));
	assert_false(pydecode_argument(&find, "global", &value));
	assert_false(pydecode_argument(&find, "nowhere", &value));
}

static void arguments(void **state)
{
	struct pyvalue value;

	(void)state;
	assert_true(pydecode_argument(&find, "tss_address", &value));
	assert_int_equal(value.loaded, 0);
	assert_int_equal(value.n, (intptr_t)variable + 8);
	assert_true(pydecode_argument(&find, "tss_kept", &value));
	assert_int_equal(value.n, (intptr_t)variable + 8);
	assert_true(pydecode_argument(&find, "tss_key", &value));
	assert_int_equal(value.loaded, 4);
	assert_int_equal(value.n, (intptr_t)variable + 12);
}

static void all_constants(void **state)
{
	uint64_t at[4];

	(void)state;
	assert_int_equal(pydecode_constants(&find, "constants", at, 4), 2);
	assert_int_equal(at[0], (uintptr_t)variable);
	assert_int_equal(at[1], 0xfa);
	assert_int_equal(pydecode_constants(&find, "constants", at, 1), 1);
	assert_int_equal(pydecode_constants(&find, "nowhere", at, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_returned),
		cmocka_unit_test(what_is_not_known),
		cmocka_unit_test(arguments),
		cmocka_unit_test(all_constants),
	};
	static const char *const name = "variable";
	struct image image = { .fd = open("/proc/self/exe", O_RDONLY) };
	struct elf_symbol symbol;
	int failed;

	if (image.fd < 0 || elf_open(image.fd, &image.elf) ||
	    !elf_find(image.elf, &name, 1, &symbol))
		return 1;
	find.pid = getpid();
	find.image = &image;
	find.bias = (uintptr_t)variable - symbol.vaddr;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	elf_free(image.elf);
	close(image.fd);
	return failed;
}
