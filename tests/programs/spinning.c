// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* spinning.c - numbers in vector registers that a program says before it goes on computing. */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

struct pair {
	double first, second;
};

static __attribute__((noinline)) void spin(double number, struct pair pair)
{
	float half = 0.5f;

	__asm__ volatile("" : "+x"(half), "+x"(number));
	printf("VALUE %ld spin number - %.15g\n", syscall(SYS_gettid), number);
	printf("VALUE %ld spin half - 0.5\n", syscall(SYS_gettid));
	printf("VALUE %ld spin pair second %g\nready\n", syscall(SYS_gettid), pair.second);
	fflush(stdout);
	for (;;)
		__asm__ volatile("" : "+x"(half), "+x"(number), "+x"(pair.first), "+x"(pair.second));
}

int main(void)
{
	spin(0.1, (struct pair){ 1.5, 2.5 });
}
