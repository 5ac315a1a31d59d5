// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* ctls.c - where a thread has its own copy of a file's thread-local variables. */
#include "dwarf/ctls.h"

#include <elf.h>
#include <string.h>

#include "target/linkmap.h"
#include "target/mem.h"
#include "target/proc.h"

#define RECORD_MAX 4096 /* bytes of the loader's record */
#define DTV	   8	/* bytes above the fs base: the table of the thread's blocks */
#define DTV_ENTRY  16	/* bytes */

static struct ctls unknown(const char *why)
{
	return (struct ctls){ .why = why };
}

/* What the program's own file says of its thread-local memory; false: it has none. */
static bool program_header(pid_t pid, const struct proc_auxv *auxv, Elf64_Phdr *tls)
{
	if (auxv->phent != sizeof(*tls) || auxv->phnum > 1024)
		return false;
	for (uint64_t i = 0; i < auxv->phnum; i++)
		if (mem_read(pid, auxv->phdr + i * sizeof(*tls), tls, sizeof(*tls)))
			return false;
		else if (tls->p_type == PT_TLS)
			return true;
	return false;
}

/* It ends at the fs base, or as far below as its alignment asks for. */
static struct ctls of_program(pid_t pid, const struct proc_auxv *auxv, uint64_t fs_base)
{
	Elf64_Phdr tls;
	uint64_t mask;

	if (!program_header(pid, auxv, &tls))
		return unknown("the program has no thread-local memory");
	mask = tls.p_align ? tls.p_align - 1 : 0;
	return (struct ctls){ .block = fs_base - tls.p_memsz - ((-tls.p_vaddr - tls.p_memsz) & mask) };
}

static bool is_libc(const struct segment *segment)
{
	const char *name = strrchr(segment->name, '/');

	return segment->image && segment->image->elf && name &&
	       (!strncmp(name, "/libc.so", 8) || !strncmp(name, "/libc-", 6) ||
		!strncmp(name, "/libpthread", 11));
}

/* Where the number of a library is in its record: bits, how many, and the offset in bytes. */
static bool find_number(const struct space *space, uint32_t told[3])
{
	static const char *const name[] = { "_thread_db_link_map_l_tls_modid" };
	const struct image *last = NULL;

	for (size_t i = 0; i < space->segments.n; i++) {
		const struct segment *segment = &space->segments.at[i];
		struct elf_symbol symbol;

		if (!is_libc(segment) || segment->image == last)
			continue;
		last = segment->image;
		if (elf_find(last->elf, name, 1, &symbol) &&
		    !mem_read(space->pid, segment->bias + symbol.vaddr, told, 3 * sizeof(*told)))
			return told[0] == 64 && told[2] < RECORD_MAX;
	}
	return false;
}

static struct ctls of_library(const struct space *space, uint64_t bias, uint64_t fs_base)
{
	const uint64_t record = linkmap_node(space->pid, bias);
	uint64_t number, table, block;
	uint32_t told[3];

	if (!record || !find_number(space, told))
		return unknown("each thread has its own, and the C library does not tell where");
	if (mem_read(space->pid, record + told[2], &number, sizeof(number)) ||
	    mem_read(space->pid, fs_base + DTV, &table, sizeof(table)) || !number ||
	    number > UINT32_MAX ||
	    mem_read(space->pid, table + number * DTV_ENTRY, &block, sizeof(block)))
		return unknown("each thread has its own, and the table of them cannot be read");
	if (block + 1 <= 1) /* 0, or TLS_DTV_UNALLOCATED */
		return unknown("the thread has not used the library's yet");
	return (struct ctls){ .block = block };
}

struct ctls ctls_find(struct space *space, const struct segment *segment, uint64_t fs_base)
{
	const struct segment *program;
	struct proc_auxv auxv;

	if (!fs_base)
		return unknown("each thread has its own: where is not known of this one");
	if (!segment || proc_auxv(space->pid, &auxv))
		return unknown("each thread has its own");
	program = segments_find(&space->segments, auxv.phdr);
	if (program && program->image == segment->image)
		return of_program(space->pid, &auxv, fs_base);
	return of_library(space, segment->bias, fs_base);
}
