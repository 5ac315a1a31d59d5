// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * unprobed.c - names of the allocator's that no probe can be put on, beside one that can:
 * a function that begins with an instruction no kernel probes, and variables.
 */
#include <stdio.h>

/* not by <stdlib.h>, which says what the variables are not */
void *malloc(size_t size);
void free(void *block);
void *valloc(size_t size);
void *memalign(size_t align, size_t size);

#define CONSTANT 0x55555555

volatile long calls;
extern const volatile int pvalloc;
const volatile int pvalloc = CONSTANT;
volatile int reallocarray = CONSTANT;

__attribute__((naked, used)) void *valloc(size_t size)
{
	(void)size;
	__asm__("lock incq calls(%rip)\n\t"
		"xor %eax, %eax\n\t"
		"ret");
}

__attribute__((noipa)) void *memalign(size_t align, size_t size)
{
	return malloc(align + size);
}

int main(void)
{
	char line[8];

	puts("ready");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	for (int i = 0; i < 5; i++) {
		valloc(1);
		free(memalign(64, 1000 + i));
	}
	printf("calls %ld, constants %s\n", calls,
	       pvalloc == CONSTANT && reallocarray == CONSTANT ? "whole" : "broken");
	return 0;
}
