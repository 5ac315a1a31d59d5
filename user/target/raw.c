// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* raw.c - copies of parts of an ELF file. */
#include <stdlib.h>
#include <string.h>
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

/* The section headers; NULL when there are none. */
static Elf64_Shdr *read_sections(const struct elf_file *elf, Elf64_Ehdr *header, size_t *n)
{
	Elf64_Shdr *sections;
	size_t len;

	*n = 0;
	if (elf_read(elf, 0, header, sizeof(*header)) != sizeof(*header) || !header->e_shoff ||
	    header->e_shentsize != sizeof(*sections))
		return NULL;
	sections = raw_copy(elf, header->e_shoff, header->e_shnum * sizeof(*sections), &len);
	*n = len / sizeof(*sections);
	return sections;
}

bool raw_section(const struct elf_file *elf, uint32_t type, Elf64_Shdr *out, Elf64_Shdr *link)
{
	Elf64_Ehdr header;
	size_t n;
	Elf64_Shdr *sections __free = read_sections(elf, &header, &n);

	for (size_t i = 0; i < n; i++)
		if (sections[i].sh_type == type && sections[i].sh_link < n) {
			*out = sections[i];
			*link = sections[sections[i].sh_link];
			return true;
		}
	return false;
}

bool raw_section_named(const struct elf_file *elf, const char *name, Elf64_Shdr *out)
{
	Elf64_Ehdr header = { 0 };
	size_t n, len = 0;
	Elf64_Shdr *sections __free = read_sections(elf, &header, &n);
	const Elf64_Shdr *names = header.e_shstrndx < n ? &sections[header.e_shstrndx] : NULL;
	char *strings __free = names ? raw_copy(elf, names->sh_offset, names->sh_size, &len) : NULL;

	if (!len || strings[len - 1])
		return false; /* the last name would not end */
	for (size_t i = 0; i < n; i++)
		if (sections[i].sh_name < len && sections[i].sh_type != SHT_NOBITS &&
		    !strcmp(strings + sections[i].sh_name, name)) {
			*out = sections[i];
			return true;
		}
	return false;
}
