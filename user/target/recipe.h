/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * recipe.h - how to find the caller of a function and the variables of its frame, as debug
 * information and unwind tables of its file say it: expressions, and what they are for.
 *
 * Expressions are DWARF's (DWARF 5, section 2.5), taken apart and not yet worked out: that
 * takes registers and memory, which the reader of debug information has not.
 */
#ifndef MWBPF_RECIPE_H
#define MWBPF_RECIPE_H

#include <stdbool.h>
#include <stdint.h>

#define RECIPE_VARS 256
#define RECIPE_OPS  2048
#define RECIPE_TEXT 24576 /* bytes of names */
#define RECIPE_PARTS 1024
#define RECIPE_PARTS_EACH 6 /* of one variable, at most */
#define RECIPE_REGS 17	  /* DWARF's numbers for x86-64: System V ABI, figure 3.36; 16: where it returns to */
#define RECIPE_SP   7
#define RECIPE_PC   16

enum recipe_kind {
	RECIPE_NONE, /* of a register: lost; of a variable: it has no place here */
	RECIPE_SAME, /* of a register: as it is in the function */
	RECIPE_EXPRESSION,
	RECIPE_CONSTANT, /* of a variable: its value is number */
};

struct recipe_op {
	uint32_t atom;	 /* DW_OP_* */
	uint32_t offset; /* in the expression: where branches lead */
	uint64_t number, number2;
};

struct recipe {
	uint16_t kind;	   /* enum recipe_kind */
	uint16_t first, n; /* operations */
	uint16_t unused;
	uint64_t number;
};

/* How the bytes of a value are to be read. */
enum recipe_encoding {
	RECIPE_BYTES, /* a structure, an array, or not known */
	RECIPE_SIGNED,
	RECIPE_UNSIGNED,
	RECIPE_BOOL,
	RECIPE_CHAR,
	RECIPE_FLOAT,
	RECIPE_POINTER,
	RECIPE_STRING,	/* a pointer to characters */
	RECIPE_CHARS,	/* an array of them */
	RECIPE_ENCODINGS,
};

enum recipe_role { RECIPE_PARAMETER, RECIPE_LOCAL, RECIPE_STATIC, RECIPE_GLOBAL, RECIPE_ROLES };

/* A member of a structure, or an element of an array. */
struct recipe_part {
	uint32_t name;	   /* in text; 0: an element */
	uint16_t encoding; /* enum recipe_encoding */
	uint16_t size;	   /* bytes */
	uint32_t offset;
};

struct recipe_var {
	uint32_t name, type;  /* in text; 0: it has none */
	uint32_t level;	      /* 0: of the function, 1: of the call inlined into it, and so on */
	uint16_t role;	      /* enum recipe_role */
	uint16_t encoding;    /* enum recipe_encoding */
	uint64_t size;	      /* bytes; 0: not known */
	uint16_t first, n;    /* parts */
	uint16_t more;	      /* there are more than these */
	uint16_t unused;
	struct recipe where;
};

struct recipe_frame {
	uint32_t has_rules; /* cfa and registers are there */
	uint32_t signal;    /* a signal's frame: what it returns to was not a call */
	uint32_t levels;    /* of functions: 1, and one for each call inlined at the address */
	uint32_t cut;	    /* variables left out: there are too many */
	uint32_t n_vars, n_ops, n_parts, unused;
	uint64_t next;	    /* of globals: where to go on; 0: there are no more */
	struct recipe cfa;  /* the stack pointer when the function returned */
	struct recipe registers[RECIPE_REGS]; /* of the caller */
	struct recipe base; /* what DW_OP_fbreg is relative to */
	struct recipe_var vars[RECIPE_VARS];
	struct recipe_op ops[RECIPE_OPS];
	struct recipe_part parts[RECIPE_PARTS];
	char text[RECIPE_TEXT]; /* the first byte stands for none */
};

#endif
