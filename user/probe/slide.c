// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* slide.c - where in a function a probe is cheap, and why it may be put there. */
#include <capstone/capstone.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "probe/decode.h"
#include "probe/slide.h"

#define REACH 32		/* bytes from the entry in which to look */
#define FUNCTION_MAX (64 << 10) /* bytes of a function worth looking through */
#define SHORT_REACH 128		/* bytes a rel8 branch spans */
#define SETTLE 64		/* bytes after which decoding from anywhere is in step */
#define LONGEST 15		/* bytes of an instruction */

struct reader {
	const struct slide_text *text;
	csh capstone;
	cs_insn *insn; /* the last one decoded */
};

/* Addresses [first, first + count) that nothing may branch to. */
struct range {
	uint64_t first, count;
};

#define STACK_POINTER 6 /* row of registers[]; those before it are the arguments */

static const int registers[] = {
	DECODE_RDI,
	DECODE_RSI,
	DECODE_RDX,
	DECODE_RCX,
	DECODE_R8,
	DECODE_R9,
	[STACK_POINTER] = DECODE_RSP,
};

static bool decode(struct reader *reader, uint64_t vaddr)
{
	const struct slide_text *text = reader->text;
	const uint64_t at = vaddr - text->vaddr;
	const uint8_t *code;
	size_t left;

	if (at >= text->len)
		return false;
	code = text->code + at;
	left = text->len - at;
	if (!cs_disasm_iter(reader->capstone, &code, &left, &vaddr, reader->insn))
		return false;
	/* With prefix 66, Intel reads a displacement of 32 bits and AMD one of 16. */
	return !cs_insn_group(reader->capstone, reader->insn, X86_GRP_BRANCH_RELATIVE) ||
	       reader->insn->detail->x86.prefix[2] != X86_PREFIX_OPSIZE;
}

/* Whether a register is one of a row, in whole or in part. */
static bool is_part_of(unsigned reg, size_t row)
{
	return decode_register(reg) == registers[row];
}

static const char *register_lost(const struct reader *reader, unsigned args)
{
	cs_regs read, written;
	uint8_t n_read, n_written;

	if (cs_regs_access(reader->capstone, reader->insn, read, &n_read, written, &n_written))
		return "an instruction has unknown effects first";
	for (size_t i = 0; i < n_written; i++) {
		if (is_part_of(written[i], STACK_POINTER))
			return "stack pointer moves first";
		for (size_t arg = 0; arg < STACK_POINTER; arg++)
			if (args & SLIDE_ARG(arg) && is_part_of(written[i], arg))
				return "argument register is overwritten first";
	}
	return NULL;
}

/* The return address is at (%rsp). */
static bool writes_stack(const cs_insn *insn)
{
	const cs_x86 *x86 = &insn->detail->x86;

	for (size_t i = 0; i < x86->op_count; i++) {
		const cs_x86_op *op = &x86->operands[i];

		if (op->type == X86_OP_MEM && op->access & CS_AC_WRITE &&
		    is_part_of(op->mem.base, STACK_POINTER))
			return true;
	}
	return false;
}

/* NULL when the probe may lie behind this instruction, else why it may not. */
static const char *obstacle(const struct reader *reader, unsigned args)
{
	const cs_insn *insn = reader->insn;
	const char *why;

	if (decode_transfers(reader->capstone, insn))
		return "control is transferred first";
	why = register_lost(reader, args);
	if (why)
		return why;
	if (writes_stack(insn))
		return "stack is written first";
	if (!decode_is_harmless(reader->capstone, insn))
		return "an instruction not known to be harmless comes first";
	return NULL;
}

/* NULL when there is an emulated instruction in a straight line, left decoded; else why not. */
static const char *walk(struct reader *reader, uint64_t vaddr, uint64_t size, unsigned args,
			uint32_t *offset)
{
	const char *why;

	for (*offset = 0; *offset < REACH; *offset += reader->insn->size) {
		if (!decode(reader, vaddr + *offset))
			return "an instruction does not decode first";
		if (size && *offset + reader->insn->size > size)
			return "function ends first";
		if (decode_is_emulated(reader->insn))
			return NULL;
		why = obstacle(reader, args);
		if (why)
			return why;
	}
	return "no emulated instruction within 32 bytes";
}

static bool branch_enters(const struct reader *reader, struct range skipped)
{
	const cs_x86 *x86 = &reader->insn->detail->x86;

	return cs_insn_group(reader->capstone, reader->insn, X86_GRP_BRANCH_RELATIVE) &&
	       x86->op_count && x86->operands[0].type == X86_OP_IMM &&
	       (uint64_t)x86->operands[0].imm - skipped.first < skipped.count;
}

/* A jump to where the bytes do not tell; a tail call by the GOT, jmp *x(%rip), is none. */
static bool jumps_anywhere(const cs_insn *insn)
{
	const cs_x86_op *op = &insn->detail->x86.operands[0];

	return (insn->id == X86_INS_JMP || insn->id == X86_INS_LJMP) && op->type != X86_OP_IMM &&
	       !(insn->id == X86_INS_JMP && op->type == X86_OP_MEM && op->mem.base == X86_REG_RIP &&
		 op->mem.index == X86_REG_INVALID);
}

/* Whether a branch within [from, to) enters the range; what does not decode is data. */
static bool short_branch_enters(struct reader *reader, uint64_t from, uint64_t to,
				struct range skipped)
{
	while (from < to) {
		if (!decode(reader, from)) {
			from++;
			continue;
		}
		if (branch_enters(reader, skipped))
			return true;
		from += reader->insn->size;
	}
	return false;
}

/* Whether bytes within [from, to) would be a rel8 branch into the range: jcc, loop, jmp. */
static bool short_branch_may_enter(const struct slide_text *text, uint64_t from, uint64_t to,
				   struct range skipped)
{
	for (uint64_t at = from - text->vaddr; at < to - text->vaddr && at + 2 <= text->len; at++) {
		const uint8_t *code = text->code + at;
		const uint64_t lead = text->vaddr + at + 2 + (uint64_t)(int8_t)code[1];

		if ((*code >> 4 == 7 || *code >> 2 == 0xe0 >> 2 || *code == 0xeb) &&
		    lead - skipped.first < skipped.count)
			return true;
	}
	return false;
}

/*
 * rel8 branches of the neighbours. Where instructions begin before the function is not
 * known, so decoding starts at every possible place, early enough to get into step.
 */
static bool neighbour_enters(struct reader *reader, uint64_t vaddr, uint64_t size,
			     struct range skipped)
{
	const uint64_t before = vaddr - reader->text->vaddr, end = vaddr + size;
	const uint64_t back = before < SHORT_REACH + SETTLE ? before : SHORT_REACH + SETTLE;
	const uint64_t reach = skipped.first + skipped.count + SHORT_REACH;

	if (short_branch_may_enter(reader->text, vaddr - back, vaddr, skipped))
		for (uint64_t i = 0; i < LONGEST && i < back; i++)
			if (short_branch_enters(reader, vaddr - back + i, vaddr, skipped))
				return true;
	return end < reach && short_branch_may_enter(reader->text, end, reach, skipped) &&
	       short_branch_enters(reader, end, reach, skipped);
}

/* Whether a 32-bit displacement can begin here, by the bytes before it. */
static bool is_displacement(const struct slide_text *text, size_t at)
{
	const uint8_t last = text->code[at - 1], before = at > 1 ? text->code[at - 2] : 0;

	if (last == 0xe8 || last == 0xe9) /* call, jmp */
		return true;
	if (before == 0x0f) /* jcc */
		return last >> 4 == 8;
	return before == 0xc7 && last == 0xf8; /* xbegin: where an aborted transaction goes on */
}

uint8_t *slide_branches(const struct slide_text *text)
{
	uint8_t *map = calloc(1, text->len / 8 + 1);
	int32_t displacement;

	for (size_t i = 1; map && i + sizeof(displacement) <= text->len; i++) {
		uint64_t to;

		if (!is_displacement(text, i))
			continue;
		memcpy(&displacement, text->code + i, sizeof(displacement));
		to = i + sizeof(displacement) + (uint64_t)displacement;
		if (to < text->len)
			map[to / 8] |= (uint8_t)(1u << to % 8);
	}
	return map;
}

/* Whether a branch from anywhere in the text may enter the range. */
static bool text_enters(const struct slide_text *text, struct range skipped)
{
	uint8_t *own = text->branches ? NULL : slide_branches(text);
	const uint8_t *map = own ? own : text->branches;
	bool enters = !map;

	for (uint64_t at = skipped.first - text->vaddr, end = at + skipped.count;
	     at < end && !enters; at++)
		enters = map[at / 8] >> at % 8 & 1;
	free(own);
	return enters;
}

/* NULL when nothing can get to the offset but from the entry, else what might. */
static const char *doubt(struct reader *reader, uint64_t vaddr, uint64_t size, uint32_t offset)
{
	const struct range skipped = { vaddr + 1, offset };

	if (!size)
		return "function size unknown";
	if (size > reader->text->len - (vaddr - reader->text->vaddr))
		return "function ends outside the text";
	if (size > FUNCTION_MAX)
		return "function too large to check";
	for (uint64_t at = 0; at < size; at += reader->insn->size) {
		if (!decode(reader, vaddr + at))
			return "part of the function does not decode";
		if (jumps_anywhere(reader->insn))
			return "an indirect jump is in the function";
		if (branch_enters(reader, skipped))
			return "a branch enters the skipped bytes";
	}
	if (neighbour_enters(reader, vaddr, size, skipped) || text_enters(reader->text, skipped))
		return "a branch enters the skipped bytes";
	return NULL;
}

static void describe(const cs_insn *insn, struct slide *out)
{
	char text[sizeof(insn->mnemonic) + sizeof(insn->op_str)] = "";

	out->emulated = decode_is_emulated(insn);
	snprintf(text, sizeof(text), "%s%s%s", insn->mnemonic, insn->op_str[0] ? " " : "",
		 insn->op_str);
	memcpy(out->instruction, text, sizeof(out->instruction) - 1);
}

static int choose(struct reader *reader, uint64_t vaddr, uint64_t size, unsigned args,
		  struct slide *out)
{
	struct slide further = { .why = "first emulated instruction in straight line" };

	if (!decode(reader, vaddr))
		return -EINVAL;
	describe(reader->insn, out);
	out->why = "entry instruction is emulated";
	if (out->emulated)
		return 0;
	out->why = walk(reader, vaddr, size, args, &further.offset);
	if (out->why)
		return 0;
	describe(reader->insn, &further);
	out->why = doubt(reader, vaddr, size, further.offset);
	if (!out->why)
		*out = further;
	return 0;
}

int slide_choose(const struct slide_text *text, uint64_t vaddr, uint64_t size, unsigned args,
		 struct slide *out)
{
	struct reader reader = { .text = text };
	int error = -ENOMEM;

	memset(out, 0, sizeof(*out));
	out->why = "does not decode";
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &reader.capstone) != CS_ERR_OK)
		return -ENOMEM;
	cs_option(reader.capstone, CS_OPT_DETAIL, CS_OPT_ON);
	reader.insn = cs_malloc(reader.capstone);
	if (reader.insn) {
		error = choose(&reader, vaddr, size, args, out);
		cs_free(reader.insn, 1);
	}
	cs_close(&reader.capstone);
	return error;
}
