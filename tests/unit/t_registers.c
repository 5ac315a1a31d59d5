// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_registers.c - registers of threads that wait or run, as they say them of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "survey/registers.h"

static struct registers registers;

static int teardown(void **state)
{
	(void)state;
	registers_clear(&registers);
	return 0;
}

/* Read one byte with these in rbx, rbp and r12 to r15, which functions keep for their callers. */
static void wait_with(int fd, const uint64_t kept[6])
{
	static char byte;
	long number = SYS_read;

	asm volatile("lea -128(%%rsp), %%rsp\n\t" /* beyond the red zone */
		     "push %%rbp\n\t"
		     "push %%rbx\n\t"
		     "mov 0(%%rcx), %%rbx\n\t"
		     "mov 8(%%rcx), %%rbp\n\t"
		     "mov 16(%%rcx), %%r12\n\t"
		     "mov 24(%%rcx), %%r13\n\t"
		     "mov 32(%%rcx), %%r14\n\t"
		     "mov 40(%%rcx), %%r15\n\t"
		     "syscall\n\t"
		     "pop %%rbx\n\t"
		     "pop %%rbp\n\t"
		     "lea 128(%%rsp), %%rsp\n\t"
		     : "+a"(number), "+c"(kept)
		     : "D"(fd), "S"(&byte), "d"(1L)
		     : "r11", "r12", "r13", "r14", "r15", "memory");
}

/* A thread that waits with its number in all of them. */
struct waiter {
	int pipe[2];
	uint64_t number;
	pthread_t thread;
	atomic_int tid;
};

static void *wait_in_call(void *arg)
{
	struct waiter *waiter = arg;
	const uint64_t n = waiter->number;
	const uint64_t kept[6] = { n + 1, n + 2, n + 3, n + 4, n + 5, n + 6 };

	atomic_store(&waiter->tid, (int)gettid());
	wait_with(waiter->pipe[0], kept);
	return NULL;
}

/* Read until the thread waits twice in a row. */
static struct registers_thread read_waiting(pid_t tid)
{
	struct registers_thread before, after;

	do {
		assert_int_equal(registers_read(&registers, getpid(), tid, &before), 0);
		assert_int_equal(registers_read(&registers, getpid(), tid, &after), 0);
	} while (!registers_same(&before, &after) || (long)after.regs.orig_rax != SYS_read);
	return after;
}

static void test_waiting(void **state)
{
	struct waiter waiters[8];

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		waiters[i].number = 0x0111000011110000 * (i + 1);
		atomic_init(&waiters[i].tid, 0);
		assert_int_equal(pipe(waiters[i].pipe), 0);
		pthread_create(&waiters[i].thread, NULL, wait_in_call, &waiters[i]);
	}
	for (unsigned i = 0; i < 8; i++) {
		const uint64_t n = waiters[i].number;
		struct registers_thread thread;

		while (!atomic_load(&waiters[i].tid))
			sched_yield();
		thread = read_waiting(waiters[i].tid);
		assert_int_equal(thread.regs.rbx, n + 1);
		assert_int_equal(thread.regs.rbp, n + 2);
		assert_int_equal(thread.regs.r12, n + 3);
		assert_int_equal(thread.regs.r13, n + 4);
		assert_int_equal(thread.regs.r14, n + 5);
		assert_int_equal(thread.regs.r15, n + 6);
		assert_int_equal(thread.regs.rdi, waiters[i].pipe[0]);
		assert_int_equal(thread.regs.fs_base, waiters[i].thread);
		assert_int_equal(write(waiters[i].pipe[1], "", 1), 1);
		pthread_join(waiters[i].thread, NULL);
		close(waiters[i].pipe[0]);
		close(waiters[i].pipe[1]);
	}
}

/* A child that does not outlive the test. */
static pid_t make_child(void)
{
	const pid_t child = fork();

	if (!child)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

/* Counts in a register and nowhere else, until it is killed. */
static void count(uint64_t from)
{
	asm volatile("mov %0, %%r15\n\t"
		     "1: inc %%r15\n\t"
		     "jmp 1b\n\t" ::"r"(from)
		     : "r15");
}

/* Of one that never waits: whenever it had to make room for others, they are its own. */
static void test_running(void **state)
{
	const uint64_t from = 0x7700000000000000;
	struct registers_thread thread;
	uint64_t before = from;
	pid_t counting[4]; /* more than there are idle processors, or some are not seen waiting */

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		counting[i] = make_child();
		if (!counting[i])
			count(from);
	}
	for (int seen = 0; seen < 20;) {
		assert_int_equal(registers_read(&registers, counting[0], counting[0], &thread), 0);
		if (thread.runs || thread.regs.r15 < from || thread.regs.r15 == before) {
			sched_yield();
			continue;
		}
		assert_int_equal((int)thread.regs.orig_rax, -1); /* in no system call */
		assert_true(thread.regs.r15 > before);
		before = thread.regs.r15;
		seen++;
	}
	for (size_t i = 0; i < 4; i++) {
		kill(counting[i], SIGKILL);
		waitpid(counting[i], NULL, 0);
	}
	assert_int_equal(registers_read(&registers, counting[0], counting[0], &thread), -ESRCH);
}

/* A thread of another process, and a process that is none. */
static void test_strangers(void **state)
{
	struct registers_thread thread;

	(void)state;
	assert_int_equal(registers_read(&registers, getpid(), getppid(), &thread), -ESRCH);
	assert_int_equal(registers_read(&registers, getpid(), 0x7fffffff, &thread), -ESRCH);
}

/* A thread that ran in between has other things on its stack, although it waits again. */
static void test_ran_between(void **state)
{
	struct registers_thread before, after;
	int to[2], from[2];
	char byte = 0;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(to) | pipe(from), 0);
	child = make_child();
	while (!child)
		if (read(to[0], &byte, 1) != 1 || write(from[1], &byte, 1) != 1)
			_exit(0);
	do
		assert_int_equal(registers_read(&registers, child, child, &before), 0);
	while (before.runs || (long)before.regs.orig_rax != SYS_read);
	assert_int_equal(write(to[1], &byte, 1), 1);
	assert_int_equal(read(from[0], &byte, 1), 1);
	do
		assert_int_equal(registers_read(&registers, child, child, &after), 0);
	while (after.runs || (long)after.regs.orig_rax != SYS_read);
	assert_int_equal(before.regs.rsp, after.regs.rsp);
	assert_false(registers_same(&before, &after));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	for (int i = 0; i < 2; i++) {
		close(to[i]);
		close(from[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_running),
		cmocka_unit_test(test_ran_between),
		cmocka_unit_test(test_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
