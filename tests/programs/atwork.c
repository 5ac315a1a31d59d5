// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * atwork.c - atwork PARENT NTH DELAY child|parent: waits for the nth child that a process
 * makes, DELAY microseconds more, and kills the child, or the parent, with
 * SIGKILL. Says "watching", then "killed PID"; exit status 1 when there was nothing to kill
 * any more.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The youngest process; numbers go up until they begin again. */
static int last_pid(void)
{
	FILE *file = fopen("/proc/loadavg", "r");
	int pid = 0;

	if (file && fscanf(file, "%*s %*s %*s %*s %d", &pid) != 1)
		pid = 0;
	if (file)
		fclose(file);
	return pid;
}

/* Its parent; 0 when it is not there or has ended. */
static int parent_of(int pid)
{
	char path[32], line[512], state;
	FILE *file;
	int parent = 0;
	char *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	line[0] = '\0';
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	end = strrchr(line, ')'); /* behind the name */
	if (!end || sscanf(end + 1, " %c %d", &state, &parent) != 2 || state == 'Z' || state == 'X')
		return 0;
	return parent;
}

/* The nth child of those that have not ended yet; 0 when the parent ends before. */
static int wait_for_child(int parent, int nth)
{
	int seen = parent; /* children are younger */

	puts("watching");
	fflush(stdout);
	while (parent_of(parent)) {
		int last = last_pid();

		if (last < seen)
			seen = 0;
		while (seen < last)
			if (parent_of(++seen) == parent && --nth == 0)
				return seen;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int parent, child, victim;
	long until;

	if (argc != 5)
		return 2;
	parent = atoi(argv[1]);
	child = wait_for_child(parent, atoi(argv[2]));
	until = now_us() + atol(argv[3]);
	while (child && now_us() < until)
		;
	victim = strcmp(argv[4], "child") ? parent : child;
	/* a process that has ended but was not waited for takes signals as well */
	if (!child || !parent_of(victim) || kill(victim, SIGKILL))
		return 1;
	printf("killed %d\n", victim);
	return 0;
}
