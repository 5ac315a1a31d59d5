// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * intsites_dump.c - where a CPython makes ints, a line of fields for each place. With a
 * directory, what is kept there is used and added to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/clean.h"
#include "base/store.h"
#include "probe/intsites.h"
#include "target/elf.h"

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static const char *const ways[INTSITE_WAYS] = {
	[INTSITE_BY_IMMEDIATE] = "immediate", [INTSITE_BY_RIP] = "rip",
	[INTSITE_BY_GOT] = "got",	      [INTSITE_BY_REGISTER] = "register",
	[INTSITE_BY_FREELIST] = "freelist",
};

static const char *value_word(uint8_t at)
{
	return at == INTSITE_LATER ? "later" : at == INTSITE_MEMORY ? "memory" : intsites_register(at);
}

static void dump(const struct intsites *sites, double took)
{
	for (size_t i = 0; i < sites->n; i++) {
		const struct intsite *site = &sites->list[i];

		printf("%#lx\t%#lx\t%s\t%s\t%#lx\t%#lx\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", site->vaddr,
		       site->offset, site->kind == INTSITE_POP ? "pop" : "store",
		       intsites_register(site->object), site->probe_vaddr, site->probe,
		       intsites_register(site->reg), site->emulated ? "emulated" : "stepped",
		       site->before_store ? "before" : "after",
		       site->function ? site->function : "-", ways[site->way],
		       value_word(site->digit), value_word(site->sizes),
		       site->filled ? "filled" : "empty");
	}
	printf("# sites=%zu ob_type=%u freelist=%#lx unsure=%zu elsewhere=%zu unread=%zu "
	       "pops_unsure=%zu undecoded=%zu functions=%zu cached=%d kept=%d ms=%.0f\n",
	       sites->n, sites->ob_type, sites->freelist, sites->unsure, sites->elsewhere,
	       sites->unread, sites->pops_unsure, sites->undecoded, sites->functions,
	       sites->cached, !sites->keep_error, took);
}

int main(int argc, char **argv)
{
	struct intsites sites;
	struct elf_file *elf;
	int fd __fd = -1, cache __fd = -1;
	const char *why;
	double start;
	int error;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: intsites_dump FILE VERSION (0x030b) [DIRECTORY]\n");
		return 2;
	}
	if (argc == 4) {
		cache = store_open(argv[3], &why);
		if (cache < 0)
			fprintf(stderr, "%s: %s\n", argv[3], why);
	}
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	error = fd < 0 ? -errno : elf_open(fd, &elf);
	if (!error) {
		start = now();
		error = intsites_find(elf, (unsigned)strtoul(argv[2], NULL, 0), cache, &sites);
		if (!error) {
			dump(&sites, now() - start);
			intsites_free(&sites);
		}
		elf_free(elf);
	}
	if (error)
		fprintf(stderr, "%s: %s\n", argv[1], strerror(-error));
	return error != 0;
}
