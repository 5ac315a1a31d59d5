// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* native.c - what lies at an address of code. */
#include "place/native.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clean.h"
#include "target/code.h"
#include "target/mem.h"

#define NAMES_MAX (1u << 19) /* code made at run time may have any number of addresses */
#define VDSO_MAX  (1u << 20) /* bytes; it has two pages */

/* What an address of a process was found to be. */
struct known {
	const struct code_name *name;
	uint64_t generation; /* of the segments when that was true last */
	uint32_t segment;    /* id; 0: a hole */
	uint32_t epoch;
};

static const struct code_name no_code = { .rule = FRAME_UNKNOWN };

void native_init(struct native *native, struct intern *names)
{
	*native = (struct native){ 0 };
	native->naming.names = names;
	native->naming.reader = &native->reader;
}

static void forget_names(struct native *native)
{
	struct code_name *name;
	size_t at = 0;

	while ((name = hash_next(&native->by_place, &at, NULL)))
		free(name);
	hash_clear(&native->by_place);
	native->epoch++;
}

void native_clear(struct native *native)
{
	struct module *module;
	size_t at = 0;

	forget_names(native);
	while ((module = hash_next(&native->modules, &at, NULL)))
		module_free(module);
	hash_clear(&native->modules);
	recipes_clear(&native->recipes);
	elf_free(native->vdso);
	reader_clear(&native->reader);
}

static const struct segment *segment_at(const struct space *space, uint64_t addr)
{
	size_t index;
	const struct segment *segment = segments_from(&space->segments, addr, &index);

	return segment && segment->start <= addr ? segment : NULL;
}

/* The kernel's own ELF file, from a process's memory: it is the same in all. */
static struct elf_file *copy_vdso(pid_t pid, const struct segment *segment)
{
	size_t len = segment->end - segment->start;
	struct elf_file *elf = NULL;
	char *bytes __free = len <= VDSO_MAX ? malloc(len) : NULL;
	int fd __fd = memfd_create("vdso", MFD_CLOEXEC);

	if (bytes && fd >= 0 && !mem_read(pid, segment->start, bytes, len) &&
	    write(fd, bytes, len) == (ssize_t)len)
		elf_open(fd, &elf);
	return elf;
}

/* The module of an ELF file, made at its first mention. */
static struct module *find_module(struct native *native, const struct elf_file *elf, int fd,
				  const char *path)
{
	struct module *module = hash_get(&native->modules, (uintptr_t)elf);

	if (module)
		return module;
	module = module_new(elf, fd, path);
	if (module && hash_set(&native->modules, (uintptr_t)elf, module)) {
		module_free(module);
		return NULL;
	}
	return module;
}

/* The module of a segment, and where its vaddr 0 lies; NULL: it shows no ELF file. */
static struct module *module_of(struct native *native, const struct space *space,
				const struct segment *segment, uint64_t *bias)
{
	*bias = segment->bias;
	if (segment->image && segment->image->elf)
		return find_module(native, segment->image->elf, segment->image->fd,
				   segment->image->path);
	if (strcmp(segment->name, "[vdso]"))
		return NULL;
	if (!native->vdso)
		native->vdso = copy_vdso(space->pid, segment);
	*bias = segment->start;
	return native->vdso ? find_module(native, native->vdso, -1, segment->name) : NULL;
}

/* Code made at run time: its maker may have told perf what it is. */
static void name_made(struct code_name *name, struct space *space, uint64_t pc)
{
	uint8_t bytes[CODE_PROLOGUE];
	struct frame *frame = &name->frames[0];
	uint64_t start;
	const char *function = jitmap_find(&space->jitmap, space->pid, pc, &start);

	frame->reason = "code made at run time, of which no perf map tells";
	if (!function)
		return;
	frame->reason = NULL;
	frame->function = intern(space->classify.names, function);
	frame->offset = name->where - start;
	name->makes_frame = !mem_read(space->pid, start, bytes, sizeof(bytes)) &&
			    code_makes_frame(bytes, sizeof(bytes));
}

static void describe_address(struct code_name *name, struct intern *names, const char *why)
{
	char text[64];

	snprintf(text, sizeof(text), "0x%llx (%s)", (unsigned long long)name->where, why);
	name->at = intern(names, text);
}

/* What belongs to no file that can be read: said as it is. */
static struct code_name *name_plain(struct native *native, struct space *space,
				    const struct segment *segment, uint64_t addr, uint64_t pc)
{
	struct code_name *name = code_name_new(segment->name[0] ? segment->name : "[anon]", 1);
	uint8_t bytes[CODE_CALL_MAX];

	if (!name)
		return NULL;
	name->where = addr;
	name->segment = segment->id;
	name->frames[0].offset = addr - segment->start;
	name->called = !mem_read(space->pid, addr - sizeof(bytes), bytes, sizeof(bytes)) &&
		       code_is_call(bytes, sizeof(bytes));
	if (segment->kind == SEGMENT_FILE || segment->kind == SEGMENT_SHARED)
		name->frames[0].reason = segment->name[0] ? "no ELF file that can be read"
							  : "it was unmapped before it was read";
	else
		name_made(name, space, pc);
	if (name->frames[0].function || segment->name[0])
		code_name_describe(name, native->naming.names);
	else if (segment->kind == SEGMENT_FILE)
		describe_address(name, native->naming.names, "unmapped since");
	else
		name->at = "[anon]";
	return name;
}

static struct code_name *name_hole(struct native *native, uint64_t addr)
{
	struct code_name *name = code_name_new(NULL, 1);

	if (!name)
		return NULL;
	name->where = addr;
	name->frames[0].reason = "nothing is known to be mapped there";
	describe_address(name, native->naming.names, "not mapped");
	return name;
}

static uint64_t key_of(const struct code_name *name)
{
	return hash_mix((uintptr_t)name->owner) ^ hash_mix(name->where * 2 + name->exact) ^
	       name->segment;
}

static bool same_place(const struct code_name *a, const struct code_name *b)
{
	return a->owner == b->owner && a->where == b->where && a->exact == b->exact &&
	       a->segment == b->segment;
}

/* The name of a place, made when there is none yet. */
static const struct code_name *find_name(struct native *native, struct space *space,
					 const struct segment *segment, uint64_t addr, bool exact)
{
	const uint64_t pc = exact ? addr : addr - 1;
	struct code_name wanted = { .where = addr, .exact = exact }, *name;
	uint64_t bias = 0, key;

	if (segment) {
		wanted.owner = module_of(native, space, segment, &bias);
		wanted.where = wanted.owner ? addr - bias : addr;
		wanted.segment = wanted.owner ? 0 : segment->id;
	}
	for (key = key_of(&wanted); (name = hash_get(&native->by_place, key)); key++)
		if (same_place(name, &wanted))
			return name;
	if (wanted.owner)
		name = module_name((struct module *)wanted.owner, &native->naming, space->pid,
				   wanted.where, exact);
	else if (segment)
		name = name_plain(native, space, segment, addr, pc);
	else
		name = name_hole(native, addr);
	if (!name)
		return &no_code;
	name->exact = exact;
	if (native->by_place.n >= NAMES_MAX)
		forget_names(native);
	if (!hash_set(&native->by_place, key, name))
		return name;
	free(name);
	return &no_code;
}

static void remember(struct space *space, uint64_t addr, struct known *known,
		     const struct known *now)
{
	struct known *fresh = known;

	if (!known && space->callers.n >= NAMES_MAX)
		space_forget_code(space);
	if (!known)
		fresh = malloc(sizeof(*fresh));
	if (!fresh)
		return; /* it will be looked up again */
	*fresh = *now;
	if (!known && hash_set(&space->callers, addr, fresh))
		free(fresh);
}

/* The segments have changed, or the address is new. */
static const struct code_name *find_again(struct native *native, struct space *space,
					  uint64_t addr, bool exact, struct known *known)
{
	const struct segment *segment = segment_at(space, exact ? addr : addr - 1);
	bool runs = !segment || segment->prot & PROT_EXEC;
	struct known now = { .generation = space->segments.generation,
			     .segment = segment ? segment->id : 0 };

	if (known && known->epoch == native->epoch && known->segment == now.segment && runs) {
		known->generation = now.generation;
		return known->name;
	}
	now.name = runs ? find_name(native, space, segment, addr, exact) : &no_code;
	now.epoch = native->epoch;
	if (!exact && runs)
		remember(space, addr, known, &now);
	return now.name;
}

const struct code_name *native_find(struct native *native, struct space *space, uint64_t addr,
				    bool exact)
{
	struct known *known;

	if (!native->on || !addr)
		return &no_code;
	known = exact ? NULL : hash_get(&space->callers, addr);
	if (known && known->generation == space->segments.generation &&
	    known->epoch == native->epoch)
		return known->name;
	return find_again(native, space, addr, exact, known);
}

bool native_frame(struct native *native, struct space *space, uint64_t addr, bool exact,
		  struct recipe_frame *frame, uint64_t *bias, const char **why)
{
	const uint64_t pc = exact ? addr : addr - 1;
	const struct segment *segment = segment_at(space, pc);
	struct module *module;

	*why = NULL;
	if (!segment || !(segment->prot & PROT_EXEC))
		return false;
	module = module_of(native, space, segment, bias);
	if (!module)
		return false;
	if (recipes_get(&native->recipes, module, pc - *bias, frame))
		return true;
	if (!module_frame(module, &native->naming, space->pid, pc - *bias, frame, why))
		return false;
	recipes_put(&native->recipes, module, pc - *bias, frame);
	return true;
}

bool native_globals(struct native *native, struct space *space, const struct segment *segment,
		    uint64_t from, struct recipe_frame *frame, const char **why)
{
	uint64_t bias;
	struct module *module = module_of(native, space, segment, &bias);

	*why = NULL;
	return module && module_globals(module, &native->naming, space->pid, from, frame, why);
}
