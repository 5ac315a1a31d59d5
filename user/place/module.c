// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* module.c - a mapped ELF file as a source of names. */
#include "place/module.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "target/code.h"
#include "target/debugfile.h"
#include "target/raw.h"
#include "target/symbols.h"

#define WORDS 1024 /* bytes of one part of a description; a longer one is cut */

struct module {
	const struct elf_file *elf;
	const char *path;
	bool opened;		/* its symbols were looked for */
	struct symbols *symbols;
	struct elf_file *debug; /* the separate file, and its symbols; NULL */
	struct symbols *debug_symbols;
	struct reader_file file;
	bool told; /* which file its debug information lacks */
};

/* The function at an address by the symbol tables. */
struct function {
	char name[SYMBOLS_NAME]; /* "": not known */
	uint64_t start;
};

struct module *module_new(const struct elf_file *elf, int fd, const char *path)
{
	struct module *module = calloc(1, sizeof(*module));

	if (!module)
		return NULL;
	module->elf = elf;
	module->path = path;
	module->file = (struct reader_file){
		.file = fd, .debug = -1, .common = -1, .path = path
	};
	return module;
}

void module_free(struct module *module)
{
	if (!module)
		return;
	symbols_free(module->symbols);
	symbols_free(module->debug_symbols);
	elf_free(module->debug);
	if (module->file.debug >= 0)
		close(module->file.debug);
	if (module->file.common >= 0)
		close(module->file.common);
	free(module->file.lacking);
	free(module);
}

/*
 * libelf makes room for as many sections as the file says there are; only by the way of
 * the first section's size can that be more than 65535.
 */
static bool has_sane_sections(const struct elf_file *elf)
{
	Elf64_Ehdr header;

	return elf_read(elf, 0, &header, sizeof(header)) == sizeof(header) &&
	       (header.e_shnum || !header.e_shoff);
}

static void open_debug_file(struct module *module, const struct naming *naming, pid_t pid)
{
	struct reader_file *file = &module->file;

	file->debug = debugfile_open(module->elf, pid, module->path, naming->debug_dir);
	if (file->debug < 0 || elf_open(file->debug, &module->debug))
		return;
	if (!has_sane_sections(module->debug))
		file->error = "its debug file has too many sections";
	symbols_read(module->debug, &module->debug_symbols);
}

/* Once, at the first address that needs a name. */
static void open_module(struct module *module, const struct naming *naming, pid_t pid)
{
	struct reader_file *file = &module->file;
	Elf64_Shdr section;

	module->opened = true;
	if (!has_sane_sections(module->elf))
		file->error = "it has too many sections";
	symbols_read(module->elf, &module->symbols);
	if (!raw_section_named(module->elf, ".debug_info", &section))
		open_debug_file(module, naming, pid);
	if (file->file >= 0)
		file->common = debugfile_open_common(file->debug >= 0 ? file->debug : file->file,
						     pid, naming->debug_dir);
	log_debug("names of %s: %s symbols, %s debug file", module->path,
		  module->symbols ? "its" : "no", module->debug ? "a" : "no");
}

static void begin(struct module *module, const struct naming *naming, pid_t pid)
{
	if (!module->opened)
		open_module(module, naming, pid);
	module->file.pid = pid;
}

/* Once for a file, however many of its units lack theirs. */
static void say_lacking(struct module *module, pid_t pid)
{
	const char *lacking = module->file.lacking;
	int fd;

	if (!lacking || module->told)
		return;
	module->told = true;
	fd = debugfile_open_split(pid, lacking, module->path);
	if (fd >= 0)
		close(fd);
	log_warn("some functions and variables of %s are not known: their debug information is in %s, %s",
		 module->path, lacking,
		 fd >= 0 ? "which is of another build, or is not understood; build the program again" :
			   "which is not there or is no such file; keep the .dwo files beside the program");
}

/* The debug file has the symbols that the file was stripped of. */
static void find_function(const struct module *module, uint64_t pc, struct function *function)
{
	function->name[0] = '\0';
	if (module->debug_symbols &&
	    symbols_find(module->debug_symbols, pc, function->name, &function->start))
		return;
	if (!module->symbols ||
	    !symbols_find(module->symbols, pc, function->name, &function->start))
		function->name[0] = '\0';
}

static bool makes_frame(const struct elf_file *elf, uint64_t start)
{
	uint8_t bytes[CODE_PROLOGUE];
	const int64_t offset = elf_offset(elf, start);

	return offset >= 0 &&
	       code_makes_frame(bytes, elf_read(elf, (uint64_t)offset, bytes, sizeof(bytes)));
}

static bool is_called(const struct elf_file *elf, uint64_t vaddr)
{
	uint8_t bytes[CODE_CALL_MAX];
	const int64_t offset = elf_offset(elf, vaddr - sizeof(bytes));

	return offset >= 0 &&
	       elf_read(elf, (uint64_t)offset, bytes, sizeof(bytes)) == sizeof(bytes) &&
	       code_is_call(bytes, sizeof(bytes));
}

/* The frame of a function that was not inlined: symbols know it best, and its start. */
static void name_function(struct frame *frame, const struct function *function,
			  const struct reader_answer *answer, const struct naming *naming,
			  uint64_t vaddr)
{
	const struct debuginfo_function *said = answer->n ? &answer->at[answer->n - 1] : NULL;
	uint64_t start = said ? said->start : 0;

	frame->offset = vaddr;
	if (function->name[0]) {
		frame->function = intern(naming->names,
					 answer->symbol ? answer->symbol : function->name);
		frame->offset = vaddr - function->start;
	} else if (said && said->name && start && start < vaddr) {
		frame->function = intern(naming->names, said->name);
		frame->offset = vaddr - start;
	} else {
		frame->reason = "no symbol covers it";
	}
}

static void name_frames(struct code_name *name, const struct function *function,
			const struct reader_answer *answer, const struct naming *naming)
{
	for (size_t i = 0; i < name->n; i++) {
		struct frame *frame = &name->frames[i];

		if (i < answer->n && answer->at[i].file && answer->at[i].line) {
			frame->file = intern(naming->names, answer->at[i].file);
			frame->line = answer->at[i].line;
		}
		frame->inlined = i + 1 < name->n;
		if (frame->inlined && answer->at[i].name)
			frame->function = intern(naming->names, answer->at[i].name);
	}
	name_function(&name->frames[name->n - 1], function, answer, naming, name->where);
}

struct code_name *module_name(struct module *module, const struct naming *naming, pid_t pid,
			      uint64_t vaddr, bool exact)
{
	static struct reader_answer answer;
	static struct function function;
	const uint64_t pc = exact ? vaddr : vaddr - 1;
	struct code_name *name;

	begin(module, naming, pid);
	find_function(module, pc, &function);
	answer.symbol = NULL;
	answer.rule = FRAME_UNKNOWN;
	answer.n = 0;
	if (module->file.file >= 0)
		reader_ask(naming->reader, &module->file, pc, function.name, &answer);
	say_lacking(module, pid);
	name = code_name_new(module->path, answer.n ? answer.n : 1);
	if (!name)
		return NULL;
	name->owner = module;
	name->where = vaddr;
	name->exact = exact;
	name->rule = answer.rule;
	name->called = is_called(module->elf, vaddr);
	name->makes_frame = function.name[0] && makes_frame(module->elf, function.start);
	name_frames(name, &function, &answer, naming);
	if (module->file.error && !name->frames[0].reason)
		name->frames[0].reason = module->file.error;
	code_name_describe(name, naming->names);
	return name;
}

bool module_frame(struct module *module, const struct naming *naming, pid_t pid, uint64_t pc,
		  struct recipe_frame *frame, const char **why)
{
	int err = -ENOENT;

	begin(module, naming, pid);
	if (module->file.file >= 0)
		err = reader_ask_frame(naming->reader, &module->file, pc, frame);
	say_lacking(module, pid);
	*why = module->file.error;
	return !err;
}

bool module_globals(struct module *module, const struct naming *naming, pid_t pid, uint64_t from,
		    struct recipe_frame *frame, const char **why)
{
	int err = -ENOENT;

	begin(module, naming, pid);
	if (module->file.file >= 0)
		err = reader_ask_globals(naming->reader, &module->file, from, frame);
	say_lacking(module, pid);
	*why = module->file.error;
	return !err;
}

struct code_name *code_name_new(const char *object, size_t n)
{
	struct code_name *name = calloc(1, sizeof(*name) + n * sizeof(*name->frames));

	if (!name)
		return NULL;
	name->n = n;
	for (size_t i = 0; i < n; i++)
		name->frames[i] = (struct frame){ .language = FRAME_NATIVE, .object = object };
	return name;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* "inlined in function+0x1f (file.c:12)", "function+0x1f (libc.so.6)", "libc.so.6+0x1234" */
void code_name_describe(struct code_name *name, struct intern *names)
{
	const struct frame *inner = &name->frames[0], *outer = &name->frames[name->n - 1];
	char text[4 * WORDS], where[WORDS];

	snprintf(where, sizeof(where), "%s",
		 outer->function ? base_name(outer->object) : "");
	if (inner->file)
		snprintf(where, sizeof(where), "%s:%lld", base_name(inner->file),
			 (long long)inner->line);
	snprintf(text, sizeof(text), "%s%s%s+0x%llx%s%s%s",
		 inner->inlined && inner->function ? inner->function : "",
		 inner->inlined && inner->function ? " in " : "",
		 outer->function ? outer->function : base_name(outer->object),
		 (unsigned long long)outer->offset, where[0] ? " (" : "", where,
		 where[0] ? ")" : "");
	name->at = intern(names, text);
}
