// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* slide.c - where in a function a probe is cheap, and why it may be put there. */
#include <capstone/capstone.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
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

/*
 * What Linux 5.8 to 7.x emulates, by the first bytes: branch_setup_xol_ops() and
 * push_setup_xol_ops() in arch/x86/kernel/uprobes.c. With a prefix, some of these are
 * single-stepped and some refused, depending on the version, so none of them counts.
 */
static const struct {
	uint8_t before; /* the opcode byte; 0: nothing is */
	uint8_t low, high;
} emulated[] = {
	{ 0x00, 0x50, 0x57 }, /* push rax .. rdi */
	{ 0x41, 0x50, 0x57 }, /* push r8 .. r15 */
	{ 0x00, 0x70, 0x7f }, /* jcc rel8 */
	{ 0x0f, 0x80, 0x8f }, /* jcc rel32 */
	{ 0x00, 0x90, 0x90 }, /* nop */
	{ 0x00, 0xe8, 0xe9 }, /* call, jmp rel32 */
	{ 0x00, 0xeb, 0xeb }, /* jmp rel8 */
};

/* Branches with a 32-bit displacement, by the two bytes before it; 0: any byte. */
static const struct {
	uint8_t before;
	uint8_t low, high;
} branches[] = {
	{ 0x00, 0xe8, 0xe9 }, /* call, jmp */
	{ 0x0f, 0x80, 0x8f }, /* jcc */
	{ 0xc7, 0xf8, 0xf8 }, /* xbegin: where an aborted transaction goes on */
};

/*
 * What may lie between the entry and the probe: it falls through, has no effect but on
 * its operands and the flags, and single-stepping showed capstone to be right about its
 * length and the registers it writes.
 */
static const bool harmless[X86_INS_ENDING] = {
	[X86_INS_ENDBR64] = true,  [X86_INS_NOP] = true,      [X86_INS_TEST] = true,
	[X86_INS_CMP] = true,	   [X86_INS_BT] = true,	      [X86_INS_MOV] = true,
	[X86_INS_MOVABS] = true,   [X86_INS_MOVZX] = true,    [X86_INS_MOVSX] = true,
	[X86_INS_MOVSXD] = true,   [X86_INS_LEA] = true,      [X86_INS_ADD] = true,
	[X86_INS_ADC] = true,	   [X86_INS_SUB] = true,      [X86_INS_SBB] = true,
	[X86_INS_AND] = true,	   [X86_INS_OR] = true,	      [X86_INS_XOR] = true,
	[X86_INS_INC] = true,	   [X86_INS_DEC] = true,      [X86_INS_NEG] = true,
	[X86_INS_NOT] = true,	   [X86_INS_SHL] = true,      [X86_INS_SHR] = true,
	[X86_INS_SAR] = true,	   [X86_INS_ROL] = true,      [X86_INS_ROR] = true,
	[X86_INS_MUL] = true,	   [X86_INS_IMUL] = true,     [X86_INS_BSF] = true,
	[X86_INS_BSR] = true,	   [X86_INS_LZCNT] = true,    [X86_INS_TZCNT] = true,
	[X86_INS_BSWAP] = true,	   [X86_INS_CWDE] = true,     [X86_INS_CDQE] = true,
	[X86_INS_CDQ] = true,	   [X86_INS_CQO] = true,      [X86_INS_CMOVA] = true,
	[X86_INS_CMOVAE] = true,   [X86_INS_CMOVB] = true,    [X86_INS_CMOVBE] = true,
	[X86_INS_CMOVE] = true,	   [X86_INS_CMOVG] = true,    [X86_INS_CMOVGE] = true,
	[X86_INS_CMOVL] = true,	   [X86_INS_CMOVLE] = true,   [X86_INS_CMOVNE] = true,
	[X86_INS_CMOVNO] = true,   [X86_INS_CMOVNP] = true,   [X86_INS_CMOVNS] = true,
	[X86_INS_CMOVO] = true,	   [X86_INS_CMOVP] = true,    [X86_INS_CMOVS] = true,
	[X86_INS_SETA] = true,	   [X86_INS_SETAE] = true,    [X86_INS_SETB] = true,
	[X86_INS_SETBE] = true,	   [X86_INS_SETE] = true,     [X86_INS_SETG] = true,
	[X86_INS_SETGE] = true,	   [X86_INS_SETL] = true,     [X86_INS_SETLE] = true,
	[X86_INS_SETNE] = true,	   [X86_INS_SETNO] = true,    [X86_INS_SETNP] = true,
	[X86_INS_SETNS] = true,	   [X86_INS_SETO] = true,     [X86_INS_SETP] = true,
	[X86_INS_SETS] = true,	   [X86_INS_MOVAPS] = true,   [X86_INS_MOVAPD] = true,
	[X86_INS_MOVUPS] = true,   [X86_INS_MOVUPD] = true,   [X86_INS_MOVDQA] = true,
	[X86_INS_MOVDQU] = true,   [X86_INS_MOVD] = true,     [X86_INS_MOVQ] = true,
	[X86_INS_MOVSS] = true,	   [X86_INS_MOVSD] = true,    [X86_INS_PXOR] = true,
	[X86_INS_XORPS] = true,	   [X86_INS_XORPD] = true,    [X86_INS_ANDPS] = true,
	[X86_INS_ANDPD] = true,	   [X86_INS_COMISS] = true,   [X86_INS_COMISD] = true,
	[X86_INS_UCOMISS] = true,  [X86_INS_UCOMISD] = true,  [X86_INS_CVTSI2SD] = true,
	[X86_INS_CVTSS2SD] = true, [X86_INS_CVTSD2SS] = true, [X86_INS_CVTTSD2SI] = true,
};

#define STACK_POINTER 6 /* row of registers[]; those before it are the arguments */

static const x86_reg registers[][5] = {
	{ X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL },
	{ X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL },
	{ X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH },
	{ X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH },
	{ X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B },
	{ X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B },
	[STACK_POINTER] = { X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL },
};

static const uint8_t control[] = {
	X86_GRP_JUMP, X86_GRP_CALL, X86_GRP_RET, X86_GRP_INT, X86_GRP_IRET, X86_GRP_BRANCH_RELATIVE,
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

static bool is_emulated(const cs_insn *insn)
{
	const uint8_t *bytes = insn->bytes;

	for (size_t i = 0; i < sizeof(emulated) / sizeof(*emulated); i++) {
		const uint8_t opcode = emulated[i].before ? bytes[1] : bytes[0];

		if ((!emulated[i].before || emulated[i].before == bytes[0]) &&
		    opcode >= emulated[i].low && opcode <= emulated[i].high)
			return true;
	}
	return false;
}

/* Whether a register is one of a row, in whole or in part. */
static bool is_part_of(unsigned reg, size_t row)
{
	for (size_t i = 0; i < sizeof(registers[row]) / sizeof(*registers[row]); i++)
		if (registers[row][i] == reg && reg != X86_REG_INVALID)
			return true;
	return false;
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

/*
 * What capstone 4 gives the wrong effects: 90 with some prefixes is an xchg, not a nop;
 * movs with prefix f2, which has the name of an SSE move, counts in %rcx.
 */
static bool is_misdescribed(const cs_insn *insn)
{
	return (insn->id == X86_INS_NOP || insn->id == X86_INS_MOVSD) &&
	       insn->detail->x86.opcode[0] != 0x0f;
}

/* NULL when the probe may lie behind this instruction, else why it may not. */
static const char *obstacle(const struct reader *reader, unsigned args)
{
	const cs_insn *insn = reader->insn;
	const char *why;

	for (size_t i = 0; i < sizeof(control); i++)
		if (cs_insn_group(reader->capstone, insn, control[i]))
			return "control is transferred first";
	why = register_lost(reader, args);
	if (why)
		return why;
	if (writes_stack(insn))
		return "stack is written first";
	if (insn->id >= X86_INS_ENDING || !harmless[insn->id] || is_misdescribed(insn) ||
	    cs_insn_group(reader->capstone, insn, X86_GRP_PRIVILEGE)) /* mov to %fs, %cr0 */
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
		if (is_emulated(reader->insn))
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

/*
 * rel8 branches of the neighbours. Where instructions begin before the function is not
 * known, so decoding starts at every possible place, early enough to get into step.
 */
static bool neighbour_enters(struct reader *reader, uint64_t vaddr, uint64_t size,
			     struct range skipped)
{
	const uint64_t before = vaddr - reader->text->vaddr;
	const uint64_t back = before < SHORT_REACH + SETTLE ? before : SHORT_REACH + SETTLE;

	for (uint64_t i = 0; i < LONGEST && i < back; i++)
		if (short_branch_enters(reader, vaddr - back + i, vaddr, skipped))
			return true;
	return short_branch_enters(reader, vaddr + size,
				   skipped.first + skipped.count + SHORT_REACH, skipped);
}

static bool is_displacement(const struct slide_text *text, size_t at)
{
	const uint8_t *code = text->code + at;

	for (size_t i = 0; i < sizeof(branches) / sizeof(*branches); i++)
		if (code[-1] >= branches[i].low && code[-1] <= branches[i].high &&
		    (!branches[i].before || (at > 1 && code[-2] == branches[i].before)))
			return true;
	return false;
}

/* Branches of the whole text, taken at every byte: more than there are, but none is missed. */
static bool text_enters(const struct slide_text *text, struct range skipped)
{
	/* a displacement at i leads to vaddr + i + 4 + displacement, here modulo 2^32 */
	const uint32_t base = (uint32_t)(text->vaddr + 4 - skipped.first);
	uint32_t displacement;

	for (size_t i = 1; i + sizeof(displacement) <= text->len; i++) {
		memcpy(&displacement, text->code + i, sizeof(displacement));
		if (base + (uint32_t)i + displacement < skipped.count && is_displacement(text, i))
			return true;
	}
	return false;
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

	out->emulated = is_emulated(insn);
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
