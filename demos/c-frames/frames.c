// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* frames.c - a function that calls another: where the variables of both lie. */
#include <stdio.h>

static void p_mem(const char *label, const void *at)
{
	printf("%s:\t%p\t%ld\n", label, at, (long)at);
}

static void stack_frame2(void)
{
	int b = 2;

	p_mem("b", &b);
	printf("waiting\n");
	fflush(stdout);
	getchar();
}

static void stack_frame1(void)
{
	int a = 1;

	p_mem("a", &a);
	stack_frame2();
}

static void fact(int n)
{
	int level = n;

	printf("level%d:\t%p\t%ld\n", n, (void *)&level, (long)&level);
	if (n > 1) {
		fact(n - 1);
		return;
	}
	printf("waiting\n");
	fflush(stdout);
	getchar();
}

int main(void)
{
	stack_frame1();
	fact(5);
	return 0;
}
