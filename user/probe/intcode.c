// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* intcode.c - from machine code to what moves between places. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "probe/intcode.h"

#define VECTORS (~0ull >> (64 - PLACES) & ~0ull << PLACE_LOW)
#define ALL_PLACES (~0ull >> (64 - PLACES))
#define BOTH_HALVES (PLACE_BIT(PLACE_LOW) | PLACE_BIT(PLACE_HIGH))

/* System V: what a call may change, and may be given. */
#define CALL_WRITES                                                                                \
	(VECTORS | PLACE_BIT(DECODE_RAX) | PLACE_BIT(DECODE_RCX) | PLACE_BIT(DECODE_RDX) |         \
	 PLACE_BIT(DECODE_RSI) | PLACE_BIT(DECODE_RDI) | PLACE_BIT(DECODE_R8) |                    \
	 PLACE_BIT(DECODE_R9) | PLACE_BIT(DECODE_R10) | PLACE_BIT(DECODE_R11))
#define CALL_READS                                                                                 \
	(PLACE_BIT(DECODE_RDI) | PLACE_BIT(DECODE_RSI) | PLACE_BIT(DECODE_RDX) |                   \
	 PLACE_BIT(DECODE_RCX) | PLACE_BIT(DECODE_R8) | PLACE_BIT(DECODE_R9) |                     \
	 PLACE_BIT(DECODE_RAX))

/* Moves of vector registers, by the halves that they move. */
enum vector {
	VECTOR_NONE,
	VECTOR_WHOLE,  /* both halves, register or memory */
	VECTOR_LOW,    /* the low half; into a register, the high one becomes 0 */
	VECTOR_LOWER,  /* the low half alone, from or to memory */
	VECTOR_HIGHER, /* the high half alone, from or to memory */
	VECTOR_JOIN,   /* the low halves of two, side by side */
	VECTOR_INSERT, /* a general register into the half that a number says */
};

static const uint8_t vectors[X86_INS_ENDING] = {
	[X86_INS_MOVAPS] = VECTOR_WHOLE,    [X86_INS_MOVUPS] = VECTOR_WHOLE,
	[X86_INS_MOVAPD] = VECTOR_WHOLE,    [X86_INS_MOVUPD] = VECTOR_WHOLE,
	[X86_INS_MOVDQA] = VECTOR_WHOLE,    [X86_INS_MOVDQU] = VECTOR_WHOLE,
	[X86_INS_VMOVAPS] = VECTOR_WHOLE,   [X86_INS_VMOVUPS] = VECTOR_WHOLE,
	[X86_INS_VMOVAPD] = VECTOR_WHOLE,   [X86_INS_VMOVUPD] = VECTOR_WHOLE,
	[X86_INS_VMOVDQA] = VECTOR_WHOLE,   [X86_INS_VMOVDQU] = VECTOR_WHOLE,
	[X86_INS_MOVQ] = VECTOR_LOW,	    [X86_INS_VMOVQ] = VECTOR_LOW,
	[X86_INS_MOVLPS] = VECTOR_LOWER,    [X86_INS_MOVLPD] = VECTOR_LOWER,
	[X86_INS_MOVHPS] = VECTOR_HIGHER,   [X86_INS_MOVHPD] = VECTOR_HIGHER,
	[X86_INS_VMOVHPS] = VECTOR_HIGHER,  [X86_INS_VMOVHPD] = VECTOR_HIGHER,
	[X86_INS_PUNPCKLQDQ] = VECTOR_JOIN, [X86_INS_VPUNPCKLQDQ] = VECTOR_JOIN,
	[X86_INS_MOVLHPS] = VECTOR_JOIN,    [X86_INS_UNPCKLPD] = VECTOR_JOIN,
	[X86_INS_PINSRQ] = VECTOR_INSERT,   [X86_INS_VPINSRQ] = VECTOR_INSERT,
};

/* Known, besides the harmless ones, to change nothing but what capstone says. */
static const bool plain[X86_INS_ENDING] = {
	[X86_INS_PUSH] = true,	    [X86_INS_POP] = true,	[X86_INS_XCHG] = true,
	[X86_INS_XADD] = true,	    [X86_INS_LEAVE] = true,	[X86_INS_NOP] = true,
	[X86_INS_DIV] = true,	    [X86_INS_IDIV] = true,	[X86_INS_ADDSD] = true,
	[X86_INS_SUBSD] = true,	    [X86_INS_MULSD] = true,	[X86_INS_DIVSD] = true,
	[X86_INS_SHLD] = true,	    [X86_INS_SHRD] = true,	[X86_INS_BTS] = true,
	[X86_INS_BTR] = true,	    [X86_INS_BTC] = true,	[X86_INS_CVTSI2SS] = true,
	[X86_INS_ANDN] = true,	    [X86_INS_TZCNT] = true,	[X86_INS_POPCNT] = true,
	[X86_INS_POR] = true,	    [X86_INS_PAND] = true,	[X86_INS_PADDD] = true,
	[X86_INS_PADDQ] = true,	    [X86_INS_ANDNPD] = true,	[X86_INS_ORPD] = true,
	[X86_INS_PSHUFD] = true,    [X86_INS_PUNPCKLDQ] = true, [X86_INS_CMPXCHG] = true,
	[X86_INS_PUNPCKLBW] = true, [X86_INS_PUNPCKLWD] = true, [X86_INS_PREFETCHT0] = true,
};

const struct int_text *int_text_at(const struct int_image *image, uint64_t vaddr)
{
	for (size_t i = 0; i < image->n_texts; i++)
		if (vaddr - image->texts[i].vaddr < image->texts[i].len)
			return &image->texts[i];
	return NULL;
}

size_t int_range_at(const struct int_image *image, uint64_t vaddr)
{
	size_t first = 0, last = image->n_ranges;

	while (first < last) {
		const size_t middle = first + (last - first) / 2;

		if (image->ranges[middle].vaddr <= vaddr)
			first = middle + 1;
		else
			last = middle;
	}
	if (!first || vaddr - image->ranges[first - 1].vaddr >= image->ranges[first - 1].size)
		return image->n_ranges;
	return first - 1;
}

bool int_is_slot(const struct int_image *image, uint64_t vaddr)
{
	size_t first = 0, last = image->n_slots;

	while (first < last) {
		const size_t middle = first + (last - first) / 2;

		if (image->slots[middle] < vaddr)
			first = middle + 1;
		else
			last = middle;
	}
	return first < image->n_slots && image->slots[first] == vaddr;
}

size_t int_insn_at(const struct int_function *function, uint64_t vaddr)
{
	const uint64_t at = vaddr - function->range.vaddr;
	size_t first = 0, last = function->n;

	while (first < last) {
		const size_t middle = first + (last - first) / 2;

		if (function->insns[middle].at < at)
			first = middle + 1;
		else
			last = middle;
	}
	return first < function->n && function->insns[first].at == at ? first : function->n;
}

static int vector_number(unsigned reg)
{
	if (reg >= X86_REG_XMM0 && reg <= X86_REG_XMM15)
		return (int)(reg - X86_REG_XMM0);
	if (reg >= X86_REG_YMM0 && reg <= X86_REG_YMM15)
		return (int)(reg - X86_REG_YMM0);
	return -1;
}

static uint64_t places_of(unsigned reg)
{
	const int general = decode_register(reg), vector = vector_number(reg);

	return general >= 0 ? PLACE_BIT(general) : vector >= 0 ? BOTH_HALVES << vector : 0;
}

static bool is_full_register(const cs_x86_op *op)
{
	return op->type == X86_OP_REG && op->size == 8 && decode_register(op->reg) >= 0;
}

/* The address that a rip-relative operand means; 0 when it is another. */
static uint64_t address_of(const cs_insn *insn, const cs_x86_op *op)
{
	if (op->type != X86_OP_MEM || op->mem.base != X86_REG_RIP ||
	    op->mem.index != X86_REG_INVALID || op->mem.segment != X86_REG_INVALID)
		return 0;
	return insn->address + insn->size + (uint64_t)op->mem.disp;
}

/* Where an 8-byte operand's value comes from, as far as it matters. */
static uint8_t source(const struct int_image *image, const cs_insn *insn, const cs_x86_op *op)
{
	const uint64_t mask = op->size == 4 ? UINT32_MAX : UINT64_MAX;

	if (op->type == X86_OP_IMM && ((uint64_t)op->imm & mask) == image->type)
		return PLACE_TYPE;
	if (op->type == X86_OP_MEM && int_is_slot(image, address_of(insn, op)))
		return PLACE_TYPE;
	if (is_full_register(op))
		return (uint8_t)decode_register(op->reg);
	return PLACE_NONE;
}

static void copy(struct int_insn *out, unsigned i, uint8_t to, uint8_t from)
{
	out->copies[i].to = to;
	out->copies[i].from = from == DECODE_RSP ? PLACE_STACK : from;
}

static void memory(struct int_insn *out, enum int_memory kind, const cs_x86_op *op)
{
	out->memory = kind;
	out->disp = (int32_t)op->mem.disp;
	if (op->mem.index == X86_REG_INVALID && op->mem.segment == X86_REG_INVALID &&
	    op->mem.disp == out->disp && decode_register(op->mem.base) >= 0)
		out->base = (uint8_t)decode_register(op->mem.base);
}

static bool is_static(const cs_x86_op *op)
{
	return op->mem.base == X86_REG_RIP || op->mem.base == X86_REG_INVALID;
}

static void understand_mov(const struct int_image *image, const cs_insn *insn, struct int_insn *out)
{
	const cs_x86_op *to = &insn->detail->x86.operands[0], *from = to + 1;

	if (to->type == X86_OP_MEM) {
		if (is_static(to))
			return;
		if (to->size == 4) {
			memory(out, MEMORY_DIGIT, to);
			if (from->type == X86_OP_REG)
				out->stored[0] = (uint8_t)decode_register(from->reg);
			return;
		}
		if (to->size != 8)
			return;
		memory(out, MEMORY_STORE, to);
		out->stored[0] = source(image, insn, from);
	} else if (is_full_register(to) || from->type == X86_OP_IMM) {
		const int number = decode_register(to->reg);

		if (number < 0 || to->size < 4)
			return;
		copy(out, 0, (uint8_t)number, source(image, insn, from));
		if (from->type == X86_OP_MEM && out->copies[0].from == PLACE_NONE)
			memory(out, MEMORY_LOAD, from);
	}
}

static void understand_lea(const struct int_image *image, const cs_insn *insn, struct int_insn *out)
{
	const cs_x86_op *to = &insn->detail->x86.operands[0], *from = to + 1;

	if (!is_full_register(to))
		return;
	if (address_of(insn, from) == image->type)
		copy(out, 0, (uint8_t)decode_register(to->reg), PLACE_TYPE);
	else if (decode_register(from->mem.base) == DECODE_RSP)
		copy(out, 0, (uint8_t)decode_register(to->reg), PLACE_STACK);
}

static void understand_count(const cs_insn *insn, struct int_insn *out)
{
	const cs_x86_op *to = &insn->detail->x86.operands[0], *by = to + 1;
	const int64_t step = insn->id == X86_INS_DEC   ? -1
			     : insn->id == X86_INS_SUB ? -by->imm
						       : by->imm;

	if (to->type == X86_OP_MEM && step == -1 &&
	    (insn->id == X86_INS_DEC || by->type == X86_OP_IMM))
		memory(out, MEMORY_TAKE, to);
}

/* A vector to memory: what is stored, and where the first half of it goes. */
static void understand_vector_store(const cs_insn *insn, enum vector kind, struct int_insn *out)
{
	const cs_x86_op *to = &insn->detail->x86.operands[0];
	const int number = vector_number(to[1].reg);

	if (number < 0 || is_static(to))
		return;
	memory(out, MEMORY_STORE, to);
	out->stored[0] = (uint8_t)(number + (kind == VECTOR_HIGHER ? PLACE_HIGH : PLACE_LOW));
	if (kind == VECTOR_WHOLE)
		out->stored[1] = (uint8_t)(number + PLACE_HIGH);
}

/* The low half of a vector register, or what else an operand of 8 bytes is. */
static uint8_t half_source(const struct int_image *image, const cs_insn *insn, const cs_x86_op *op)
{
	const int number = op->type == X86_OP_REG ? vector_number(op->reg) : -1;

	return number >= 0 ? (uint8_t)(number + PLACE_LOW) : source(image, insn, op);
}

static void understand_vector_load(const struct int_image *image, const cs_insn *insn,
				   enum vector kind, struct int_insn *out)
{
	const cs_x86 *x86 = &insn->detail->x86;
	const bool numbered = kind == VECTOR_INSERT;
	const cs_x86_op *from = &x86->operands[x86->op_count - 1 - numbered], *old = from - 1;
	const uint8_t low = (uint8_t)(vector_number(x86->operands[0].reg) + PLACE_LOW);
	const uint8_t high = low + (PLACE_HIGH - PLACE_LOW), taken = half_source(image, insn, from);
	const bool upper =
		kind == VECTOR_HIGHER || kind == VECTOR_JOIN || (numbered && from[1].imm & 1);
	const uint64_t address = address_of(insn, from);

	out->writes |= PLACE_BIT(low) | PLACE_BIT(high);
	if (kind == VECTOR_WHOLE && from->type == X86_OP_REG) {
		copy(out, 0, low, taken);
		copy(out, 1, high, taken + (PLACE_HIGH - PLACE_LOW));
	} else if (kind == VECTOR_WHOLE) {
		copy(out, 0, low, int_is_slot(image, address) ? PLACE_TYPE : PLACE_NONE);
		copy(out, 1, high,
		     address && int_is_slot(image, address + 8) ? PLACE_TYPE : PLACE_NONE);
	} else {
		copy(out, 0, upper ? high : low, taken);
		if (kind != VECTOR_LOW && old->type == X86_OP_REG && vector_number(old->reg) >= 0)
			copy(out, 1, upper ? low : high,
			     (uint8_t)(vector_number(old->reg) + (upper ? PLACE_LOW : PLACE_HIGH)));
	}
}

static void understand_vector(const struct int_image *image, const cs_insn *insn,
			      struct int_insn *out)
{
	const enum vector kind = vectors[insn->id];
	const cs_x86_op *to = &insn->detail->x86.operands[0];

	if (to->type == X86_OP_MEM)
		understand_vector_store(insn, kind, out);
	else if (vector_number(to->reg) >= 0)
		understand_vector_load(image, insn, kind, out);
	else if (is_full_register(to) && kind == VECTOR_LOW)
		copy(out, 0, (uint8_t)decode_register(to->reg), half_source(image, insn, to + 1));
}

static void understand_control(csh capstone, const cs_insn *insn, struct int_insn *out)
{
	const cs_x86_op *op = &insn->detail->x86.operands[0];
	const bool direct = insn->detail->x86.op_count && op->type == X86_OP_IMM;

	if (cs_insn_group(capstone, insn, X86_GRP_CALL)) {
		out->call = true;
		out->writes = CALL_WRITES;
		out->reads |= CALL_READS;
	} else if (insn->id == X86_INS_JMP || insn->id == X86_INS_LJMP) {
		out->flow = direct ? FLOW_JUMP : FLOW_END;
		out->reads |= CALL_READS; /* it may be a tail call */
	} else if (cs_insn_group(capstone, insn, X86_GRP_JUMP) && direct) {
		out->flow = FLOW_BRANCH;
		out->jumps_if_zero = insn->id == X86_INS_JE ? 1 : insn->id == X86_INS_JNE ? 0 : 2;
	} else if (insn->id != X86_INS_SYSCALL) {
		out->flow = FLOW_END;
		out->reads |= PLACE_BIT(DECODE_RAX);
	}
	if (direct)
		out->target = (uint64_t)op->imm;
}

static void understand_effects(csh capstone, const cs_insn *insn, struct int_insn *out)
{
	cs_regs read, written;
	uint8_t n_read, n_written;

	if (cs_regs_access(capstone, insn, read, &n_read, written, &n_written)) {
		out->writes = ALL_PLACES;
		return;
	}
	for (size_t i = 0; i < n_read; i++)
		out->reads |= places_of(read[i]);
	for (size_t i = 0; i < n_written; i++)
		out->writes |= places_of(written[i]);
	if (!out->harmless && !plain[insn->id] && !vectors[insn->id] &&
	    !decode_transfers(capstone, insn))
		out->writes = ALL_PLACES;
}

/* What is near which register's address: of the last operand that says so. */
static void understand_near(const cs_insn *insn, struct int_insn *out)
{
	const cs_x86 *x86 = &insn->detail->x86;

	/* of a constant, as _PyLong_New() writes one from 3.12 on, nothing is to be learnt */
	if (insn->id == X86_INS_MOV && x86->operands[0].type == X86_OP_MEM &&
	    x86->operands[1].type == X86_OP_IMM)
		return;
	for (size_t i = 0; i < x86->op_count; i++) {
		const cs_x86_op *op = &x86->operands[i];
		const int base = op->type == X86_OP_MEM ? decode_register(op->mem.base) : -1;

		if (base < 0 || op->mem.disp != (int32_t)op->mem.disp)
			continue;
		out->near = (uint8_t)base;
		out->near_disp = (int32_t)op->mem.disp;
	}
	if (insn->id == X86_INS_ADD && is_full_register(&x86->operands[0]) &&
	    x86->operands[1].type == X86_OP_IMM) {
		out->near = (uint8_t)decode_register(x86->operands[0].reg);
		out->near_disp = (int32_t)x86->operands[1].imm;
	}
}

/* How the type's address gets into the instruction, if it does. */
static uint8_t way_of(const cs_insn *insn, const struct int_insn *out)
{
	const cs_x86 *x86 = &insn->detail->x86;

	if (out->memory == MEMORY_STORE)
		return INTSITE_BY_IMMEDIATE;
	if (insn->id == X86_INS_LEA)
		return INTSITE_BY_RIP;
	return x86->op_count > 1 && x86->operands[1].type == X86_OP_IMM ? INTSITE_BY_REGISTER
									 : INTSITE_BY_GOT;
}

static void understand(const struct int_image *image, csh capstone, const cs_insn *insn,
		       struct int_insn *out)
{
	const cs_x86_op *op = insn->detail->x86.operands;

	out->size = (uint8_t)insn->size;
	out->copies[0].to = out->copies[1].to = PLACE_NONE;
	out->stored[0] = out->stored[1] = out->base = out->near = out->test = PLACE_NONE;
	out->emulated = decode_is_emulated(insn);
	out->harmless = decode_is_harmless(capstone, insn);
	out->nop = insn->id == X86_INS_NOP;
	understand_effects(capstone, insn, out);
	understand_near(insn, out);
	if (insn->id == X86_INS_MOV || insn->id == X86_INS_MOVABS)
		understand_mov(image, insn, out);
	else if (insn->id == X86_INS_LEA)
		understand_lea(image, insn, out);
	else if (insn->id == X86_INS_SUB || insn->id == X86_INS_DEC || insn->id == X86_INS_ADD)
		understand_count(insn, out);
	else if (insn->id == X86_INS_TEST && is_full_register(&op[0]) && op[1].reg == op[0].reg)
		out->test = (uint8_t)decode_register(op[0].reg);
	else if (vectors[insn->id])
		understand_vector(image, insn, out);
	else if (decode_transfers(capstone, insn))
		understand_control(capstone, insn, out);
	for (size_t i = 0; i < 2; i++)
		if (out->copies[i].to != PLACE_NONE && out->copies[i].from < PLACES)
			out->reads &= ~PLACE_BIT(out->copies[i].from);
	out->way = way_of(insn, out);
}

static bool bit(const struct int_text *text, uint64_t vaddr)
{
	const uint64_t at = vaddr - text->vaddr;

	return text->entered[at / 8] & 1u << at % 8;
}

/* Where instructions of the function are jumped to, from within it and from elsewhere. */
static void mark(const struct int_text *text, struct int_function *function)
{
	for (size_t i = 0; i < function->n; i++) {
		struct int_insn *insn = &function->insns[i];

		if (bit(text, function->range.vaddr + insn->at))
			insn->entered = insn->indirect = true;
		if (insn->flow == FLOW_BRANCH || insn->flow == FLOW_JUMP) {
			const size_t target = int_insn_at(function, insn->target);

			if (target < function->n)
				function->insns[target].entered = true;
		}
	}
}

/* Room for one more instruction, all zero. */
static bool make_room(struct int_function *function, size_t *room)
{
	struct int_insn *grown;

	if (function->n < *room)
		return true;
	grown = reallocarray(function->insns, 2 * *room, sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + *room, 0, *room * sizeof(*grown));
	function->insns = grown;
	*room *= 2;
	return true;
}

static int decode(const struct int_image *image, csh capstone, const struct int_text *text,
		  struct int_function *out)
{
	const uint8_t *code = text->code + (out->range.vaddr - text->vaddr);
	size_t left = out->range.size, room = left / 3 + 16;
	uint64_t vaddr = out->range.vaddr;
	cs_insn *insn = cs_malloc(capstone);
	int error = 0;

	out->insns = calloc(room, sizeof(*out->insns));
	if (!out->insns || !insn)
		error = -ENOMEM;
	while (!error && left) {
		if (!make_room(out, &room)) {
			error = -ENOMEM;
			break;
		}
		out->insns[out->n].at = (uint32_t)(vaddr - out->range.vaddr);
		if (!cs_disasm_iter(capstone, &code, &left, &vaddr, insn))
			error = -EILSEQ;
		else
			understand(image, capstone, insn, &out->insns[out->n++]);
	}
	if (insn)
		cs_free(insn, 1);
	return error;
}

int int_decode(const struct int_image *image, csh capstone, struct elf_range range,
	       struct int_function *out)
{
	const struct int_text *text = int_text_at(image, range.vaddr);
	int error = -EILSEQ;

	*out = (struct int_function){ .range = range };
	if (text && range.size <= text->len - (range.vaddr - text->vaddr) &&
	    range.size <= UINT32_MAX)
		error = decode(image, capstone, text, out);
	if (!error) {
		mark(text, out);
		return 0;
	}
	free(out->insns);
	*out = (struct int_function){ .range = range };
	return error;
}
