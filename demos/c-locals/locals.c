// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* locals.c - local variables of one function, and how far they are from each other. */
#include <stdio.h>

static void p_mem(const char *label, const void *at)
{
	printf("%s:\t%p\t%ld\n", label, at, (long)at);
}

static void p_diff(const char *label, const void *from, const void *to)
{
	printf("%s:\t%ld bytes\n", label, (long)((const char *)to - (const char *)from));
}

int main(void)
{
	int a = 12, b = 24, c = 48;
	int x = 21, y = 42, z = 84;

	p_mem("a", &a);
	p_mem("b", &b);
	p_mem("c", &c);
	p_mem("x", &x);
	p_mem("y", &y);
	p_mem("z", &z);
	p_diff("b-a", &a, &b);
	p_diff("c-b", &b, &c);
	p_diff("z-x", &x, &z);
	printf("waiting\n");
	fflush(stdout);
	getchar();
	return 0;
}
