// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* slide_dump.c - where the probes of given functions would lie, a line of fields each. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clean.h"
#include "probe/slide.h"
#include "target/elf.h"

/* The file and the segment of it read last; the next function is likely there too. */
struct target {
	const char *path;
	struct elf_file *elf;
	uint8_t *code;
	struct slide_text text;
};

static int open_target(struct target *target, const char *path)
{
	int fd __fd = -1;
	int error;

	if (target->path && !strcmp(target->path, path))
		return 0;
	free(target->code);
	elf_free(target->elf);
	*target = (struct target){ 0 };
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = elf_open(fd, &target->elf);
	if (!error)
		target->path = path;
	return error;
}

static int read_text(struct target *target, uint64_t vaddr)
{
	size_t n;
	const struct elf_load *load = elf_loads(target->elf, &n);

	if (target->code && vaddr - target->text.vaddr < target->text.len)
		return 0;
	for (; n && vaddr - load->vaddr >= load->filesz; n--)
		load++;
	if (!n || !(load->flags & PF_X))
		return -ENOENT;
	free(target->code);
	target->code = malloc(load->filesz);
	if (!target->code)
		return -ENOMEM;
	target->text.code = target->code;
	target->text.vaddr = load->vaddr;
	target->text.len = elf_read(target->elf, load->offset, target->code, load->filesz);
	return 0;
}

static int dump(struct target *target, const char *symbol, unsigned args)
{
	struct elf_symbol at;
	struct slide slide;
	int error;

	if (!elf_find(target->elf, &symbol, 1, &at))
		return -ENOENT;
	error = read_text(target, at.vaddr);
	if (!error)
		error = slide_choose(&target->text, at.vaddr, at.size, args, &slide);
	if (error)
		return error;
	printf("%s\t%#lx\t%lu\t%#x\t%u\t%s\t%d\t%s\t%s\n", symbol, at.vaddr, at.size, args,
	       slide.offset, slide.emulated ? "emulated" : "stepped", at.dynamic, slide.instruction,
	       slide.why);
	return 0;
}

int main(int argc, char **argv)
{
	struct target target = { 0 };
	int status = 0;

	if (argc < 4 || argc % 3 != 1) {
		fprintf(stderr, "usage: slide_dump FILE SYMBOL ARGMASK ...\n");
		return 2;
	}
	for (int i = 1; i < argc; i += 3) {
		int error = open_target(&target, argv[i]);

		if (!error)
			error = dump(&target, argv[i + 1], (unsigned)strtoul(argv[i + 2], NULL, 0));
		if (error) {
			fprintf(stderr, "%s: %s: %s\n", argv[i], argv[i + 1], strerror(-error));
			status = 1;
		}
	}
	free(target.code);
	elf_free(target.elf);
	return status;
}
