// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* elf.c - segments, symbols and bytes of a target's ELF file. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clean.h"
#include "target/elf.h"

/*
 * Everything is read by pread into memory of our own. Mapped, a file cut short by its
 * owner would kill us with SIGBUS. libelf trusts the counts of the header: a sparse
 * file of 4 KiB on disk makes its elf_begin take gigabytes.
 */

#define TABLE_MAX (128u << 20)	 /* bytes of one table; a larger one is read so far */
#define LIST_MAX (256u << 10)	 /* likewise, of one PT_NOTE or one chain of DT_GNU_HASH */
#define SEGMENTS_MAX (64u << 10) /* bytes of program headers: the limit of Linux itself */
#define LOADS_MAX 64		 /* PT_LOADs; linkers make up to ten */
#define BUILD_ID_MAX 64
#define VERSION_HIDDEN 0x8000 /* bit of a .gnu.version entry: sym@V, not sym@@V */

struct extent {
	uint64_t offset, size;
};

struct elf_file {
	int fd;
	uint64_t size;
	bool pie;
	struct extent sections; /* of the section headers; size 0 when stripped */
	struct extent dynamic;	/* of PT_DYNAMIC; size 0 when there is none */
	char *interpreter;
	char build_id[2 * BUILD_ID_MAX + 1];
	struct elf_load loads[LOADS_MAX];
	size_t n_loads;
};

/* Where the parts of one symbol table lie. */
struct symbol_table {
	struct extent symbols, strings, versions;
};

static bool in_file(const struct elf_file *elf, struct extent at)
{
	return at.offset <= elf->size && at.size <= elf->size - at.offset;
}

size_t elf_read(const struct elf_file *elf, uint64_t offset, void *buf, size_t len)
{
	size_t done = 0;

	if (offset >= elf->size)
		return 0;
	if (len > elf->size - offset)
		len = elf->size - offset;
	while (done < len) {
		ssize_t n = pread(elf->fd, (char *)buf + done, len - done, (off_t)(offset + done));

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

/* A copy of an extent, as far as file and limit go, with a NUL behind it; NULL if empty. */
static void *read_extent(const struct elf_file *elf, struct extent at, size_t limit, size_t *len)
{
	uint64_t left = at.offset < elf->size ? elf->size - at.offset : 0;
	size_t size = limit;
	char *copy;

	if (size > left)
		size = left;
	if (size > at.size)
		size = at.size;
	copy = size ? malloc(size + 1) : NULL;
	if (!copy)
		return NULL;
	*len = elf_read(elf, at.offset, copy, size);
	copy[*len] = '\0';
	return copy;
}

static int check_header(const struct elf_file *elf, Elf64_Ehdr *header)
{
	size_t len = elf_read(elf, 0, header, sizeof(*header));

	if (len < EI_NIDENT || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return -ENOEXEC;
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
		return -ENOTSUP;
	if (len < sizeof(*header))
		return -EBADMSG;
	if (header->e_machine != EM_X86_64 ||
	    (header->e_type != ET_EXEC && header->e_type != ET_DYN))
		return -ENOTSUP;
	return 0;
}

/* Neither the kernel nor the loader looks at section headers: bad ones are no damage. */
static void locate_sections(struct elf_file *elf, const Elf64_Ehdr *header)
{
	struct extent at = { header->e_shoff, header->e_shnum * sizeof(Elf64_Shdr) };
	Elf64_Shdr first;

	if (!header->e_shoff || header->e_shentsize != sizeof(Elf64_Shdr))
		return;
	/* too many for e_shnum: the first header says how many */
	if (!at.size && elf_read(elf, at.offset, &first, sizeof(first)) == sizeof(first) &&
	    first.sh_size <= elf->size / sizeof(first))
		at.size = first.sh_size * sizeof(first);
	elf->sections = at;
}

static int add_load(struct elf_file *elf, const Elf64_Phdr *segment)
{
	if (elf->n_loads == LOADS_MAX || segment->p_filesz > segment->p_memsz ||
	    segment->p_memsz > UINT64_MAX - segment->p_vaddr ||
	    (segment->p_filesz &&
	     !in_file(elf, (struct extent){ segment->p_offset, segment->p_filesz })))
		return -EBADMSG;
	elf->loads[elf->n_loads++] = (struct elf_load){
		.vaddr = segment->p_vaddr,
		.memsz = segment->p_memsz,
		.offset = segment->p_offset,
		.filesz = segment->p_filesz,
		.flags = segment->p_flags,
	};
	return 0;
}

static int add_interpreter(struct elf_file *elf, struct extent at)
{
	size_t len;

	if (elf->interpreter || !at.size)
		return 0; /* the kernel uses the first; a debug file has only its header */
	if (at.size < 2 || at.size > PATH_MAX || !in_file(elf, at))
		return -EBADMSG;
	elf->interpreter = read_extent(elf, at, PATH_MAX, &len);
	return elf->interpreter ? 0 : -ENOMEM;
}

/* Name and description of a note are each padded to the alignment of the segment, 4 or 8. */
static void add_notes(struct elf_file *elf, struct extent at, uint64_t align)
{
	uint64_t start = 0, id, end;
	size_t len = 0;
	uint8_t *notes __free = read_extent(elf, at, LIST_MAX, &len);
	Elf64_Nhdr note;

	while (start < len && len - start >= sizeof(note)) {
		memcpy(&note, notes + start, sizeof(note));
		id = (start + sizeof(note) + note.n_namesz + align - 1) & -align;
		end = id + note.n_descsz;
		if (end > len)
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(ELF_NOTE_GNU) &&
		    !memcmp(notes + start + sizeof(note), ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) &&
		    note.n_descsz <= BUILD_ID_MAX && !elf->build_id[0])
			for (size_t i = 0; i < note.n_descsz; i++)
				snprintf(elf->build_id + 2 * i, 3, "%02x", notes[id + i]);
		start = (end + align - 1) & -align;
	}
}

static int add_segment(struct elf_file *elf, const Elf64_Phdr *segment)
{
	struct extent at = { segment->p_offset, segment->p_filesz };

	if (segment->p_type == PT_LOAD)
		return add_load(elf, segment);
	if (segment->p_type == PT_INTERP)
		return add_interpreter(elf, at);
	if (segment->p_type == PT_NOTE)
		add_notes(elf, at, segment->p_align == 8 ? 8 : 4);
	if (segment->p_type == PT_DYNAMIC)
		elf->dynamic = at;
	return 0;
}

static int read_segments(struct elf_file *elf, const Elf64_Ehdr *header)
{
	struct extent at = { header->e_phoff, header->e_phnum * sizeof(Elf64_Phdr) };
	size_t len = 0;
	Elf64_Phdr *segments __free = NULL;

	if (header->e_phentsize != sizeof(Elf64_Phdr) || !at.size || at.size > SEGMENTS_MAX ||
	    !in_file(elf, at))
		return -EBADMSG;
	segments = read_extent(elf, at, SEGMENTS_MAX, &len);
	if (!segments)
		return -ENOMEM;
	for (size_t i = 0; i < len / sizeof(*segments); i++) {
		int error = add_segment(elf, &segments[i]);

		if (error)
			return error;
	}
	return elf->n_loads ? 0 : -EBADMSG;
}

static int read_headers(struct elf_file *elf, int fd)
{
	Elf64_Ehdr header;
	struct stat status;
	int error;

	elf->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (elf->fd < 0 || fstat(elf->fd, &status) < 0)
		return -errno;
	elf->size = (uint64_t)status.st_size;
	error = check_header(elf, &header);
	if (error)
		return error;
	elf->pie = header.e_type == ET_DYN;
	locate_sections(elf, &header);
	return read_segments(elf, &header);
}

int elf_open(int fd, struct elf_file **out)
{
	struct elf_file *elf = calloc(1, sizeof(*elf));
	int error;

	*out = NULL;
	if (!elf)
		return -ENOMEM;
	error = read_headers(elf, fd);
	if (error)
		elf_free(elf);
	else
		*out = elf;
	return error;
}

void elf_free(struct elf_file *elf)
{
	if (!elf)
		return;
	if (elf->fd >= 0)
		close(elf->fd);
	free(elf->interpreter);
	free(elf);
}

const struct elf_load *elf_loads(const struct elf_file *elf, size_t *n)
{
	*n = elf->n_loads;
	return elf->loads;
}

int64_t elf_offset(const struct elf_file *elf, uint64_t vaddr)
{
	for (size_t i = 0; i < elf->n_loads; i++) {
		const struct elf_load *load = &elf->loads[i];

		if (vaddr - load->vaddr < load->filesz)
			return (int64_t)(load->offset + (vaddr - load->vaddr));
	}
	return -ENOENT;
}

const char *elf_interpreter(const struct elf_file *elf)
{
	return elf->interpreter;
}

bool elf_is_dynamic(const struct elf_file *elf)
{
	return elf->dynamic.size != 0;
}

bool elf_is_pie(const struct elf_file *elf)
{
	return elf->pie;
}

const char *elf_build_id(const struct elf_file *elf)
{
	return elf->build_id;
}

static struct extent section_extent(const Elf64_Shdr *section)
{
	return (struct extent){ section->sh_offset, section->sh_size };
}

/* The table of a type (SHT_DYNSYM, SHT_SYMTAB) by the section headers. */
static bool table_by_section(const struct elf_file *elf, uint32_t type, struct symbol_table *table)
{
	size_t len = 0, n, i;
	Elf64_Shdr *sections __free = read_extent(elf, elf->sections, TABLE_MAX, &len);

	n = len / sizeof(*sections);
	for (i = 0; i < n && sections[i].sh_type != type; i++)
		;
	if (i == n || sections[i].sh_link >= n)
		return false;
	table->symbols = section_extent(&sections[i]);
	table->strings = section_extent(&sections[sections[i].sh_link]);
	table->versions.size = 0;
	for (size_t k = 0; k < n; k++)
		if (sections[k].sh_type == SHT_GNU_versym && sections[k].sh_link == i)
			table->versions = section_extent(&sections[k]);
	return true;
}

static struct extent extent_at(const struct elf_file *elf, uint64_t vaddr, uint64_t size)
{
	int64_t offset = vaddr ? elf_offset(elf, vaddr) : -ENOENT;

	return offset < 0 ? (struct extent){ 0 } : (struct extent){ (uint64_t)offset, size };
}

/*
 * Symbols counted by DT_GNU_HASH, which has no count of its own: the last chain is the
 * one of the highest bucket, and its last word has bit 0 set. Layout: glibc,
 * elf/dl-setup_hash.c.
 */
static uint64_t count_by_gnu_hash(const struct elf_file *elf, struct extent at)
{
	struct {
		uint32_t buckets, first_symbol, bloom_words, bloom_shift;
	} head;
	uint32_t *buckets __free = NULL, *chain __free = NULL;
	size_t len = 0, i;
	uint32_t last = 0;

	if (!at.size || elf_read(elf, at.offset, &head, sizeof(head)) != sizeof(head))
		return 0;
	at.offset += sizeof(head) + head.bloom_words * sizeof(uint64_t);
	at.size = head.buckets * sizeof(uint32_t);
	buckets = read_extent(elf, at, TABLE_MAX, &len);
	for (i = 0; i < len / sizeof(*buckets); i++)
		if (buckets[i] > last)
			last = buckets[i];
	if (last < head.first_symbol)
		return head.first_symbol; /* all buckets are empty */
	at.offset += at.size + (last - head.first_symbol) * sizeof(uint32_t);
	at.size = LIST_MAX;
	len = 0;
	chain = read_extent(elf, at, LIST_MAX, &len);
	for (i = 0; i < len / sizeof(*chain) && !(chain[i] & 1); i++)
		;
	return (uint64_t)last + i + 1;
}

/* As the loader finds .dynsym, for files whose section headers are stripped. */
static void table_by_dynamic(const struct elf_file *elf, struct symbol_table *table)
{
	uint64_t tags[DT_NUM] = { 0 }, versions = 0, gnu_hash = 0, count;
	uint32_t hash[2]; /* buckets, symbols */
	struct extent at;
	size_t len = 0;
	Elf64_Dyn *entries __free = read_extent(elf, elf->dynamic, TABLE_MAX, &len);

	for (size_t i = 0; i < len / sizeof(*entries) && entries[i].d_tag != DT_NULL; i++) {
		if (entries[i].d_tag == DT_VERSYM)
			versions = entries[i].d_un.d_ptr;
		else if (entries[i].d_tag == DT_GNU_HASH)
			gnu_hash = entries[i].d_un.d_ptr;
		else if ((uint64_t)entries[i].d_tag < DT_NUM)
			tags[entries[i].d_tag] = entries[i].d_un.d_ptr;
	}
	at = extent_at(elf, tags[DT_HASH], sizeof(hash));
	if (at.size && elf_read(elf, at.offset, hash, sizeof(hash)) == sizeof(hash))
		count = hash[1];
	else
		count = count_by_gnu_hash(elf, extent_at(elf, gnu_hash, 4 * sizeof(uint32_t)));
	table->symbols = extent_at(elf, tags[DT_SYMTAB], count * sizeof(Elf64_Sym));
	table->strings = extent_at(elf, tags[DT_STRTAB], tags[DT_STRSZ]);
	table->versions = extent_at(elf, versions, count * sizeof(uint16_t));
}

/* How good a symbol is among those of one name. */
enum rank { RANK_NONE, RANK_LOCAL, RANK_HIDDEN, RANK_DEFAULT };

struct wanted {
	const char *name;
	uint32_t hash;
	enum rank rank; /* of what is in found */
	struct elf_symbol *found;
};

/* As in DT_GNU_HASH; ends at the '@' of a version, or after limit bytes. */
static uint32_t hash_name(const char *name, size_t limit, size_t *len)
{
	uint32_t hash = 5381;
	size_t i;

	for (i = 0; i < limit && name[i] && name[i] != '@'; i++)
		hash = hash * 33 + (uint8_t)name[i];
	*len = i;
	return hash;
}

/* .dynsym keeps versions apart from names, .symtab writes name@@version. */
static enum rank rank_symbol(const Elf64_Sym *symbol, const char *after, uint16_t version)
{
	if (ELF64_ST_BIND(symbol->st_info) == STB_LOCAL)
		return RANK_LOCAL;
	if (version & VERSION_HIDDEN || (after[0] == '@' && after[1] != '@'))
		return RANK_HIDDEN;
	return RANK_DEFAULT;
}

/* Take a better symbol than the one so far: a function in the file, an object in memory. */
static void take_symbol(const struct elf_file *elf, const Elf64_Sym *symbol, enum rank rank,
			struct wanted *wanted)
{
	const unsigned type = ELF64_ST_TYPE(symbol->st_info);
	bool in_memory = false;
	int64_t offset;

	if ((type != STT_FUNC && type != STT_OBJECT) || symbol->st_shndx == SHN_UNDEF ||
	    symbol->st_shndx == SHN_ABS || symbol->st_shndx == SHN_COMMON || !symbol->st_value ||
	    rank <= wanted->rank)
		return;
	for (size_t i = 0; i < elf->n_loads && type == STT_OBJECT; i++)
		if (symbol->st_value - elf->loads[i].vaddr < elf->loads[i].memsz)
			in_memory = true; /* .bss has no offset */
	offset = elf_offset(elf, symbol->st_value);
	if (offset <= 0 && !in_memory)
		return;
	wanted->rank = rank;
	wanted->found->vaddr = symbol->st_value;
	wanted->found->offset = offset < 0 ? 0 : (uint64_t)offset;
	wanted->found->size = symbol->st_size;
	wanted->found->function = type == STT_FUNC;
}

static void scan_table(const struct elf_file *elf, const struct symbol_table *table,
		       struct wanted *wanted, size_t n)
{
	size_t n_symbols = 0, n_strings = 0, n_versions = 0, longest = 0, len;
	Elf64_Sym *symbols __free = read_extent(elf, table->symbols, TABLE_MAX, &n_symbols);
	char *strings __free = read_extent(elf, table->strings, TABLE_MAX, &n_strings);
	uint16_t *versions __free = read_extent(elf, table->versions, TABLE_MAX, &n_versions);

	for (size_t k = 0; k < n; k++) {
		wanted[k].hash = hash_name(wanted[k].name, SIZE_MAX, &len);
		longest = len > longest ? len : longest;
	}
	for (size_t i = 0; i < n_symbols / sizeof(*symbols); i++) {
		uint16_t version = i < n_versions / sizeof(*versions) ? versions[i] : 0;
		const char *name;
		uint32_t hash;

		if (symbols[i].st_name >= n_strings)
			continue;
		name = strings + symbols[i].st_name;
		hash = hash_name(name, longest + 1, &len);
		for (size_t k = 0; k < n; k++)
			if (wanted[k].hash == hash && !strncmp(wanted[k].name, name, len) &&
			    !wanted[k].name[len])
				take_symbol(elf, &symbols[i],
					    rank_symbol(&symbols[i], name + len, version),
					    &wanted[k]);
	}
}

size_t elf_find(const struct elf_file *elf, const char *const *names, size_t n,
		struct elf_symbol *found)
{
	struct wanted *wanted __free = calloc(n + 1, sizeof(*wanted));
	struct symbol_table table = { 0 };
	size_t missing = 0, count = 0;

	memset(found, 0, n * sizeof(*found));
	if (!wanted)
		return 0;
	for (size_t i = 0; i < n; i++)
		wanted[i] = (struct wanted){ .name = names[i], .found = &found[i] };
	if (!table_by_section(elf, SHT_DYNSYM, &table))
		table_by_dynamic(elf, &table);
	scan_table(elf, &table, wanted, n);
	for (size_t i = 0; i < n; i++) {
		found[i].dynamic = found[i].vaddr != 0;
		if (!found[i].dynamic)
			wanted[missing++] = wanted[i];
	}
	if (missing && table_by_section(elf, SHT_SYMTAB, &table))
		scan_table(elf, &table, wanted, missing);
	for (size_t i = 0; i < n; i++)
		count += found[i].vaddr != 0;
	return count;
}
