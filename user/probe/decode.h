/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * decode.h - what the choice of a probe's place needs to know of a decoded instruction.
 */
#ifndef MWBPF_PROBE_DECODE_H
#define MWBPF_PROBE_DECODE_H

#include <capstone/capstone.h>
#include <stdbool.h>

/* The general registers as x86-64 numbers them. */
enum {
	DECODE_RAX,
	DECODE_RCX,
	DECODE_RDX,
	DECODE_RBX,
	DECODE_RSP,
	DECODE_RBP,
	DECODE_RSI,
	DECODE_RDI,
	DECODE_R8,
	DECODE_R9,
	DECODE_R10,
	DECODE_R11,
	DECODE_R12,
	DECODE_R13,
	DECODE_R14,
	DECODE_R15,
	DECODE_REGISTERS,
};

/* Whether every kernel from 5.8 to 7.x emulates it, so that a probe on it costs one trap. */
bool decode_is_emulated(const cs_insn *insn);

/* Whether control may go elsewhere than to the next instruction. */
bool decode_transfers(csh capstone, const cs_insn *insn);

/* Whether it has no effect but on its operands and the flags, and capstone knows which. */
bool decode_is_harmless(csh capstone, const cs_insn *insn);

/* The general register that capstone's register is, in whole or in part; -1: none. */
int decode_register(unsigned reg);

#endif
