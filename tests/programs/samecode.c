// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * samecode.c - whether code in a process is still that of its files.
 *
 * samecode PID <"ADDRESS OFFSET FILE" lines. Compares 16 bytes at each; FILE is only for
 * the message, what is read is the file that is mapped there, also when it is deleted or
 * another one has its name. 0, or 1 with the differences on stderr.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BYTES 16

/* Opens the file mapped at addr. */
static int open_mapped(const char *pid, unsigned long addr)
{
	char path[128], line[8192];
	unsigned long start, end;
	FILE *maps;
	int fd = -1;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "r");
	while (maps && fd < 0 && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2 || addr < start || addr >= end)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/map_files/%lx-%lx", pid, start, end);
		fd = open(path, O_RDONLY);
	}
	if (maps)
		fclose(maps);
	return fd;
}

static void show(const char *what, const unsigned char *bytes)
{
	fprintf(stderr, "  %s:", what);
	for (int i = 0; i < BYTES; i++)
		fprintf(stderr, " %02x", bytes[i]);
	fputc('\n', stderr);
}

static int same(const char *pid, int memory, unsigned long addr, unsigned long offset, const char *name)
{
	unsigned char there[BYTES], wanted[BYTES];
	int file = open_mapped(pid, addr);
	int good = pread(memory, there, BYTES, addr) == BYTES &&
		   pread(file, wanted, BYTES, offset) == BYTES;

	close(file);
	if (!good) {
		fprintf(stderr, "code at %#lx of %s cannot be read\n", addr, name);
		return 0;
	}
	if (!memcmp(there, wanted, BYTES))
		return 1;
	fprintf(stderr, "code at %#lx is not that of %s at %#lx\n", addr, name, offset);
	show("process", there);
	show("file", wanted);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long addr, offset;
	char path[64], name[4096];
	int memory, compared = 0, bad = 0;

	if (argc != 2)
		return 2;
	snprintf(path, sizeof(path), "/proc/%s/mem", argv[1]);
	memory = open(path, O_RDONLY);
	while (scanf("%lx %lx %4095[^\n]", &addr, &offset, name) == 3) {
		bad += !same(argv[1], memory, addr, offset, name);
		compared++;
	}
	if (!compared)
		fprintf(stderr, "nothing to compare\n");
	return bad || !compared;
}
