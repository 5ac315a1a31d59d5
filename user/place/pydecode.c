// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pydecode.c - where tiny functions of CPython find what they return. */
#include "place/pydecode.h"

#include <capstone/capstone.h>
#include <string.h>

#include "target/mem.h"

#define CODE_MAX 256 /* bytes of a function looked at */
#define CODE_ANY 64  /* when its symbol does not say how long it is */

enum { RAX, RBX, RCX, RDX, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, RBP, REGISTERS };

static const struct {
	x86_reg names[5];
	bool of_caller; /* a call destroys it: System V ABI for x86-64, 3.2.1 */
} registers[REGISTERS] = {
	[RAX] = { { X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH }, true },
	[RBX] = { { X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH }, false },
	[RCX] = { { X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH }, true },
	[RDX] = { { X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH }, true },
	[RSI] = { { X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL }, true },
	[RDI] = { { X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL }, true },
	[R8] = { { X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B }, true },
	[R9] = { { X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B }, true },
	[R10] = { { X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B }, true },
	[R11] = { { X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B }, true },
	[R12] = { { X86_REG_R12, X86_REG_R12D, X86_REG_R12W, X86_REG_R12B }, false },
	[R13] = { { X86_REG_R13, X86_REG_R13D, X86_REG_R13W, X86_REG_R13B }, false },
	[R14] = { { X86_REG_R14, X86_REG_R14D, X86_REG_R14W, X86_REG_R14B }, false },
	[R15] = { { X86_REG_R15, X86_REG_R15D, X86_REG_R15W, X86_REG_R15B }, false },
	[RBP] = { { X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL }, false },
};

/* One function, from its entry on, as if no branch was ever taken. */
struct walk {
	const struct pyfind *find;
	csh capstone;
	cs_insn *insn;
	uint8_t code[CODE_MAX];
	const uint8_t *at;
	size_t left;
	uint64_t address, start, end; /* runtime addresses */
	struct pyvalue registers[REGISTERS];
	struct pyvalue unknown; /* what other registers hold */
};

static struct pyvalue *register_of(struct walk *walk, x86_reg reg)
{
	for (size_t i = 0; i < REGISTERS && reg != X86_REG_INVALID; i++)
		for (size_t j = 0; j < 5; j++)
			if (registers[i].names[j] == reg)
				return &walk->registers[i];
	walk->unknown = (struct pyvalue){ 0 };
	return &walk->unknown;
}

/* What was loaded from a constant address, a slot of the GOT mostly, as the process has it. */
static struct pyvalue resolve(const struct walk *walk, struct pyvalue value)
{
	uint64_t word;

	if (!value.loaded)
		return value;
	if (value.kind == PYVALUE_TLS && !value.n) /* the thread pointer points to itself */
		return (struct pyvalue){ .kind = PYVALUE_TLS };
	if (value.kind != PYVALUE_CONST || value.loaded != sizeof(word) ||
	    mem_read(walk->find->pid, value.n, &word, sizeof(word)))
		return (struct pyvalue){ 0 };
	return (struct pyvalue){ .kind = PYVALUE_CONST, .n = (int64_t)word };
}

static struct pyvalue address_of(struct walk *walk, const x86_op_mem *mem)
{
	struct pyvalue value = { .kind = PYVALUE_CONST };

	if (mem->index != X86_REG_INVALID)
		return (struct pyvalue){ 0 };
	if (mem->base == X86_REG_RIP)
		value.n = (int64_t)walk->address;
	else if (mem->base != X86_REG_INVALID)
		value = resolve(walk, *register_of(walk, mem->base));
	if (mem->segment == X86_REG_FS && value.kind == PYVALUE_CONST)
		value.kind = PYVALUE_TLS;
	else if (mem->segment != X86_REG_INVALID)
		return (struct pyvalue){ 0 };
	value.n = (int64_t)((uint64_t)value.n + (uint64_t)mem->disp);
	return value;
}

static struct pyvalue operand(struct walk *walk, const cs_x86_op *op)
{
	struct pyvalue value = { 0 };

	if (op->type == X86_OP_REG) {
		value = *register_of(walk, op->reg);
	} else if (op->type == X86_OP_IMM) {
		value = (struct pyvalue){ .kind = PYVALUE_CONST, .n = op->imm };
	} else if (op->type == X86_OP_MEM) {
		value = address_of(walk, &op->mem);
		value.loaded = op->size;
	}
	return value;
}

static struct pyvalue sum(struct walk *walk, const cs_x86_op *operands)
{
	struct pyvalue value = resolve(walk, operand(walk, &operands[0]));
	const struct pyvalue more = resolve(walk, operand(walk, &operands[1]));

	if (more.kind != PYVALUE_CONST)
		return (struct pyvalue){ 0 };
	value.n = (int64_t)((uint64_t)value.n + (uint64_t)more.n);
	return value;
}

static void forget_written(struct walk *walk)
{
	cs_regs read, written;
	uint8_t n_read, n_written;

	if (cs_regs_access(walk->capstone, walk->insn, read, &n_read, written, &n_written))
		memset(walk->registers, 0, sizeof(walk->registers));
	else
		for (uint8_t i = 0; i < n_written; i++)
			*register_of(walk, written[i]) = (struct pyvalue){ 0 };
}

/* A call destroys registers; __tls_get_addr's result is known by its argument. */
static void apply_call(struct walk *walk)
{
	const struct pyvalue argument = walk->registers[RDI];

	for (size_t i = 0; i < REGISTERS; i++)
		if (registers[i].of_caller)
			walk->registers[i] = (struct pyvalue){ 0 };
	if (argument.kind == PYVALUE_CONST && !argument.loaded)
		walk->registers[RAX] = (struct pyvalue){ .kind = PYVALUE_MODULE,
							 .index = (uint64_t)argument.n };
}

static void apply(struct walk *walk)
{
	const cs_x86 *x86 = &walk->insn->detail->x86;
	struct pyvalue value = { 0 };

	switch (walk->insn->id) {
	case X86_INS_CALL: apply_call(walk); return;
	case X86_INS_MOV:
	case X86_INS_MOVABS: value = operand(walk, &x86->operands[1]); break;
	case X86_INS_LEA: value = address_of(walk, &x86->operands[1].mem); break;
	case X86_INS_XOR:
		if (x86->operands[1].type == X86_OP_REG &&
		    x86->operands[0].reg == x86->operands[1].reg)
			value.kind = PYVALUE_CONST;
		break;
	case X86_INS_ADD: value = sum(walk, x86->operands); break;
	default: break;
	}
	forget_written(walk);
	if (x86->op_count == 2 && x86->operands[0].type == X86_OP_REG &&
	    x86->operands[0].size >= 4 && x86->operands[0].access & CS_AC_WRITE)
		*register_of(walk, x86->operands[0].reg) = value;
}

/* Decode the next instruction; false at the end. Its effect is for apply(). */
static bool next(struct walk *walk)
{
	return walk->address < walk->end &&
	       cs_disasm_iter(walk->capstone, &walk->at, &walk->left, &walk->address, walk->insn);
}

static bool begin(struct walk *walk, const struct pyfind *find, const char *function)
{
	struct elf_symbol symbol;
	size_t len;

	memset(walk, 0, sizeof(*walk));
	if (!elf_find(find->image->elf, &function, 1, &symbol))
		return false;
	len = symbol.size ? symbol.size : CODE_ANY;
	len = elf_read(find->image->elf, symbol.offset, walk->code,
		       len < CODE_MAX ? len : CODE_MAX);
	if (!symbol.offset || cs_open(CS_ARCH_X86, CS_MODE_64, &walk->capstone))
		return false;
	cs_option(walk->capstone, CS_OPT_DETAIL, CS_OPT_ON);
	walk->insn = cs_malloc(walk->capstone);
	if (!walk->insn)
		return false;
	walk->find = find;
	walk->at = walk->code;
	walk->left = len;
	walk->address = walk->start = find->bias + symbol.vaddr;
	walk->end = walk->start + len;
	walk->registers[RDI] = (struct pyvalue){ .kind = PYVALUE_ARG };
	return true;
}

static void end(struct walk *walk)
{
	if (walk->insn)
		cs_free(walk->insn, 1);
	if (walk->capstone)
		cs_close(&walk->capstone);
}

/* Whether the instruction leaves for another function, and may come back. */
static bool is_departure(const struct walk *walk)
{
	const cs_x86_op *to = &walk->insn->detail->x86.operands[0];

	if (walk->insn->id == X86_INS_CALL)
		return true;
	return walk->insn->id == X86_INS_JMP &&
	       (to->type != X86_OP_IMM || (uint64_t)to->imm < walk->start ||
		(uint64_t)to->imm >= walk->end);
}

bool pydecode_return(const struct pyfind *find, const char *function, struct pyvalue *value)
{
	struct walk walk;
	bool returned = false;

	if (begin(&walk, find, function))
		while (!returned && next(&walk) && walk.insn->id != X86_INS_JMP) {
			returned = cs_insn_group(walk.capstone, walk.insn, X86_GRP_RET);
			if (!returned)
				apply(&walk);
		}
	*value = walk.registers[RAX];
	end(&walk);
	return returned && value->kind != PYVALUE_UNKNOWN;
}

bool pydecode_argument(const struct pyfind *find, const char *function, struct pyvalue *value)
{
	struct walk walk;
	bool known = false;

	if (begin(&walk, find, function))
		while (!known && next(&walk)) {
			*value = walk.registers[RDI];
			known = is_departure(&walk) && value->kind == PYVALUE_CONST;
			apply(&walk);
		}
	end(&walk);
	return known;
}

size_t pydecode_constants(const struct pyfind *find, const char *function, uint64_t *at,
			  size_t cap)
{
	struct walk walk;
	size_t n = 0;

	if (begin(&walk, find, function))
		while (n < cap && next(&walk)) {
			const cs_x86_op *to = &walk.insn->detail->x86.operands[0];
			const struct pyvalue *value;

			apply(&walk);
			if (to->type != X86_OP_REG)
				continue;
			value = register_of(&walk, to->reg);
			if (value->kind == PYVALUE_CONST && !value->loaded)
				at[n++] = value->n;
		}
	end(&walk);
	return n;
}
