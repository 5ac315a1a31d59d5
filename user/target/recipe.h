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

#define RECIPE_VARS   256
#define RECIPE_OPS    2048
#define RECIPE_TEXT   32768 /* bytes of names, and of values that are there in full */
#define RECIPE_PARTS  1024
#define RECIPE_DEPTH  8	    /* of members of members, at most */
#define RECIPE_PARAMS 16    /* of a call */
#define RECIPE_BASES  16    /* virtual base classes */
#define RECIPE_WORDS  512   /* values of enumerations that have a name */
#define RECIPE_REGS   17    /* DWARF's numbers: System V ABI, figure 3.36; 16: where it returns to */
#define RECIPE_SP     7
#define RECIPE_PC     16

enum recipe_kind {
	RECIPE_NONE, /* of a register: lost; of a variable: it has no place here */
	RECIPE_SAME, /* of a register: as it is in the function */
	RECIPE_EXPRESSION,
	RECIPE_CONSTANT, /* of a variable: its value is number */
	RECIPE_CONTENT,	 /* likewise: as many bytes as number says, in text from first on */
};

/*
 * Where an operation of DWARF's leads to other debug information, its numbers are what was
 * found there: DW_OP_implicit_value: where its bytes are in text, and how many;
 * DW_OP_entry_value: the register, RECIPE_REGS for anything else; DW_OP_GNU_parameter_ref: the
 * parameter, as a call has it; operations with a type: that, as below.
 */
struct recipe_op {
	uint32_t atom;	 /* DW_OP_* */
	uint32_t offset; /* in the expression: where branches lead */
	uint64_t number, number2;
};

/* The type of a value in an expression: bytes, and whether it is signed. 0: a word. */
#define RECIPE_TYPE_SIGNED 0x80
#define RECIPE_TYPE_OTHER  0xff /* no integer of at most a word */

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
	RECIPE_UCHAR,
	RECIPE_FLOAT,
	RECIPE_POINTER,
	RECIPE_STRING,	/* a pointer to characters */
	RECIPE_CHARS,	/* an array of them */
	RECIPE_ENCODINGS,
};

enum recipe_role { RECIPE_PARAMETER, RECIPE_LOCAL, RECIPE_STATIC, RECIPE_GLOBAL, RECIPE_ROLES };

struct recipe_word {
	int64_t value;
	uint32_t name; /* in text */
	uint32_t unused;
};

/* The words of one enumeration. */
struct recipe_enum {
	uint16_t first, n;
};

/*
 * A member of a structure or an element of an array. Its own parts follow it, each one
 * level deeper.
 */
struct recipe_part {
	uint32_t name, type;	/* in text; name 0: an element */
	uint32_t index;		/* of an element */
	uint32_t offset, size;	/* bytes, from the beginning of what it is a part of */
	uint32_t more;		/* parts of it that are not here */
	uint8_t encoding;	/* enum recipe_encoding */
	uint8_t depth;		/* 1: of the variable itself */
	uint8_t bit, bits;	/* of a bit field: above offset, and how many; bits 0: it is none */
	struct recipe_enum words;
	uint32_t base; /* which of bases offset is counted from, from 1 on; 0: the variable */
};

/* A virtual base class of an object: the object itself says where it is. */
struct recipe_base {
	struct recipe where; /* worked out with the address of the object */
	uint32_t offset;     /* of the object, counted as that of a part ... */
	uint32_t base;	     /* ... from one of those before */
};

/* How many elements an array has whose length is known to the running program only. */
struct recipe_length {
	struct recipe where; /* RECIPE_NONE: of all others */
	uint32_t load;	     /* bytes of the variable there that has it; 0: it is the value */
	uint32_t last;	     /* it is the number of the last element */
	uint64_t element;    /* bytes of one */
};

struct recipe_var {
	uint32_t name, type;  /* in text; 0: it has none */
	uint32_t level;	      /* 0: of the function, 1: of the call inlined into it, and so on */
	uint32_t owner;	      /* in text: of a static one, its function; 0: none */
	struct recipe_enum words;
	uint16_t role;	      /* enum recipe_role */
	uint16_t encoding;    /* enum recipe_encoding */
	uint64_t size;	      /* bytes; 0: not known */
	uint16_t first, n;    /* parts, of all depths */
	uint32_t more;	      /* there are so many more, of the variable itself */
	struct recipe where;
	struct recipe_length length;
};

/*
 * What a call passes: in a register, by its number, or as a parameter that what it calls has
 * no code for, by its place in the debug information and this bit.
 */
#define RECIPE_PARAM_PLACE (1ULL << 63)

struct recipe_param {
	uint64_t number;
	struct recipe value;
};

/* The call that returns to the address, as its function says. */
struct recipe_call {
	uint32_t n;	      /* parameters known */
	uint32_t name;	      /* of what it calls, in text; 0: not known */
	uint64_t start;	      /* the same by its address in the file; 0: not known */
	struct recipe target; /* the same, worked out; RECIPE_NONE: not known */
	uint32_t asks_entry;  /* values here are made of those this function was called with */
	uint32_t unused;
	struct recipe_param params[RECIPE_PARAMS];
};

struct recipe_frame {
	uint32_t has_rules; /* cfa and registers are there */
	uint32_t signal;    /* a signal's frame: what it returns to was not a call */
	uint32_t levels;    /* of functions: 1, and one for each call inlined at the address */
	uint32_t cut;	    /* variables left out: there are too many */
	uint32_t n_vars, n_ops, n_parts;
	uint32_t n_words, n_bases;
	uint32_t n_text;    /* bytes of it in use */
	uint32_t name;	    /* of the function, in text; 0: not known */
	uint64_t start;	    /* of the function, in the file; 0: not known */
	uint32_t loops;	    /* it may have come to its own beginning by a jump */
	uint32_t asks_entry; /* variables are where values it was called with say */
	uint32_t asks_tls;   /* variables of which each thread has its own */
	uint64_t next;	    /* of globals: where to go on; 0: there are no more */
	struct recipe cfa;  /* the stack pointer when the function returned */
	struct recipe registers[RECIPE_REGS]; /* of the caller */
	struct recipe base; /* what DW_OP_fbreg is relative to */
	struct recipe_call call;
	struct recipe_var vars[RECIPE_VARS];
	struct recipe_op ops[RECIPE_OPS];
	struct recipe_part parts[RECIPE_PARTS];
	struct recipe_word words[RECIPE_WORDS];
	struct recipe_base bases[RECIPE_BASES];
	char text[RECIPE_TEXT]; /* the first byte stands for none */
};

/* Make it safe to be used: false when something leads out of it. */
bool recipe_check(struct recipe_frame *frame);

#endif
