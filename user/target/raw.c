// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* raw.c - copies of parts of an ELF file. */
#include <stdlib.h>
#include "base/clean.h"
#include "target/raw.h"

#define COPY_MAX (128u << 20) /* bytes of one copy; what is larger is read so far */
#define READ_STEP (1u << 20)  /* a size in the file is believed only as bytes come */

void *raw_copy(const struct elf_file *elf, uint64_t offset, uint64_t size, size_t *len)
{
	char *copy = NULL;

	*len = 0;
	if (size > COPY_MAX)
		size = COPY_MAX;
	while (*len < size) {
		const size_t left = size - *len;
		const size_t step = left < READ_STEP ? left : READ_STEP;
		char *grown = realloc(copy, *len + step);
		size_t got;

		if (!grown)
			break;
		copy = grown;
		got = elf_read(elf, offset + *len, copy + *len, step);
		*len += got;
		if (got < step)
			break;
	}
	if (*len)
		return copy;
	free(copy);
	return NULL;
}

void *raw_copy_at(const struct elf_file *elf, uint64_t vaddr, uint64_t size, size_t *len)
{
	size_t n;
	const struct elf_load *load = elf_loads(elf, &n);

	*len = 0;
	for (size_t i = 0; i < n; i++, load++) {
		const uint64_t at = vaddr - load->vaddr;

		if (at < load->filesz)
			return raw_copy(elf, load->offset + at,
					size < load->filesz - at ? size : load->filesz - at, len);
	}
	return NULL;
}

bool raw_segment(const struct elf_file *elf, uint32_t type, Elf64_Phdr *out)
{
	Elf64_Ehdr header;

	if (elf_read(elf, 0, &header, sizeof(header)) != sizeof(header) ||
	    header.e_phentsize != sizeof(*out))
		return false;
	for (size_t i = 0; i < header.e_phnum; i++)
		if (elf_read(elf, header.e_phoff + i * sizeof(*out), out, sizeof(*out)) ==
			    sizeof(*out) &&
		    out->p_type == type)
			return true;
	return false;
}

bool raw_section(const struct elf_file *elf, uint32_t type, Elf64_Shdr *out, Elf64_Shdr *link)
{
	Elf64_Ehdr header;
	Elf64_Shdr *sections __free = NULL;
	size_t len, n;

	if (elf_read(elf, 0, &header, sizeof(header)) != sizeof(header) || !header.e_shoff ||
	    header.e_shentsize != sizeof(*out))
		return false;
	sections = raw_copy(elf, header.e_shoff, header.e_shnum * sizeof(*out), &len);
	n = len / sizeof(*out);
	for (size_t i = 0; i < n; i++)
		if (sections[i].sh_type == type && sections[i].sh_link < n) {
			*out = sections[i];
			*link = sections[sections[i].sh_link];
			return true;
		}
	return false;
}
