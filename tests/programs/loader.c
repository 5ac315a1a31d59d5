// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * loader.c - loads libraries and lets them make blocks, line by line on stdin, and answers
 * each line by "done NUMBER VALUE".
 *
 *	open PATH	 VALUE is the address of its make()
 *	make SIZE	 by the library loaded last; VALUE is the block
 *	close		 unload it
 *	jit SIZE	 by code made at run time; VALUE is where that code is
 *	map NAME	 tell perf that this code is called so
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *library;
static unsigned char *code;

static void *make(void)
{
	return library ? dlsym(library, "make") : NULL;
}

/* push %rbp; mov %rsp,%rbp; movabs $malloc,%rax; call *%rax; pop %rbp; ret */
static void *jit(unsigned long size)
{
	static const unsigned char begin[] = { 0x55, 0x48, 0x89, 0xe5, 0x48, 0xb8 };
	static const unsigned char end[] = { 0xff, 0xd0, 0x5d, 0xc3 };
	void *(*function)(size_t) = malloc;

	if (!code) {
		code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memcpy(code + 64, begin, sizeof(begin));
		memcpy(code + 64 + sizeof(begin), &function, sizeof(function));
		memcpy(code + 64 + sizeof(begin) + sizeof(function), end, sizeof(end));
		mprotect(code, 4096, PROT_READ | PROT_EXEC);
	}
	((void *(*)(size_t))(code + 64))(size);
	return code + 64;
}

static void *tell_perf(const char *name)
{
	char path[64];
	FILE *map;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	map = fopen(path, "a");
	if (!map)
		return NULL;
	fprintf(map, "%lx %x %s\n", (unsigned long)(code + 64), 20, name);
	fclose(map);
	return code + 64;
}

static void *obey(const char *order, const char *word)
{
	void *(*maker)(unsigned long) = (void *(*)(unsigned long))make();

	if (!strcmp(order, "open")) {
		library = dlopen(word, RTLD_NOW);
		return make();
	}
	if (!strcmp(order, "make"))
		return maker ? maker(strtoul(word, NULL, 10)) : NULL;
	if (!strcmp(order, "jit"))
		return jit(strtoul(word, NULL, 10));
	if (!strcmp(order, "map"))
		return tell_perf(word);
	if (library)
		dlclose(library);
	library = NULL;
	return NULL;
}

int main(void)
{
	char line[4200], order[16], word[4096];

	printf("ready\n");
	fflush(stdout);
	for (int n = 1; fgets(line, sizeof(line), stdin); n++) {
		word[0] = '\0';
		sscanf(line, "%15s %4095s", order, word);
		printf("done %d %p\n", n, obey(order, word));
		fflush(stdout);
	}
	return 0;
}
