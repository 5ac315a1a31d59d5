// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_out.c - whole lines or none: pipes, full disks, slow readers, no memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/out.h"

#define MIB (1024 * 1024)
#define LIMIT 2500003 /* of a file: amid a line and amid the third buffer */

/* Line i: its number and as many dots as make the lengths differ. */
static size_t make_line(char *at, unsigned int i)
{
	size_t dots = i * 7919u % 97;
	size_t n = (size_t)sprintf(at, "%u ", i);

	memset(at + n, '.', dots);
	return n + dots;
}

static void put_lines(struct out *out, unsigned int from, unsigned int n)
{
	for (unsigned int i = from; i < from + n; i++) {
		out_put(out, make_line(out_room(out, 128), i));
		out_end_line(out);
	}
}

/* How many lines from number 0 on text is; fails when it is anything else. */
static unsigned int check_lines(const char *text, size_t len)
{
	unsigned int n = 0;

	for (size_t at = 0; at < len; n++) {
		char line[128];
		size_t size = make_line(line, n);

		line[size++] = '\n';
		if (len - at < size || memcmp(text + at, line, size) != 0)
			fail_msg("line %u is wrong or not whole", n);
		at += size;
	}
	return n;
}

static char *read_all(int fd, size_t *len)
{
	char *text = malloc(8 * MIB);

	*len = 0;
	for (;;) {
		ssize_t n = read(fd, text + *len, 8 * MIB - *len);

		if (n <= 0)
			return text;
		*len += (size_t)n;
	}
}

static void put_text(struct out *out, const char *text)
{
	memcpy(out_room(out, strlen(text)), text, strlen(text));
	out_put(out, strlen(text));
}

static void test_whole_lines(void **state)
{
	struct out out;
	int fd[2];
	char got[64];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	assert_int_equal(out_init(&out, fd[1]), 0);
	assert_int_equal(out_flush(&out), 0);
	put_text(&out, "one");
	assert_int_equal(out_flush(&out), 0);
	assert_int_equal(read(fd[0], got, sizeof(got)), -1);
	out_end_line(&out);
	put_text(&out, "tw");
	assert_int_equal(out_flush(&out), 0);
	assert_int_equal(read(fd[0], got, sizeof(got)), 4);
	assert_memory_equal(got, "one\n", 4);
	put_text(&out, "o");
	out_end_line(&out);
	out_end_line(&out);
	put_text(&out, "never ended");
	assert_int_equal(out.lines, 3);
	assert_int_equal(out_close(&out), 0);
	assert_int_equal(read(fd[0], got, sizeof(got)), 5);
	assert_memory_equal(got, "two\n\n", 5);
	assert_int_equal(out.written, 9);
	assert_int_equal(out.lines, 3);
	assert_int_equal(out.lines_lost, 0);
	assert_int_equal(write(fd[1], "x", 1), 1); /* still open */
	close(fd[0]);
	close(fd[1]);
}

/* Bytes without lines are whole up to where they were ended, newlines among them or not. */
static void test_bytes(void **state)
{
	struct out out;
	int fd[2];
	char got[64];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(out_init(&out, fd[1]), 0);
	memcpy(out_room(&out, 4), "a\n\0b", 4);
	out_put(&out, 4);
	assert_int_equal(out_flush(&out), 0);
	assert_int_equal(out.written, 0);
	out_end_bytes(&out);
	put_text(&out, "c");
	out_end_bytes(&out);
	put_text(&out, "never ended");
	assert_int_equal(out_close(&out), 0);
	assert_int_equal(read(fd[0], got, sizeof(got)), 5);
	assert_memory_equal(got, "a\n\0bc", 5);
	close(fd[0]);
	close(fd[1]);
}

/* Nobody calls out_flush: it happens by itself, between lines. */
static void test_flushes_itself(void **state)
{
	FILE *file = tmpfile();
	struct out out;
	size_t len;
	char *text;

	(void)state;
	assert_int_equal(out_init(&out, fileno(file)), 0);
	put_lines(&out, 0, 60000);
	assert_in_range(out.written, 2 * MIB, 8 * MIB);
	lseek(fileno(file), 0, SEEK_SET);
	text = read_all(fileno(file), &len);
	assert_int_equal(len, out.written);
	assert_in_range(check_lines(text, len), 1, 59999);
	assert_int_equal(out_close(&out), 0);
	assert_int_equal(out.cap, 0);
	free(text);
	fclose(file);
}

/* A line longer than the buffer, in the middle of others. */
static void test_long_line(void **state)
{
	FILE *file = tmpfile();
	struct out out;
	size_t len;
	char *text;

	(void)state;
	assert_int_equal(out_init(&out, fileno(file)), 0);
	put_text(&out, "before");
	out_end_line(&out);
	for (int i = 0; i < 50; i++) {
		memset(out_room(&out, OUT_ROOM_MAX), 'a' + i % 26, OUT_ROOM_MAX);
		out_put(&out, OUT_ROOM_MAX);
	}
	out_end_line(&out);
	put_text(&out, "after");
	out_end_line(&out);
	assert_int_equal(out_close(&out), 0);
	assert_int_equal(out.lines, 3);
	lseek(fileno(file), 0, SEEK_SET);
	text = read_all(fileno(file), &len);
	assert_int_equal(len, 50 * OUT_ROOM_MAX + strlen("before\n\nafter\n"));
	assert_memory_equal(text, "before\na", 8);
	for (size_t i = 0; i < 50 * OUT_ROOM_MAX; i++)
		assert_true(text[7 + i] == 'a' + (int)(i / OUT_ROOM_MAX % 26));
	assert_memory_equal(text + 7 + 50 * OUT_ROOM_MAX, "\nafter\n", 7);
	free(text);
	fclose(file);
}

static void on_alarm(int signo)
{
	(void)signo;
}

/* A child writes through a pipe to a reader that is slow, signals in between. */
static void check_slow_reader(int flags)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	struct sigaction action = { .sa_handler = on_alarm };
	int fd[2], status;
	size_t len = 0;
	ssize_t n;
	char *text = malloc(8 * MIB);
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	pid = fork();
	if (pid == 0) {
		struct out out;

		close(fd[0]);
		sigaction(SIGALRM, &action, NULL);
		setitimer(ITIMER_REAL, &often, NULL);
		fcntl(fd[1], F_SETFL, flags);
		if (out_init(&out, fd[1]))
			_exit(1);
		put_lines(&out, 0, 40000);
		_exit(out_close(&out) || out.lines != 40000 || out.lines_lost);
	}
	close(fd[1]);
	while ((n = read(fd[0], text + len, 100001)) > 0) {
		len += (size_t)n;
		usleep(2000);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(check_lines(text, len), 40000);
	close(fd[0]);
	free(text);
}

static void test_interrupted(void **state)
{
	(void)state;
	check_slow_reader(0);
}

static void test_not_blocking(void **state)
{
	(void)state;
	check_slow_reader(O_NONBLOCK);
}

static void test_reader_gone(void **state)
{
	struct out out;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(out_init(&out, fd[1]), 0);
	put_lines(&out, 0, 10);
	assert_int_equal(out_flush(&out), 0);
	close(fd[0]);
	put_lines(&out, 10, 5);
	assert_int_equal(out.lines, 15);
	assert_int_equal(out_flush(&out), -EPIPE);
	assert_int_equal(out.lines, 10);
	assert_int_equal(out.lines_lost, 5);
	put_lines(&out, 15, 100000); /* far more than the buffer holds */
	assert_int_equal(out.lines_lost, 100005);
	close(fd[1]); /* what comes next would be another error: the first one counts */
	assert_int_equal(out_flush(&out), -EPIPE);
	assert_int_equal(out_close(&out), -EPIPE);
	assert_int_equal(out.lines, 10);
	assert_int_equal(out.lines_lost, 100005);
}

static void test_device_full(void **state)
{
	struct out out;
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(out_init(&out, fd), 0);
	put_lines(&out, 0, 3);
	assert_int_equal(out_flush(&out), -ENOSPC);
	put_lines(&out, 3, 1);
	assert_int_equal(out_close(&out), -ENOSPC);
	assert_int_equal(out.error, -ENOSPC);
	assert_int_equal(out.lines, 0);
	assert_int_equal(out.lines_lost, 4);
	assert_int_equal(out.written, 0);
	close(fd);
}

/* Run with a limit for the size of files; the lines do not fit. */
static void fill(struct out *out, int fd, unsigned int n)
{
	struct rlimit old, small;

	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = LIMIT;
	assert_int_equal(out_init(out, fd), 0);
	setrlimit(RLIMIT_FSIZE, &small);
	put_lines(out, 0, n);
	out_close(out);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(out->error, -EFBIG);
	assert_int_equal(out->lines + out->lines_lost, n);
	assert_true(out->lines > 0 && out->lines_lost > 0);
}

/* The file is head and then whole lines, as many as fit under the limit. */
static void check_cut(int fd, const struct out *out, const char *head)
{
	size_t len, skip = strlen(head);
	char *text, line[128];
	unsigned int n;

	lseek(fd, 0, SEEK_SET);
	text = read_all(fd, &len);
	assert_int_equal(len, skip + out->written);
	assert_memory_equal(text, head, skip);
	n = check_lines(text + skip, len - skip);
	assert_int_equal(n, out->lines);
	assert_true(len + make_line(line, n) + 1 > LIMIT);
	free(text);
}

static void test_file_full(void **state)
{
	FILE *file = tmpfile();
	int fd = fileno(file);
	struct out out;

	(void)state;
	fill(&out, fd, 100000);
	check_cut(fd, &out, "");
	fclose(file);
}

/* Written behind what a shell had there; what it writes next follows without a hole. */
static void test_file_full_offset(void **state)
{
	FILE *file = tmpfile();
	int fd = fileno(file);
	struct out out;
	char last[6];

	(void)state;
	assert_int_equal(write(fd, "head\n", 5), 5);
	fill(&out, fd, 100000);
	assert_int_equal(write(fd, "tail\n", 5), 5);
	assert_int_equal(lseek(fd, 0, SEEK_END), out.written + 10);
	assert_int_equal(pread(fd, last, 6, (off_t)out.written + 4), 6);
	assert_memory_equal(last, "\ntail\n", 6);
	assert_int_equal(ftruncate(fd, (off_t)out.written + 5), 0);
	check_cut(fd, &out, "head\n");
	fclose(file);
}

static void test_file_full_append(void **state)
{
	FILE *file = tmpfile();
	int fd = fileno(file);
	struct out out;

	(void)state;
	assert_int_equal(write(fd, "head\n", 5), 5);
	lseek(fd, 0, SEEK_SET);
	fcntl(fd, F_SETFL, O_APPEND);
	fill(&out, fd, 100000);
	check_cut(fd, &out, "head\n");
	fclose(file);
}

/* Not one byte fits: nothing is cut from what was there before. */
static void test_file_full_before(void **state)
{
	FILE *file = tmpfile();
	int fd = fileno(file);
	struct rlimit old, small;
	struct out out;
	struct stat st;

	(void)state;
	assert_int_equal(ftruncate(fd, LIMIT), 0);
	lseek(fd, 0, SEEK_END);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = LIMIT;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(out_init(&out, fd), 0);
	put_lines(&out, 0, 10);
	assert_int_equal(out_close(&out), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(out.lines_lost, 10);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, LIMIT);
	fclose(file);
}

/* Somebody else's text goes on behind ours: it is not ours to cut. */
static void test_file_full_amid(void **state)
{
	FILE *file = tmpfile();
	int fd = fileno(file);
	struct out out;
	struct stat st;

	(void)state;
	assert_int_equal(ftruncate(fd, LIMIT + 1000), 0);
	fill(&out, fd, 100000);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, LIMIT + 1000);
	fclose(file);
}

/* No more memory for this process than it has now, and 2 MiB. */
static void limit_memory(void)
{
	FILE *statm = fopen("/proc/self/statm", "r");
	struct rlimit limit;
	unsigned long pages = 0;

	assert_int_equal(fscanf(statm, "%lu", &pages), 1);
	fclose(statm);
	getrlimit(RLIMIT_AS, &limit);
	limit.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + 2 * MIB;
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

/* Room for a very long line cannot be had: that line is lost, no other. */
static void test_no_memory(void **state)
{
	FILE *file;
	struct rlimit before;
	struct out out;
	size_t len;
	char *text;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* its shadow is larger than any limit */
#endif
	file = tmpfile();
	assert_int_equal(out_init(&out, fileno(file)), 0);
	put_lines(&out, 0, 10);
	getrlimit(RLIMIT_AS, &before);
	limit_memory();
	for (int i = 0; i < 1000; i++) {
		memset(out_room(&out, OUT_ROOM_MAX), 'x', OUT_ROOM_MAX);
		out_put(&out, OUT_ROOM_MAX);
	}
	setrlimit(RLIMIT_AS, &before);
	out_end_line(&out);
	put_lines(&out, 10, 10);
	assert_int_equal(out_close(&out), 0);
	assert_int_equal(out.lines, 20);
	assert_int_equal(out.lines_lost, 1);
	lseek(fileno(file), 0, SEEK_SET);
	text = read_all(fileno(file), &len);
	assert_int_equal(len, out.written);
	assert_int_equal(check_lines(text, len), 20);
	free(text);
	fclose(file);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_whole_lines),	 cmocka_unit_test(test_flushes_itself),
		cmocka_unit_test(test_long_line),	 cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_not_blocking),	 cmocka_unit_test(test_reader_gone),
		cmocka_unit_test(test_device_full),	 cmocka_unit_test(test_file_full),
		cmocka_unit_test(test_file_full_offset), cmocka_unit_test(test_file_full_append),
		cmocka_unit_test(test_file_full_before), cmocka_unit_test(test_file_full_amid),
		cmocka_unit_test(test_no_memory),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
