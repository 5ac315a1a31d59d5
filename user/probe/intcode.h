/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * intcode.h - internal to intsites: machine code as far as the making of ints goes.
 *
 * Of an instruction is kept which values it moves between places, what it writes, and
 * where control goes. A place is a general register, half of a vector register, or one
 * of the imagined ones that only the type's address or a stack address comes from.
 */
#ifndef MWBPF_INTCODE_H
#define MWBPF_INTCODE_H

#include "probe/decode.h"
#include "probe/intsites.h"
#include "target/unwind.h"

enum {
	PLACE_LOW = 16, /* of xmm0; PLACE_LOW + 15: xmm15 */
	PLACE_HIGH = 32,
	PLACES = 48,
	PLACE_TYPE = PLACES, /* reads as &PyLong_Type */
	PLACE_STACK,	     /* reads as an address in the stack frame */
	PLACE_NONE = UINT8_MAX,
};

#define PLACE_BIT(place) (1ull << (place))

enum int_flow {
	FLOW_ON,     /* to the next instruction, also after a call */
	FLOW_BRANCH, /* to the next one or the target */
	FLOW_JUMP,   /* to the target */
	FLOW_END,    /* to nowhere that is known: ret, an indirect jump */
};

enum int_memory {
	MEMORY_NONE,
	MEMORY_LOAD,  /* disp(base) to copies[0].to */
	MEMORY_STORE, /* stored[0] to disp(base), stored[1] to the 8 bytes behind it */
	MEMORY_DIGIT, /* 4 bytes to disp(base): of stored[0], a general register, or a constant */
	MEMORY_TAKE,  /* 1 is subtracted from disp(base) */
};

struct int_insn {
	uint64_t target;	/* of a direct branch */
	uint64_t reads, writes; /* PLACE_BITs; what is copied is not counted as read */
	struct {
		uint8_t to, from; /* PLACE_NONE: no copy */
	} copies[2];
	uint8_t stored[2];
	uint8_t base;	       /* of memory; PLACE_NONE: not a register alone */
	uint8_t near;	       /* a register to which near_disp is added, in an address or a sum */
	uint8_t test;	       /* test r,r of this place */
	uint8_t jumps_if_zero; /* of a FLOW_BRANCH: 1 je, 0 jne, 2 another */
	uint8_t flow, memory;
	uint8_t size;
	int32_t disp, near_disp;
	uint32_t at; /* bytes from the function's start */
	uint8_t way; /* enum intsite_way, of a copy from or a store of PLACE_TYPE */
	bool call, emulated, harmless;
	bool nop;
	bool entered;  /* something may jump here */
	bool indirect; /* something that is not a branch of the function itself */
};

struct int_function {
	struct elf_range range;
	struct int_insn *insns;
	size_t n;
};

/* One executable segment. */
struct int_text {
	const uint8_t *code;
	size_t len;
	uint64_t vaddr;
	uint8_t *entered; /* a bit a byte: jumped to from outside its function, or indirectly */
	uint8_t *cover;	  /* of int_mark_entered, while it is at work */
};

/* What has to be known of an image to look for sites in it. */
struct int_image {
	struct int_text *texts;
	size_t n_texts;
	const struct elf_range *ranges; /* as of unwind_ranges() */
	size_t n_ranges;
	uint64_t type;	       /* &PyLong_Type */
	const uint64_t *slots; /* constant words that hold it, in order */
	size_t n_slots;
	unsigned ob_type;  /* its offset in an object */
	bool has_freelist; /* look for one */
	bool absolute;	   /* loaded at the addresses that it says: not PIE */
};

/* The text that holds an address, or NULL; and the range that does: its index, or n_ranges. */
const struct int_text *int_text_at(const struct int_image *image, uint64_t vaddr);
size_t int_range_at(const struct int_image *image, uint64_t vaddr);

bool int_is_slot(const struct int_image *image, uint64_t vaddr);

/* Decode a range; 0, -EILSEQ when part of it does not decode, -ENOMEM. */
int int_decode(const struct int_image *image, csh capstone, struct elf_range range,
	       struct int_function *out);

/* The instruction of a function that begins at an address; its index, or n when none does. */
size_t int_insn_at(const struct int_function *function, uint64_t vaddr);

/*
 * Set the bits of text->entered in the ranges that are wanted; data is the rest of the
 * file, as loaded. 0 or -ENOMEM.
 */
int int_mark_entered(struct int_image *image, const bool *wanted, const struct int_text *data,
		     size_t n_data);

/*
 * Flag the ranges that may load &PyLong_Type, or, when disp is not 0, those that may
 * subtract from what has this displacement. Flags that are set stay so.
 */
void int_flag_ranges(const struct int_image *image, uint32_t disp, bool *flags);

/* Follow values through a function and add its sites; freelist 0: no pops. */
int int_add_sites(const struct int_image *image, const struct int_function *function,
		  uint64_t freelist, struct intsites *out);

/* Where the list of free ints is, by what functions do before they make an int; 0: unknown. */
uint64_t int_find_freelist(const struct int_function *functions, size_t n,
			   const struct intsites *sites);

/*
 * Where to probe the site whose store is insns[i]; objects: registers with the object then;
 * ob_type: its offset in an object.
 */
void int_place(const struct int_function *function, size_t i, uint64_t objects, unsigned ob_type,
	       struct intsite *site);

/* The registers that hold the object behind an instruction, given those before it. */
uint64_t int_pass(const struct int_insn *insn, uint64_t objects);

/*
 * Whether the value of an int of one digit is known at a probe on insns[i], where objects
 * hold the object: then the site's digit and sizes say where.
 */
bool int_find_value(const struct int_function *function, size_t i, uint64_t objects,
		    unsigned ob_type, struct intsite *site);

/* Whether the function itself writes digits to the object that insns[i] makes. */
bool int_is_filled(const struct int_function *function, size_t i, uint64_t objects,
		   unsigned ob_type);

/* Whether the object that insns[i] takes from the list of free ints is not used again. */
bool int_is_freed(const struct int_function *function, size_t i, uint64_t objects);

/* All of the above: the sites of an image, but for file offsets and names. */
int int_sites(struct int_image *image, const struct int_text *data, size_t n_data,
	      struct intsites *out);

#endif
