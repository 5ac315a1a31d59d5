// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* find.c - which of the functions of probes.def a process uses, and where each probe goes. */
#include "probe/find.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "probe/refusal.h"
#include "target/linkmap.h"
#include "target/proc.h"

#define ARG(n) ((n) < 6 ? SLIDE_ARG(n) : 0)
#define NA 31
#define RETURNS_ALLOC	true
#define RETURNS_MEMPTR	true
#define RETURNS_REALLOC true
#define RETURNS_OBJECT	true
#define RETURNS_FREE	false

const struct probe_row probe_rows[MW_PROBE_MAX] = {
#define PROBE(name, symbol, family, role, kind, size, count, pointer, align)        \
	[MW_PROBE_##name] = { symbol, MW_FAMILY_##family, MW_##kind, RETURNS_##role, \
			      ARG(size) | ARG(count) | ARG(pointer) | ARG(align) },
#include <mwbpf/probes.def>
#undef PROBE
};

/* The ELF files of a process, in the order the loader searches them. */
struct scope {
	struct image **at;
	size_t n;
	bool linkmap;
};

static bool scope_has(const struct scope *scope, const struct image *image)
{
	for (size_t i = 0; i < scope->n; i++)
		if (scope->at[i] == image)
			return true;
	return false;
}

static void scope_add(struct scope *scope, struct images *images, pid_t pid,
		      const struct mapping *m)
{
	struct image *image = m ? images_get(images, pid, m) : NULL;

	if (image && image->elf && !scope_has(scope, image))
		scope->at[scope->n++] = image;
}

/* The mapping of the executable's entry point, or NULL. */
static const struct mapping *executable(pid_t pid, const struct maps *maps)
{
	struct proc_auxv auxv;

	return proc_auxv(pid, &auxv) ? NULL : maps_find(maps, auxv.phdr);
}

/*
 * The executable, then the loader's list. What is mapped executable without being in
 * the list (the loader is not ready, or keeps none; dlmopen) comes last, from the highest
 * address down, for that is the order in which the kernel gives them out.
 */
static int scope_read(struct scope *scope, struct images *images, pid_t pid,
		      const struct maps *maps)
{
	uint64_t *dynamic;
	ssize_t n = linkmap_read(pid, &dynamic);

	*scope = (struct scope){ .linkmap = n > 0 };
	scope->at = calloc(maps->n + 1, sizeof(*scope->at));
	if (!scope->at) {
		free(dynamic);
		return -ENOMEM;
	}
	scope_add(scope, images, pid, executable(pid, maps));
	for (ssize_t i = 0; i < n; i++)
		scope_add(scope, images, pid, maps_find(maps, dynamic[i]));
	free(dynamic);
	for (size_t i = maps->n; i-- > 0;)
		if (maps->at[i].prot & PROT_EXEC)
			scope_add(scope, images, pid, &maps->at[i]);
	return 0;
}

/* Where a byte of an image's text lies in the process; 0 when it is not mapped. */
static uint64_t address_of(const struct maps *maps, const struct image *image, uint64_t offset)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct mapping *m = &maps->at[i];

		if (m->inode == image->inode && m->dev == image->dev && m->prot & PROT_EXEC &&
		    offset >= m->file_off && offset - m->file_off < m->end - m->start)
			return m->start + (offset - m->file_off);
	}
	return 0;
}

static void add_found(struct findings *findings, uint32_t row, struct image *image,
		      const struct elf_symbol *symbol)
{
	struct found *found = &findings->at[findings->n++];

	*found = (struct found){ .row = row, .image = image, .symbol = *symbol, .shares = -1 };
	if (row == MW_PROBE_MALLOC)
		findings->allocator = image;
}

static void note_python(struct findings *findings, const struct image *image,
			const struct elf_symbol *symbol)
{
	if (findings->python)
		return;
	findings->python = image;
	findings->python_symbol = *symbol;
}

/* Every wanted function not found yet that this object defines. */
static void search_object(struct findings *findings, struct image *image, unsigned families,
			  bool local, bool *have)
{
	struct elf_symbol symbols[MW_PROBE_MAX];
	const char *names[MW_PROBE_MAX];

	for (uint32_t row = 0; row < MW_PROBE_MAX; row++)
		names[row] = probe_rows[row].symbol;
	if (!elf_find(image->elf, names, MW_PROBE_MAX, symbols))
		return;
	for (uint32_t row = 0; row < MW_PROBE_MAX; row++) {
		if (have[row] || !symbols[row].offset || !(symbols[row].dynamic || local))
			continue;
		if (probe_rows[row].family == MW_FAMILY_PYLONG)
			note_python(findings, image, &symbols[row]);
		if (!(families & 1u << probe_rows[row].family))
			continue;
		have[row] = true;
		add_found(findings, row, image, &symbols[row]);
	}
}

/* The bytes of the PT_LOAD that holds a symbol; for text_clear. */
static int text_of(const struct image *image, uint64_t vaddr, struct slide_text *text)
{
	const struct elf_load *load;
	uint8_t *code;
	size_t n;

	load = elf_loads(image->elf, &n);
	for (size_t i = 0; i < n; i++) {
		if (!(load[i].flags & PF_X) || vaddr - load[i].vaddr >= load[i].filesz)
			continue;
		code = malloc(load[i].filesz);
		if (!code)
			return -ENOMEM;
		*text = (struct slide_text){ .code = code, .vaddr = load[i].vaddr };
		text->len = elf_read(image->elf, load[i].offset, code, load[i].filesz);
		text->branches = slide_branches(text);
		return 0;
	}
	return -ENOENT;
}

static void text_clear(struct slide_text *text)
{
	free((void *)text->code);
	free((void *)text->branches);
	*text = (struct slide_text){ 0 };
}

static bool text_holds(const struct slide_text *text, uint64_t vaddr)
{
	return vaddr >= text->vaddr && vaddr - text->vaddr < text->len;
}

/* Choose the byte for each probe; functions of one object are neighbours in findings. */
static int place_probes(struct findings *findings, const struct maps *maps)
{
	const struct image *image = NULL;
	struct slide_text text = { 0 };
	int err = 0;

	for (size_t i = 0; i < findings->n && !err; i++) {
		struct found *found = &findings->at[i];

		if (image != found->image || !text_holds(&text, found->symbol.vaddr)) {
			text_clear(&text);
			image = found->image;
			err = text_of(image, found->symbol.vaddr, &text);
		}
		/* a breakpoint in a variable of this name would be written over its value */
		if (!err && !found->symbol.function)
			err = -ENOENT;
		if (!err)
			err = slide_choose(&text, found->symbol.vaddr, found->symbol.size,
					   probe_rows[found->row].args, &found->slide);
		if (err == -EINVAL || err == -ENOENT) {
			found->error = -EINVAL;
			found->slide = (struct slide){ .why = refusal_why(-EINVAL) };
			err = 0;
		}
		found->offset = found->symbol.offset + found->slide.offset;
		found->addr = address_of(maps, found->image, found->offset);
		for (size_t j = 0; j < i && found->shares < 0; j++)
			if (findings->at[j].image == image &&
			    findings->at[j].offset == found->offset)
				found->shares = j;
	}
	text_clear(&text);
	return err;
}

int find_probes(struct images *images, pid_t pid, const struct maps *maps, unsigned families,
		struct findings *findings)
{
	bool have[MW_PROBE_MAX] = { false };
	struct scope scope;
	int err = scope_read(&scope, images, pid, maps);

	*findings = (struct findings){ .linkmap = scope.linkmap, .objects = scope.n };
	if (err)
		return err;
	findings->settled = scope.linkmap || (scope.n && !elf_interpreter(scope.at[0]->elf));
	/* local symbols count only in a static program: elsewhere nothing is bound to them */
	for (size_t i = 0; i < scope.n; i++)
		search_object(findings, scope.at[i], families,
			      i == 0 && !elf_interpreter(scope.at[i]->elf), have);
	free(scope.at);
	if (findings->python)
		findings->python_bias = address_of(maps, findings->python,
						   findings->python_symbol.offset) -
					findings->python_symbol.vaddr;
	return place_probes(findings, maps);
}
