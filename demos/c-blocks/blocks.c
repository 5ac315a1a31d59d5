// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* blocks.c - two blocks of one function, whose variables are never there at the same time. */
#include <stdio.h>

static void p_mem(const char *label, const void *at)
{
	printf("%s:\t%p\t%ld\n", label, at, (long)at);
}

static void pause_here(void)
{
	printf("waiting\n");
	fflush(stdout);
	getchar();
}

int main(void)
{
	{
		int a = 12, b = 24, c = 48;

		p_mem("a", &a);
		p_mem("b", &b);
		p_mem("c", &c);
		pause_here();
	}
	{
		int x = 21, y = 42, z = 84;

		p_mem("x", &x);
		p_mem("y", &y);
		p_mem("z", &z);
		pause_here();
	}
	return 0;
}
