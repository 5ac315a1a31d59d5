/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * intsites.h - the instructions of a CPython that make an int, found without running it.
 *
 * Whatever creates an int, inlined or not, writes &PyLong_Type to the new object's
 * ob_type, or, from 3.14, takes an object that has it already from a list of free ints.
 * The file may be stripped; functions are told apart by their unwind tables.
 */
#ifndef MWBPF_INTSITES_H
#define MWBPF_INTSITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file;

enum intsite_kind {
	INTSITE_STORE, /* &PyLong_Type is stored to ob_type */
	INTSITE_POP,   /* the object leaves the list of free ints; ob_type is in place */
};

/* How the type's address gets to the store. */
enum intsite_way {
	INTSITE_BY_IMMEDIATE, /* it is in the store itself */
	INTSITE_BY_RIP,	      /* by a register, from its distance: lea */
	INTSITE_BY_GOT,	      /* by a register, from a word that holds it, in the GOT mostly */
	INTSITE_BY_REGISTER,  /* by a register, from a constant or from several of these */
	INTSITE_BY_FREELIST,  /* it does not: a pop */
	INTSITE_WAYS,
};

#define INTSITE_LATER  0xff
#define INTSITE_MEMORY 0xfe

/* Registers are numbered as x86-64 does: DECODE_RAX... */
struct intsite {
	uint64_t vaddr, offset;	     /* of the store or pop; offset: in the file */
	uint64_t probe_vaddr, probe; /* where to put the probe; probe: offset in the file */
	enum intsite_kind kind;
	enum intsite_way way;
	uint8_t object, reg; /* registers with the object: at vaddr, at the probe */
	bool emulated;	     /* the probe costs one trap */
	/*
	 * The store or pop has not happened yet at the probe. When the register is 0 there,
	 * it will not: the branch under the probe is about to find that there is no object.
	 */
	bool before_store;
	/*
	 * Of an int of one digit: the register that has it at the probe, and the one that has
	 * what is to be the size word, or INTSITE_MEMORY when that is written already.
	 * INTSITE_LATER: digits are only written later, and no register tells.
	 */
	uint8_t digit, sizes;
	bool filled;	/* the digits are written by the function that the site is in */
	bool untouched; /* nothing is written to the object before the probe */
	const char *function; /* by a symbol; NULL when there is none */
};

struct intsites {
	struct intsite *list; /* in order of vaddr; some share a probe, and then agree on reg, digit, sizes */
	size_t n;
	unsigned ob_type;  /* offset in the object */
	uint64_t freelist; /* offset of the list of free ints where it is kept; 0: none found */
	/*
	 * What was seen of &PyLong_Type besides, to tell whether the sites are all there are:
	 * stores of what only may be it, stores of it to other places than ob_type of a
	 * register's object, loads of it that nothing reads, pops of no certain register, and
	 * functions that do not decode. A comparison or an argument counts as a use.
	 */
	size_t unsure, elsewhere, unread, pops_unsure, undecoded;
	size_t functions; /* decoded for having to do with ints */
	bool cached;	  /* the file was searched before */
	int keep_error;	  /* 0, or -errno: why that is not so the next time */
	char *strings;	  /* owns the functions' names */
};

/*
 * The sites of a file that defines PyLong_Type. version: 0x030b for 3.11. cache: where to
 * look for them and to keep them, a descriptor of store_open(); -1: nowhere. *out is the
 * caller's, ended by intsites_free. 0; -ENOENT: PyLong_Type or the unwind tables are
 * missing; -ENOMEM.
 */
int intsites_find(const struct elf_file *elf, unsigned version, int cache, struct intsites *out);
void intsites_free(struct intsites *sites);

/* "rax" and so on. */
const char *intsites_register(uint8_t reg);

#endif
