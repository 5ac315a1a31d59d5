// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* cpython.c - a CPython that is looked at while it runs. */
#include "cpython/cpython.h"

#include <errno.h>
#include <time.h>

#include "cpython/pytype.h"
#include "target/mem.h"

#define TRIES	     50
#define TRY_EVERY_NS 2000000 /* an interpreter that is being set up, or between two frames */

static const char *const symbols[PYTYPES] = {
#define PYTYPE(id, symbol, value) [PYTYPE_##id] = symbol,
#include "cpython/pytypes.def"
#undef PYTYPE
};

uint64_t cpython_symbol(const struct cpython *cpython, const char *name)
{
	struct elf_symbol symbol;

	return elf_find(cpython->image->elf, &name, 1, &symbol) ? cpython->bias + symbol.vaddr : 0;
}

int cpython_read(const struct cpython *cpython, uint64_t addr, void *buf, size_t len)
{
	return mem_read(cpython->pid, addr, buf, len);
}

uint64_t cpython_word(const struct cpython *cpython, uint64_t addr)
{
	uint64_t word;

	return mem_read(cpython->pid, addr, &word, sizeof(word)) ? 0 : word;
}

/* The addresses of all types, from one look into the file's symbols. */
static bool find_types(struct cpython *cpython)
{
	struct elf_symbol found[PYTYPES];

	elf_find(cpython->image->elf, symbols, PYTYPES, found);
	if (!found[PYTYPE_TYPE].vaddr || !found[PYTYPE_CODE].vaddr)
		return false;
	for (size_t i = 0; i < PYTYPES; i++)
		cpython->types[i] = found[i].vaddr ? cpython->bias + found[i].vaddr : 0;
	cpython->type_size = found[PYTYPE_TYPE].size;
	return true;
}

/* The mapped file that defines CPython's types. */
static bool find_image(struct cpython *cpython, const struct space *space)
{
	const struct image *before = NULL;

	for (size_t i = 0; i < space->segments.n; i++) {
		const struct segment *at = &space->segments.at[i];

		if (!at->image || !at->image->elf || at->image == before)
			continue;
		before = at->image;
		cpython->image = at->image;
		cpython->bias = at->bias;
		if (find_types(cpython))
			return true;
	}
	return false;
}

static int find_layout(struct cpython *cpython)
{
	const struct timespec pause = { .tv_nsec = TRY_EVERY_NS };
	int err = -EAGAIN;

	for (int i = 0; i < TRIES && (err == -EAGAIN || err == -EBADMSG); i++) {
		if (i)
			nanosleep(&pause, NULL);
		err = pylayout_find(cpython->pid, cpython->image, cpython->bias, &cpython->layout,
				    &cpython->objects, &cpython->evidence);
	}
	cpython->minor = cpython->layout.version & 0xff;
	return err;
}

static const char *reason(int err)
{
	switch (err) {
	case -ENOTSUP: return "this version of CPython is not known";
	case -EAGAIN: return "no thread of it runs Python code";
	case -EBADMSG: return "its structures are not as this version has them";
	case -ESRCH: return "the process has ended";
	default: return "its memory cannot be read";
	}
}

int cpython_find(struct cpython *cpython, struct space *space, struct intern *names,
		 const char **why)
{
	int err;

	*cpython = (struct cpython){ .pid = space->pid, .names = names };
	if (!find_image(cpython, space)) {
		cpython->image = NULL;
		*why = "no CPython is mapped";
		return -ENOENT;
	}
	err = find_layout(cpython);
	/* no frame is there to try the layout on: what needs none can be had all the same */
	cpython->idle = err == -EAGAIN && cpython->objects.code_type;
	if (cpython->idle)
		err = 0;
	cpython->head = cpython->objects.type_of + sizeof(uint64_t);
	if (!err)
		err = pyfields_find(cpython);
	if (err)
		*why = reason(err);
	cpython->ints = (struct pyints){ .type = cpython->types[PYTYPE_LONG],
					 .ob_type = cpython->objects.type_of,
					 .tagged = cpython->objects.long_tagged };
	return err;
}

void cpython_clear(struct cpython *cpython)
{
	pytypes_clear(&cpython->known_types);
}
