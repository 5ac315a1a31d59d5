// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* classify.c - what a range of memory is, from the kernel's map and the mapped file. */
#include "place/classify.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/page.h"

/* The kernel's names for areas without a file: proc_pid_maps(5). Prefixes. */
static const struct {
	const char *prefix;
	enum segment_kind kind;
} special[] = {
	{ "[heap]", SEGMENT_HEAP },	    { "[stack]", SEGMENT_STACK },
	{ "[vdso]", SEGMENT_VDSO },	    { "[vsyscall]", SEGMENT_VDSO },
	{ "[uprobes]", SEGMENT_VDSO },
	{ "[vvar", SEGMENT_VVAR },	    { "[anon_shmem:", SEGMENT_SHARED },
	{ "/memfd:", SEGMENT_SHARED },	    { "/dev/shm/", SEGMENT_SHARED },
	{ "/SYSV", SEGMENT_SHARED },	    { "/dev/zero", SEGMENT_SHARED },
	{ "[anon:glibc: malloc", SEGMENT_ARENA },
};

/*
 * A private mapping of what others may share is like one of a file, and of /dev/zero like one
 * of nothing.
 */
static enum segment_kind kind_of(const struct mapping *m, enum segment_kind kind)
{
	if (kind != SEGMENT_SHARED || m->shared)
		return kind;
	return strncmp(m->name, "/dev/zero", 9) ? SEGMENT_FILE : SEGMENT_ANON;
}

static enum segment_kind kind_by_name(const struct mapping *m)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
		if (!strncmp(m->name, special[i].prefix, strlen(special[i].prefix)))
			return kind_of(m, special[i].kind);
	return m->inode ? SEGMENT_FILE : m->shared ? SEGMENT_SHARED : SEGMENT_ANON;
}

static void remember_bss(struct classify *c, uint64_t start, uint64_t end, const char *name)
{
	struct bss *more;

	for (size_t i = 0; i < c->bss.n; i++)
		if (c->bss.at[i].start == start && c->bss.at[i].end == end)
			return;
	more = reallocarray(c->bss.at, c->bss.n + 1, sizeof(*more));
	if (!more)
		return; /* its bss will be called anonymous: true, if less than could be said */
	c->bss.at = more;
	c->bss.at[c->bss.n++] = (struct bss){ start, end, name };
}

static const struct bss *find_bss(const struct classify *c, uint64_t addr)
{
	/* from the newest: an old image's range may have been taken over */
	for (size_t i = c->bss.n; i-- > 0;)
		if (c->bss.at[i].start <= addr && addr < c->bss.at[i].end)
			return &c->bss.at[i];
	return NULL;
}

/* The PT_LOAD of an image that a mapping shows, given where the image lies. */
static const struct elf_load *load_of(const struct image *image, uint64_t vaddr)
{
	size_t n;
	const struct elf_load *load = elf_loads(image->elf, &n);

	for (size_t i = n; i-- > 0;)
		if ((load[i].vaddr & ~(PAGE - 1)) <= vaddr &&
		    vaddr < load[i].vaddr + load[i].memsz)
			return &load[i];
	return NULL;
}

/* Two parts where the file's bytes end inside the mapping, else one. */
static size_t split_parts(struct segment parts[CLASSIFY_MAX], uint64_t at, enum segment_kind kind)
{
	if (at <= parts[0].start) {
		parts[0].kind = kind;
		return 1;
	}
	if (at >= parts[0].end)
		return 1;
	parts[1] = parts[0];
	parts[0].end = parts[1].start = at;
	parts[1].kind = kind;
	return 2;
}

static void remember_placement(struct classify *c, const struct image *image, uint64_t bias)
{
	struct placement *more;

	for (size_t i = 0; i < c->n_placements; i++)
		if (c->placements[i].image == image && c->placements[i].bias == bias)
			return;
	more = reallocarray(c->placements, c->n_placements + 1, sizeof(*more));
	if (!more)
		return; /* a choice will be made without it */
	c->placements = more;
	c->placements[c->n_placements++] = (struct placement){ image, bias };
}

/* Where an image lies that has this mapping: where it was seen to lie, if that fits. */
static bool find_bias(struct classify *c, const struct image *image, const struct mapping *m,
		      uint64_t *bias)
{
	uint64_t biases[IMAGE_BIASES];
	size_t n = image_biases(image, m, biases);

	for (size_t i = c->n_placements; i-- > 0;)
		for (size_t j = 0; j < n; j++)
			if (c->placements[i].image == image && c->placements[i].bias == biases[j]) {
				*bias = biases[j];
				return true;
			}
	if (!n)
		return false;
	*bias = biases[n - 1];
	if (n == 1)
		remember_placement(c, image, *bias);
	return true;
}

static size_t classify_image(struct classify *c, const struct image *image,
			     const struct mapping *m, struct segment parts[CLASSIFY_MAX])
{
	const struct elf_load *load;
	uint64_t bias, zeroed;

	if (!find_bias(c, image, m, &bias))
		return 1;
	parts[0].image = image;
	parts[0].bias = bias;
	load = load_of(image, m->start - bias);
	if (!load)
		return 1;
	if (!(load->flags & PF_W)) {
		parts[0].kind = load->flags & PF_X ? SEGMENT_TEXT : SEGMENT_RODATA;
		return 1;
	}
	parts[0].kind = SEGMENT_DATA;
	if (load->memsz <= load->filesz)
		return 1;
	zeroed = bias + load->vaddr + load->filesz;
	remember_bss(c, zeroed, PAGE_UP(bias + load->vaddr + load->memsz), parts[0].name);
	/* a read-only or shared page of data is not where the loader put zeroes */
	return m->prot & PROT_WRITE ? split_parts(parts, zeroed, SEGMENT_BSS) : 1;
}

size_t classify(struct classify *c, const struct mapping *m, struct segment parts[CLASSIFY_MAX])
{
	const struct image *image;
	const struct bss *bss;

	parts[0] = (struct segment){ .start = m->start,
				     .end = m->end,
				     .name = intern(c->names, m->name),
				     .kind = kind_by_name(m),
				     .prot = m->prot,
				     .shared = m->shared };
	if (parts[0].kind == SEGMENT_FILE) {
		image = images_get(c->images, c->pid, m);
		return image && image->elf ? classify_image(c, image, m, parts) : 1;
	}
	if (parts[0].kind != SEGMENT_ANON || m->name[0])
		return 1;
	bss = find_bss(c, m->start);
	if (!bss)
		return 1;
	if (split_parts(parts, bss->end, SEGMENT_ANON) == 2)
		parts[1].name = "";
	parts[0].kind = SEGMENT_BSS;
	parts[0].name = bss->name;
	return m->end > bss->end ? 2 : 1;
}

void classify_clear(struct classify *c)
{
	free(c->bss.at);
	free(c->placements);
	c->bss = (struct bss_list){ 0 };
	c->placements = NULL;
	c->n_placements = 0;
}
