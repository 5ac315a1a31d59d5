// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* waiting.c - a library with a variable of which each thread has its own: for members.c. */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

void wait_in_library(void (*wait)(void))
{
	static _Thread_local long of_library = 61;

	of_library++;
	printf("PLACE %ld wait_in_library of_library %p %zu %ld\n", syscall(SYS_gettid),
	       (void *)&of_library, sizeof(of_library), of_library);
	fflush(stdout);
	wait();
	__asm__ volatile("" : : "r"(&of_library) : "memory");
}
