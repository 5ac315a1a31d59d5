/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * slide.h - the cheapest safe instruction of a function to put a probe on.
 *
 * A uprobe on an instruction the kernel emulates costs one trap; on any other, two
 * and an out-of-line step: 0.6-0.9 against 10-20 microseconds a hit in a virtual
 * machine (Linux 6.18, arch/x86/kernel/uprobes.c). Emulated on every kernel from 5.8
 * to 7.x: push r64, jmp and call rel, jcc rel, one-byte nop.
 */
#ifndef MWBPF_SLIDE_H
#define MWBPF_SLIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Argument registers the probe will read, as bits: rdi rsi rdx rcx r8 r9. */
#define SLIDE_ARG(n) (1u << (n))

struct slide {
	uint32_t offset;      /* bytes from the function's entry; 0 when in doubt */
	bool emulated;	      /* the instruction there costs one trap */
	char instruction[48]; /* disassembled, for the header record */
	const char *why;      /* static: one clause, why here and not further or nearer */
};

/*
 * A function's bytes and the text around it, as in the file the target has mapped: all
 * of the executable segment, for branches from what is left out are not seen.
 */
struct slide_text {
	const uint8_t *code;
	size_t len;
	uint64_t vaddr;		 /* of code[0] */
	const uint8_t *branches; /* of slide_branches(), for many functions; NULL: do without */
};

/*
 * Where branches with a 32-bit displacement lead to, a bit a byte of the text: taken at
 * every byte, so that there are more than there are, but none is missed. The caller frees
 * it; NULL without memory.
 */
uint8_t *slide_branches(const struct slide_text *text);

/*
 * Choose the offset for the function at vaddr, size bytes long (0: not known), whose
 * probe reads the argument registers in args and the return address at (%rsp). The
 * chosen instruction is reached from the entry in a straight line, with the stack
 * pointer and those registers unchanged, and nothing jumps to it or to what lies
 * between the entry and it. Fails closed: offset 0 whenever one of these is not
 * certain. 0, or -EINVAL when vaddr is outside the text or does not decode, -ENOMEM.
 * Not seen: a second symbol, entered by its address, within the bytes skipped.
 */
int slide_choose(const struct slide_text *text, uint64_t vaddr, uint64_t size, unsigned args,
		 struct slide *out);

#endif
