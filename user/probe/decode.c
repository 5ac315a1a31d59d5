// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* decode.c - whether an instruction is cheap to probe or safe to pass, and its registers. */
#include "probe/decode.h"

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

/*
 * What may lie between a place and the probe for it: it falls through, has no effect but on
 * its operands and the flags, and single-stepping showed capstone to be right about its
 * length and the registers it writes.
 */
static const bool harmless[X86_INS_ENDING] = {
	[X86_INS_ENDBR64] = true,  [X86_INS_NOP] = true,       [X86_INS_TEST] = true,
	[X86_INS_CMP] = true,	   [X86_INS_BT] = true,	       [X86_INS_MOV] = true,
	[X86_INS_MOVABS] = true,   [X86_INS_MOVZX] = true,     [X86_INS_MOVSX] = true,
	[X86_INS_MOVSXD] = true,   [X86_INS_LEA] = true,       [X86_INS_ADD] = true,
	[X86_INS_ADC] = true,	   [X86_INS_SUB] = true,       [X86_INS_SBB] = true,
	[X86_INS_AND] = true,	   [X86_INS_OR] = true,	       [X86_INS_XOR] = true,
	[X86_INS_INC] = true,	   [X86_INS_DEC] = true,       [X86_INS_NEG] = true,
	[X86_INS_NOT] = true,	   [X86_INS_SHL] = true,       [X86_INS_SHR] = true,
	[X86_INS_SAR] = true,	   [X86_INS_ROL] = true,       [X86_INS_ROR] = true,
	[X86_INS_MUL] = true,	   [X86_INS_IMUL] = true,      [X86_INS_BSF] = true,
	[X86_INS_BSR] = true,	   [X86_INS_LZCNT] = true,     [X86_INS_TZCNT] = true,
	[X86_INS_BSWAP] = true,	   [X86_INS_CWDE] = true,      [X86_INS_CDQE] = true,
	[X86_INS_CDQ] = true,	   [X86_INS_CQO] = true,       [X86_INS_CMOVA] = true,
	[X86_INS_CMOVAE] = true,   [X86_INS_CMOVB] = true,     [X86_INS_CMOVBE] = true,
	[X86_INS_CMOVE] = true,	   [X86_INS_CMOVG] = true,     [X86_INS_CMOVGE] = true,
	[X86_INS_CMOVL] = true,	   [X86_INS_CMOVLE] = true,    [X86_INS_CMOVNE] = true,
	[X86_INS_CMOVNO] = true,   [X86_INS_CMOVNP] = true,    [X86_INS_CMOVNS] = true,
	[X86_INS_CMOVO] = true,	   [X86_INS_CMOVP] = true,     [X86_INS_CMOVS] = true,
	[X86_INS_SETA] = true,	   [X86_INS_SETAE] = true,     [X86_INS_SETB] = true,
	[X86_INS_SETBE] = true,	   [X86_INS_SETE] = true,      [X86_INS_SETG] = true,
	[X86_INS_SETGE] = true,	   [X86_INS_SETL] = true,      [X86_INS_SETLE] = true,
	[X86_INS_SETNE] = true,	   [X86_INS_SETNO] = true,     [X86_INS_SETNP] = true,
	[X86_INS_SETNS] = true,	   [X86_INS_SETO] = true,      [X86_INS_SETP] = true,
	[X86_INS_SETS] = true,	   [X86_INS_MOVAPS] = true,    [X86_INS_MOVAPD] = true,
	[X86_INS_MOVUPS] = true,   [X86_INS_MOVUPD] = true,    [X86_INS_MOVDQA] = true,
	[X86_INS_MOVDQU] = true,   [X86_INS_MOVD] = true,      [X86_INS_MOVQ] = true,
	[X86_INS_MOVSD] = true,    [X86_INS_MOVSS] = true,	   [X86_INS_PXOR] = true,      [X86_INS_XORPS] = true,
	[X86_INS_XORPD] = true,	   [X86_INS_ANDPS] = true,     [X86_INS_ANDPD] = true,
	[X86_INS_COMISS] = true,   [X86_INS_COMISD] = true,    [X86_INS_UCOMISS] = true,
	[X86_INS_UCOMISD] = true,  [X86_INS_CVTSI2SD] = true,  [X86_INS_CVTSS2SD] = true,
	[X86_INS_CVTSD2SS] = true, [X86_INS_CVTTSD2SI] = true,
};

static const uint8_t control[] = {
	X86_GRP_JUMP, X86_GRP_CALL, X86_GRP_RET, X86_GRP_INT, X86_GRP_IRET, X86_GRP_BRANCH_RELATIVE,
};

#define PART(reg, of) [X86_REG_##reg] = 1 + DECODE_##of

/* Numbers of the general registers and their parts, plus one: 0 is what is not listed. */
static const uint8_t general[X86_REG_ENDING] = {
	PART(RAX, RAX),	 PART(EAX, RAX),  PART(AX, RAX),   PART(AL, RAX),   PART(AH, RAX),
	PART(RCX, RCX),	 PART(ECX, RCX),  PART(CX, RCX),   PART(CL, RCX),   PART(CH, RCX),
	PART(RDX, RDX),	 PART(EDX, RDX),  PART(DX, RDX),   PART(DL, RDX),   PART(DH, RDX),
	PART(RBX, RBX),	 PART(EBX, RBX),  PART(BX, RBX),   PART(BL, RBX),   PART(BH, RBX),
	PART(RSP, RSP),	 PART(ESP, RSP),  PART(SP, RSP),   PART(SPL, RSP),  PART(RBP, RBP),
	PART(EBP, RBP),	 PART(BP, RBP),	  PART(BPL, RBP),  PART(RSI, RSI),  PART(ESI, RSI),
	PART(SI, RSI),	 PART(SIL, RSI),  PART(RDI, RDI),  PART(EDI, RDI),  PART(DI, RDI),
	PART(DIL, RDI),	 PART(R8, R8),	  PART(R8D, R8),   PART(R8W, R8),   PART(R8B, R8),
	PART(R9, R9),	 PART(R9D, R9),	  PART(R9W, R9),   PART(R9B, R9),   PART(R10, R10),
	PART(R10D, R10), PART(R10W, R10), PART(R10B, R10), PART(R11, R11),  PART(R11D, R11),
	PART(R11W, R11), PART(R11B, R11), PART(R12, R12),  PART(R12D, R12), PART(R12W, R12),
	PART(R12B, R12), PART(R13, R13),  PART(R13D, R13), PART(R13W, R13), PART(R13B, R13),
	PART(R14, R14),	 PART(R14D, R14), PART(R14W, R14), PART(R14B, R14), PART(R15, R15),
	PART(R15D, R15), PART(R15W, R15), PART(R15B, R15),
};

bool decode_is_emulated(const cs_insn *insn)
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

bool decode_transfers(csh capstone, const cs_insn *insn)
{
	for (size_t i = 0; i < sizeof(control); i++)
		if (cs_insn_group(capstone, insn, control[i]))
			return true;
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

bool decode_is_harmless(csh capstone, const cs_insn *insn)
{
	return insn->id < X86_INS_ENDING && harmless[insn->id] && !is_misdescribed(insn) &&
	       !cs_insn_group(capstone, insn, X86_GRP_PRIVILEGE); /* mov to %fs, %cr0 */
}

int decode_register(unsigned reg)
{
	return reg < X86_REG_ENDING ? general[reg] - 1 : -1;
}
