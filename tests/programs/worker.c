// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * worker.c - does what it is told, line by line on stdin, and answers each line by "done
 * NUMBER VALUE". Between the lines it calls no allocator, so a test knows every call.
 *
 * worker FILE...	 map these files, say "ready PID", take orders:
 *	alloc N SIZE	 N times malloc and free
 *	keep N SIZE	 N times malloc
 *	fork N SIZE	 a child does the first and exits with 7; VALUE is its wait status
 *	vfork N SIZE	 so does a child that shares this memory
 *	spawn N SIZE	 so does one that runs this program again
 *	dlopen PATH	 VALUE is 1 when it is loaded
 *	zombie		 a child ends and is not waited for; VALUE is its pid
 *	exit STATUS
 * worker -n N SIZE	 the child of spawn
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void allocate(long n, long size, int keep)
{
	for (long i = 0; i < n; i++) {
		volatile char *block = malloc(size);

		if (!block)
			_exit(99);
		block[0] = block[size - 1] = i;
		if (!keep)
			free((void *)block);
	}
}

static int end_of(pid_t child)
{
	int status;

	return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

static int fork_child(long n, long size)
{
	pid_t child = fork();

	if (child == 0) {
		allocate(n, size, 0);
		_exit(7);
	}
	return end_of(child);
}

static int leave_zombie(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child;
}

static int vfork_child(long n, long size)
{
	pid_t child = vfork();

	if (child == 0) {
		allocate(n, size, 0);
		_exit(7);
	}
	return end_of(child);
}

static int spawn_child(long n, long size)
{
	char count[24], bytes[24];
	char *argv[] = { "worker", "-n", count, bytes, NULL };
	pid_t child;

	snprintf(count, sizeof(count), "%ld", n);
	snprintf(bytes, sizeof(bytes), "%ld", size);
	if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv, environ))
		return -1;
	return end_of(child);
}

/* stdio would allocate its buffer */
static int read_line(char *line, size_t cap)
{
	size_t len = 0;

	while (read(0, line + len, 1) == 1) {
		if (line[len] == '\n') {
			line[len] = '\0';
			return 1;
		}
		if (++len == cap)
			_exit(98);
	}
	return 0;
}

/* dprintf allocates too */
static void say(const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (write(1, text, strlen(text)) < 0)
		_exit(96);
}

static long obey(const char *word, const char *rest)
{
	char *end;
	long n = strtol(rest, &end, 10), size = strtol(end, NULL, 10);

	if (!strcmp(word, "alloc"))
		allocate(n, size, 0);
	else if (!strcmp(word, "keep"))
		allocate(n, size, 1);
	else if (!strcmp(word, "fork"))
		return fork_child(n, size);
	else if (!strcmp(word, "vfork"))
		return vfork_child(n, size);
	else if (!strcmp(word, "spawn"))
		return spawn_child(n, size);
#ifndef NO_DLOPEN
	else if (!strcmp(word, "dlopen"))
		return dlopen(rest, RTLD_NOW) != NULL;
#endif
	else if (!strcmp(word, "zombie"))
		return leave_zombie();
	else if (!strcmp(word, "exit"))
		exit(n);
	return 0;
}

static void map_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) ||
	    mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED) {
		perror(path);
		exit(97);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	char line[4096];

	if (argc == 4 && !strcmp(argv[1], "-n")) {
		allocate(atol(argv[2]), atol(argv[3]), 0);
		return 7;
	}
	for (int i = 1; i < argc; i++)
		map_file(argv[i]);
	say("ready %d\n", (int)getpid());
	for (int done = 1; read_line(line, sizeof(line)); done++) {
		char *space = strchr(line, ' ');

		if (space)
			*space = '\0';
		say("done %d %ld\n", done, obey(line, space ? space + 1 : ""));
	}
	return 0;
}
