// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* symbols.c - which function of an ELF file holds an address, by its symbol tables. */
#include "target/symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "target/raw.h"

/* Functions looked at before an address for one that holds it: some lie inside others. */
#define LOOK_BACK 64

#define ALIASES 16 /* names of one function that are compared */

struct function {
	uint64_t start, end; /* half-open */
	uint32_t name;	     /* where it is in the strings */
	uint32_t rank;	     /* the highest of those at one address is named */
};

struct symbols {
	const struct elf_file *elf;
	uint64_t strings, strings_size;
	struct function *at;
	size_t n;
};

/* The sections by number, for symbols that do not say how long they are. */
struct sections {
	Elf64_Shdr *at;
	size_t n;
};

static const Elf64_Shdr *code_of(const struct sections *sections, const Elf64_Sym *symbol)
{
	const Elf64_Shdr *section;

	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= sections->n)
		return NULL;
	section = &sections->at[symbol->st_shndx];
	return section->sh_flags & SHF_EXECINSTR &&
			       symbol->st_value - section->sh_addr < section->sh_size
		       ? section
		       : NULL;
}

/*
 * Labels in assembly have no type and often no size. In .symtab, which has them all, such
 * a function ends where the next begins; until that is known, with its section.
 */
static bool take(const struct sections *sections, const Elf64_Sym *symbol, bool whole,
		 struct function *function)
{
	const unsigned type = ELF64_ST_TYPE(symbol->st_info), bind = ELF64_ST_BIND(symbol->st_info);
	const Elf64_Shdr *section = code_of(sections, symbol);
	bool typed = type == STT_FUNC || type == STT_GNU_IFUNC;

	if (!section || (!typed && type != STT_NOTYPE) || (!symbol->st_size && !whole))
		return false;
	*function = (struct function){
		.start = symbol->st_value,
		.end = symbol->st_size ? symbol->st_value + symbol->st_size
				       : section->sh_addr + section->sh_size,
		.name = symbol->st_name,
		.rank = (symbol->st_size ? 8u : 0) + (typed ? 4u : 0) +
			(bind != STB_LOCAL ? 1u : 0),
	};
	return function->end > function->start;
}

static int by_start(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* What has no size of its own ends at the next function. */
static void cut_open_ends(struct symbols *symbols)
{
	uint64_t next = UINT64_MAX, here = UINT64_MAX;

	for (size_t i = symbols->n; i-- > 0;) {
		struct function *function = &symbols->at[i];

		if (function->start != here) {
			next = here;
			here = function->start;
		}
		if (function->rank < 8 && function->end > next)
			function->end = next;
	}
}

static int read_table(struct symbols *symbols, const Elf64_Shdr *table, bool whole)
{
	Elf64_Ehdr header;
	struct sections sections = { 0 };
	size_t len = 0, n;
	Elf64_Sym *list __free = raw_copy(symbols->elf, table->sh_offset, table->sh_size, &len);

	n = len / sizeof(*list);
	if (!n || elf_read(symbols->elf, 0, &header, sizeof(header)) != sizeof(header))
		return -ENOENT;
	sections.at = raw_copy(symbols->elf, header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr),
			       &len);
	sections.n = sections.at ? len / sizeof(Elf64_Shdr) : 0;
	symbols->at = calloc(n, sizeof(*symbols->at));
	for (size_t i = 0; symbols->at && i < n; i++)
		if (take(&sections, &list[i], whole, &symbols->at[symbols->n]))
			symbols->n++;
	free(sections.at);
	return symbols->at ? 0 : -ENOMEM;
}

int symbols_read(const struct elf_file *elf, struct symbols **out)
{
	struct symbols *symbols = calloc(1, sizeof(*symbols));
	Elf64_Shdr table, strings;
	bool whole;
	int err = -ENOENT;

	*out = NULL;
	if (!symbols)
		return -ENOMEM;
	symbols->elf = elf;
	whole = raw_section(elf, SHT_SYMTAB, &table, &strings);
	if (whole || raw_section(elf, SHT_DYNSYM, &table, &strings)) {
		symbols->strings = strings.sh_offset;
		symbols->strings_size = strings.sh_size;
		err = read_table(symbols, &table, whole);
	}
	if (!err && !symbols->n)
		err = -ENOENT;
	if (err) {
		symbols_free(symbols);
		return err;
	}
	qsort(symbols->at, symbols->n, sizeof(*symbols->at), by_start);
	cut_open_ends(symbols);
	*out = symbols;
	return 0;
}

void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	free(symbols->at);
	free(symbols);
}

/* False for the empty name. */
static bool read_name(const struct symbols *symbols, const struct function *function,
		      char name[SYMBOLS_NAME])
{
	size_t len = 0;

	if (function->name < symbols->strings_size)
		len = elf_read(symbols->elf, symbols->strings + function->name, name,
			       SYMBOLS_NAME - 1);
	name[len] = '\0';
	name[strcspn(name, "@")] = '\0';
	return name[0];
}

/* Of names for one function, that with the fewest underscores in front: malloc. */
static bool read_best_name(const struct symbols *symbols, size_t i, char name[SYMBOLS_NAME])
{
	const struct function *function = &symbols->at[i];
	char other[SYMBOLS_NAME];
	bool found = read_name(symbols, function, name);

	for (int n = 1; n < ALIASES && i-- > 0 && symbols->at[i].start == function->start; n++) {
		if (found && symbols->at[i].rank < function->rank)
			break;
		if (!read_name(symbols, &symbols->at[i], other))
			continue;
		if (!found || strspn(other, "_") < strspn(name, "_"))
			strcpy(name, other);
		found = true;
	}
	return found;
}

bool symbols_find(const struct symbols *symbols, uint64_t vaddr, char name[SYMBOLS_NAME],
		  uint64_t *start)
{
	size_t lo = 0, hi = symbols->n; /* the first that starts after vaddr is in [lo, hi] */

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (symbols->at[mid].start <= vaddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t i = lo; i-- > 0 && lo - i <= LOOK_BACK;) {
		if (vaddr >= symbols->at[i].end)
			continue;
		*start = symbols->at[i].start;
		return read_best_name(symbols, i, name);
	}
	return false;
}
