// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* debuginfo.c - what debug information and unwind tables of an ELF file say of an address. */
#include "target/debuginfo.h"

#include <dwarf.h>
#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "target/debuginner.h"

#define RBP 6 /* numbers of DWARF for x86-64: System V ABI, figure 3.36 */
#define RETURN_ADDRESS 16

#define LOOK_BACK 16 /* ranges that overlap */

static Elf *begin(int fd)
{
	return fd < 0 ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
}

static bool add_range(struct ranges *ranges, const struct range *range)
{
	if (ranges->n == ranges->room) {
		const size_t room = ranges->room ? 2 * ranges->room : 64;
		struct range *more = reallocarray(ranges->at, room, sizeof(*more));

		if (!more)
			return false;
		ranges->at = more;
		ranges->room = room;
	}
	if (range->start < range->end)
		ranges->at[ranges->n++] = *range;
	return true;
}

/* Add the code of a unit or function. */
static void add_die(struct ranges *ranges, Dwarf_Die *die, size_t unit)
{
	struct range range = { .die = dwarf_dieoffset(die), .unit = unit };
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;

	while ((at = dwarf_ranges(die, at, &base, &start, &end)) > 0) {
		range.start = start;
		range.end = end;
		if (!add_range(ranges, &range))
			return;
	}
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void sort(struct ranges *ranges)
{
	if (ranges->n)
		qsort(ranges->at, ranges->n, sizeof(*ranges->at), by_start);
}

/* The last range to start that holds an address; NULL. */
static const struct range *find_range(const struct ranges *ranges, uint64_t vaddr)
{
	size_t lo = 0, hi = ranges->n; /* the first that starts after vaddr is in [lo, hi] */

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (ranges->at[mid].start <= vaddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t i = lo; i-- > 0 && lo - i <= LOOK_BACK;)
		if (vaddr < ranges->at[i].end)
			return &ranges->at[i];
	return NULL;
}

/* .debug_aranges would say it too, but clang and rustc do not write that by default. */
static void index_units(struct debuginfo *info)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	uint8_t type;

	info->code.n = info->n_units = 0;
	while (!dwarf_get_units(info->dwarf, unit, &unit, NULL, &type, &die, NULL))
		if (type == DW_UT_compile || type == DW_UT_skeleton)
			add_die(&info->code, &die, info->n_units++);
	sort(&info->code);
	info->units = calloc(info->n_units + 1, sizeof(*info->units));
	if (!info->units)
		info->code.n = 0;
}

static void find_tls(struct debuginfo *info)
{
	GElf_Phdr header;
	size_t n;

	if (elf_getphdrnum(info->elf, &n))
		return;
	for (size_t i = 0; i < n && i < INT_MAX && gelf_getphdr(info->elf, (int)i, &header); i++)
		if (header.p_type == PT_TLS) {
			info->tls_start = header.p_vaddr;
			info->tls_size = header.p_memsz;
		}
}

/* What dwz moved away counts only from the very file that the debug file names. */
static void use_common(struct debuginfo *info, int fd)
{
	const void *wanted, *found;
	const char *name;
	ssize_t n = dwelf_dwarf_gnu_debugaltlink(info->dwarf, &name, &wanted);

	info->common_elf = n > 0 ? begin(fd) : NULL;
	if (!info->common_elf || dwelf_elf_gnu_build_id(info->common_elf, &found) != n ||
	    memcmp(found, wanted, n) != 0)
		return;
	info->common = dwarf_begin_elf(info->common_elf, DWARF_C_READ, NULL);
	if (info->common)
		dwarf_setalt(info->dwarf, info->common);
}

/* Debug information that says of no code where it is from is none. */
static bool use_debug(struct debuginfo *info, Elf *elf, int common)
{
	info->dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
	if (!info->dwarf)
		return false;
	use_common(info, common);
	index_units(info);
	if (info->code.n)
		return true;
	free(info->units);
	dwarf_end(info->dwarf);
	dwarf_end(info->common);
	elf_end(info->common_elf);
	info->units = NULL;
	info->n_units = 0;
	info->dwarf = info->common = NULL;
	info->common_elf = NULL;
	return false;
}

struct debuginfo *debuginfo_open(int file, int debug, int common)
{
	struct debuginfo *info = calloc(1, sizeof(*info));

	elf_version(EV_CURRENT);
	if (!info)
		return NULL;
	info->elf = begin(file);
	if (!info->elf || elf_kind(info->elf) != ELF_K_ELF) {
		debuginfo_close(info);
		return NULL;
	}
	find_tls(info);
	info->cfi = dwarf_getcfi_elf(info->elf);
	if (use_debug(info, info->elf, common))
		return info;
	info->debug_elf = begin(debug);
	if (info->debug_elf)
		use_debug(info, info->debug_elf, common);
	return info;
}

void debuginfo_close(struct debuginfo *info)
{
	if (!info)
		return;
	dwarf_cfi_end(info->cfi);
	dwarf_end(info->dwarf);
	dwarf_end(info->common);
	elf_end(info->elf);
	elf_end(info->debug_elf);
	elf_end(info->common_elf);
	for (size_t i = 0; i < info->n_units; i++)
		free(info->units[i].functions.at);
	free(info->units);
	free(info->code.at);
	free(info);
}

/* The address of a register's saved value as %rbp and a number; false when it is another. */
static bool saved_at(Dwarf_Frame *frame, const Dwarf_Op *ops, size_t n, int64_t *from_rbp)
{
	Dwarf_Op *cfa;
	size_t n_cfa;
	int64_t offset = 0;

	*from_rbp = 0;
	/* GCC, where it aligns the stack: DW_OP_breg6 0 */
	if (n == 1 && ops[0].atom == DW_OP_breg0 + RBP) {
		*from_rbp = (int64_t)ops[0].number;
		return true;
	}
	/* libdw's form of "CFA plus a number" */
	if (n < 1 || n > 2 || ops[0].atom != DW_OP_call_frame_cfa)
		return false;
	if (n == 2 && ops[1].atom == DW_OP_plus_uconst)
		offset = (int64_t)ops[1].number;
	else if (n == 2)
		return false;
	if (dwarf_frame_cfa(frame, &cfa, &n_cfa) || n_cfa != 1 || cfa[0].atom != DW_OP_bregx ||
	    cfa[0].number != RBP)
		return false;
	*from_rbp = (int64_t)cfa[0].number2 + offset;
	return true;
}

static enum frame_rule rule_of(Dwarf_Frame *frame)
{
	Dwarf_Op room[3], *ops;
	int64_t at;
	size_t n;

	if (dwarf_frame_register(frame, RETURN_ADDRESS, room, &ops, &n))
		return FRAME_UNKNOWN;
	if (!n && ops == room)
		return FRAME_OUTERMOST; /* undefined: there is nowhere to return to */
	if (dwarf_frame_register(frame, RBP, room, &ops, &n))
		return FRAME_UNKNOWN;
	if (!n && !ops)
		return FRAME_KEPT;
	return saved_at(frame, ops, n, &at) && !at ? FRAME_POINTER : FRAME_NONE;
}

enum frame_rule debuginfo_rule(struct debuginfo *info, uint64_t vaddr)
{
	Dwarf_Frame *frame = NULL;
	enum frame_rule rule;

	if (!info->cfi || dwarf_cfi_addrframe(info->cfi, vaddr, &frame))
		return FRAME_UNKNOWN;
	rule = rule_of(frame);
	free(frame);
	return rule;
}

/* Whether there may be functions in it although it has no code of its own. */
static bool is_shell(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_class_type ||
	       tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

static void gather_functions(Dwarf_Die *scope, struct ranges *functions, int depth)
{
	Dwarf_Die die;

	if (depth == DEBUG_DEPTH || dwarf_child(scope, &die))
		return;
	do {
		if (is_shell(dwarf_tag(&die)))
			gather_functions(&die, functions, depth + 1);
		else if (dwarf_tag(&die) == DW_TAG_subprogram)
			add_die(functions, &die, 0);
	} while (!dwarf_siblingof(&die, &die));
}

static const struct ranges *functions_of(struct unit *unit, Dwarf_Die *die)
{
	if (!unit->gathered) {
		unit->gathered = true;
		gather_functions(die, &unit->functions, 0);
		sort(&unit->functions);
	}
	return &unit->functions;
}

/* The functions around an address, outermost first: one, and the calls inlined into it. */
struct chain {
	Dwarf_Die at[DEBUG_DEPTH];
	size_t n;
};

/* Go down from a scope to the calls inlined at the address. */
static void descend(Dwarf_Die *scope, uint64_t vaddr, struct chain *chain, int depth)
{
	Dwarf_Die die;

	if (depth == DEBUG_DEPTH || dwarf_child(scope, &die))
		return;
	do {
		int tag = dwarf_tag(&die);

		if ((tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block) ||
		    dwarf_haspc(&die, vaddr) <= 0)
			continue;
		if (tag == DW_TAG_inlined_subroutine && chain->n < DEBUG_DEPTH)
			chain->at[chain->n++] = die;
		descend(&die, vaddr, chain, depth + 1);
		return;
	} while (!dwarf_siblingof(&die, &die));
}

bool debuginfo_function_at(struct debuginfo *info, uint64_t vaddr, Dwarf_Die *function)
{
	const struct range *code = find_range(&info->code, vaddr), *range;
	Dwarf_Die unit;

	if (!code || !dwarf_offdie(info->dwarf, code->die, &unit))
		return false;
	debugsplit_go_in(info, &unit);
	range = find_range(functions_of(&info->units[code->unit], &unit), vaddr);
	return range && dwarf_offdie(dwarf_cu_getdwarf(unit.cu), range->die, function);
}

static void find_chain(struct debuginfo *info, uint64_t vaddr, struct chain *chain)
{
	chain->n = 0;
	if (!debuginfo_function_at(info, vaddr, &chain->at[0]))
		return;
	chain->n = 1;
	descend(&chain->at[0], vaddr, chain, 0);
}

const char *debuginfo_linkage_name(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name = NULL;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		name = dwarf_formstring(&attribute);
	return name ? name : dwarf_diename(die);
}

bool debuginfo_flag(Dwarf_Die *die, int name)
{
	Dwarf_Attribute attribute;
	bool flag;

	return dwarf_attr(die, name, &attribute) && !dwarf_formflag(&attribute, &flag) && flag;
}

/* Where the call stood that was inlined. */
static void find_call(Dwarf_Die *unit, Dwarf_Die *die, struct debuginfo_function *function)
{
	Dwarf_Attribute attribute;
	Dwarf_Word line, file;
	Dwarf_Files *files;
	size_t n;

	if (!dwarf_attr(die, DW_AT_call_line, &attribute) || dwarf_formudata(&attribute, &line) ||
	    !dwarf_attr(die, DW_AT_call_file, &attribute) || dwarf_formudata(&attribute, &file) ||
	    dwarf_getsrcfiles(unit, &files, &n) || file >= n)
		return;
	function->line = (uint32_t)line;
	function->file = dwarf_filesrc(files, file, NULL, NULL);
}

static void find_line(Dwarf_Die *unit, uint64_t vaddr, struct debuginfo_function *function)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, vaddr);
	int number;

	if (!line || dwarf_lineno(line, &number))
		return;
	function->line = (uint32_t)number;
	function->file = dwarf_linesrc(line, NULL, NULL);
}

static const char *dir_of(Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(unit, DW_AT_comp_dir, &attribute) ? dwarf_formstring(&attribute) : NULL;
}

size_t debuginfo_functions(struct debuginfo *info, uint64_t vaddr,
			   struct debuginfo_function *functions, size_t cap)
{
	const struct range *code = find_range(&info->code, vaddr);
	struct debuginfo_function blank = { .name = NULL };
	struct chain chain;
	Dwarf_Die unit, contents;
	size_t n = 0;

	if (!cap || !code || !dwarf_offdie(info->dwarf, code->die, &unit))
		return 0;
	find_chain(info, vaddr, &chain);
	blank.dir = dir_of(&unit);
	functions[0] = blank;
	find_line(&unit, vaddr, &functions[0]);
	contents = unit;
	debugsplit_go_in(info, &contents);
	for (size_t i = chain.n; i-- > 0 && n < cap; n++) {
		if (n) {
			functions[n] = blank;
			find_call(&contents, &chain.at[i + 1], &functions[n]);
		}
		functions[n].name = debuginfo_linkage_name(&chain.at[i]);
		if (!i && dwarf_entrypc(&chain.at[i], &functions[n].start))
			functions[n].start = 0;
	}
	return n ? n : functions[0].line != 0;
}
