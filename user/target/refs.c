// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* refs.c - words that hold an address after relocation, and the functions at addresses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clean.h"
#include "target/raw.h"
#include "target/refs.h"

struct words {
	uint64_t *list;
	size_t n, room;
};

/* What relocation needs of PT_DYNAMIC, by tag. */
struct dynamic {
	uint64_t tags[DT_NUM];
};

static int add(struct words *words, uint64_t vaddr)
{
	if (words->n == words->room) {
		const size_t room = words->room ? 2 * words->room : 64;
		uint64_t *list = reallocarray(words->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		words->list = list;
		words->room = room;
	}
	words->list[words->n++] = vaddr;
	return 0;
}

/* Whether nothing writes to the word once the loader is done: a segment without PF_W, RELRO. */
static bool is_constant(const struct elf_file *elf, const Elf64_Phdr *relro, uint64_t vaddr)
{
	size_t n;
	const struct elf_load *loads = elf_loads(elf, &n);

	if (vaddr - relro->p_vaddr < relro->p_memsz)
		return true;
	for (size_t i = 0; i < n; i++)
		if (vaddr - loads[i].vaddr < loads[i].memsz)
			return !(loads[i].flags & PF_W);
	return false;
}

static bool read_dynamic(const struct elf_file *elf, struct dynamic *dynamic)
{
	Elf64_Phdr segment;
	Elf64_Dyn *entries __free = NULL;
	size_t len;

	memset(dynamic, 0, sizeof(*dynamic));
	if (!raw_segment(elf, PT_DYNAMIC, &segment))
		return false;
	entries = raw_copy(elf, segment.p_offset, segment.p_filesz, &len);
	for (size_t i = 0; i < len / sizeof(*entries) && entries[i].d_tag != DT_NULL; i++)
		if ((uint64_t)entries[i].d_tag < DT_NUM)
			dynamic->tags[entries[i].d_tag] = entries[i].d_un.d_ptr;
	return true;
}

static uint64_t symbol_value(const struct elf_file *elf, const struct dynamic *dynamic,
			     uint64_t index)
{
	Elf64_Sym symbol;
	const int64_t offset =
		elf_offset(elf, dynamic->tags[DT_SYMTAB] + index * sizeof(Elf64_Sym));

	if (offset < 0 ||
	    elf_read(elf, (uint64_t)offset, &symbol, sizeof(symbol)) != sizeof(symbol) ||
	    symbol.st_shndx == SHN_UNDEF)
		return 0;
	return symbol.st_value;
}

/* Relocations come with few different symbols in a row: the last one's value is kept. */
static int add_relocated(const struct elf_file *elf, const struct dynamic *dynamic, uint64_t vaddr,
			 struct words *words)
{
	const uint64_t *tags = dynamic->tags;
	uint64_t last = 0, value = 0;
	size_t len;
	Elf64_Rela *list __free = raw_copy_at(elf, tags[DT_RELA], tags[DT_RELASZ], &len);

	for (size_t i = 0; i < len / sizeof(*list); i++) {
		const uint64_t type = ELF64_R_TYPE(list[i].r_info);
		const uint64_t symbol = ELF64_R_SYM(list[i].r_info);

		if (type == R_X86_64_RELATIVE) {
			if ((uint64_t)list[i].r_addend != vaddr)
				continue;
		} else if (type == R_X86_64_GLOB_DAT || type == R_X86_64_64) {
			if (symbol != last)
				value = symbol_value(elf, dynamic, symbol);
			last = symbol;
			if (value + (uint64_t)list[i].r_addend != vaddr)
				continue;
		} else {
			continue;
		}
		if (add(words, list[i].r_offset))
			return -ENOMEM;
	}
	return 0;
}

/* Without relocations, constants are in the file as they are: not PIE, or DT_RELR. */
static int add_plain(const struct elf_file *elf, const struct elf_load *load, uint64_t vaddr,
		     struct words *words)
{
	size_t len;
	uint8_t *bytes __free = raw_copy(elf, load->offset, load->filesz, &len);
	uint64_t word;

	for (size_t i = -load->vaddr % sizeof(word); i + sizeof(word) <= len; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		if (word == vaddr && add(words, load->vaddr + i))
			return -ENOMEM;
	}
	return 0;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void keep_constant(const struct elf_file *elf, struct words *words)
{
	Elf64_Phdr relro;
	size_t n = 0;

	if (!raw_segment(elf, PT_GNU_RELRO, &relro))
		relro = (Elf64_Phdr){ 0 };
	if (words->n)
		qsort(words->list, words->n, sizeof(*words->list), by_value);
	for (size_t i = 0; i < words->n; i++)
		if (is_constant(elf, &relro, words->list[i]) &&
		    (!n || words->list[i] != words->list[n - 1]))
			words->list[n++] = words->list[i];
	words->n = n;
}

int refs_to(const struct elf_file *elf, uint64_t vaddr, uint64_t **out, size_t *n)
{
	struct words words = { 0 };
	struct dynamic dynamic;
	size_t n_loads;
	const struct elf_load *loads = elf_loads(elf, &n_loads);
	int error = 0;

	*out = NULL;
	*n = 0;
	if (read_dynamic(elf, &dynamic))
		error = add_relocated(elf, &dynamic, vaddr, &words);
	for (size_t i = 0; i < n_loads && !error; i++)
		if (!(loads[i].flags & PF_X))
			error = add_plain(elf, &loads[i], vaddr, &words);
	if (error) {
		free(words.list);
		return error;
	}
	keep_constant(elf, &words);
	*out = words.list;
	*n = words.n;
	return 0;
}

/* Offer a function's name to the addresses that it holds. */
static void name_addresses(const Elf64_Sym *symbol, const char *name, const uint64_t *vaddrs,
			   size_t n, const char **names)
{
	size_t first = 0, last = n;

	while (first < last) {
		const size_t middle = first + (last - first) / 2;

		if (vaddrs[middle] < symbol->st_value)
			first = middle + 1;
		else
			last = middle;
	}
	for (; first < n && vaddrs[first] - symbol->st_value < symbol->st_size; first++)
		if (!names[first])
			names[first] = name;
}

void refs_names(const struct elf_file *elf, const uint64_t *vaddrs, size_t n, const char **names,
		char **strings)
{
	Elf64_Shdr table, link;
	Elf64_Sym *symbols __free = NULL;
	size_t len = 0, n_strings = 0;

	memset(names, 0, n * sizeof(*names));
	*strings = NULL;
	if (!raw_section(elf, SHT_SYMTAB, &table, &link) &&
	    !raw_section(elf, SHT_DYNSYM, &table, &link))
		return;
	symbols = raw_copy(elf, table.sh_offset, table.sh_size, &len);
	*strings = raw_copy(elf, link.sh_offset, link.sh_size, &n_strings);
	if (!n_strings || (*strings)[n_strings - 1])
		return; /* the last name would not end */
	for (size_t i = 0; i < len / sizeof(*symbols); i++)
		if (ELF64_ST_TYPE(symbols[i].st_info) == STT_FUNC &&
		    symbols[i].st_shndx != SHN_UNDEF && symbols[i].st_name < n_strings)
			name_addresses(&symbols[i], *strings + symbols[i].st_name, vaddrs, n,
				       names);
}
