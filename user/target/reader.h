/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * reader.h - debug information, unwind tables and mangled names read by a confined child.
 *
 * A target's file may be made to crash libdw, to keep it busy for ever or to make it ask
 * for all memory. The child that it happens to is replaced, and the file is read no more.
 */
#ifndef MWBPF_READER_H
#define MWBPF_READER_H

#include <stdbool.h>
#include <sys/types.h>

#include "target/debuginfo.h"
#include "target/recipe.h"
#include "target/symbols.h"

#define READER_FUNCTIONS 16    /* at one address: calls inlined into each other */
#define READER_TEXT	 16384 /* bytes of the strings of an answer */
#define READER_FILES	 32    /* that a child has open at the same time */

/* Something that can be asked about; the descriptors are the caller's. */
struct reader_file {
	int file, debug, common; /* as debuginfo_open */
	const char *error;	 /* why it is not asked any more; NULL */
	pid_t pid;		 /* as whose files others are opened that it names; 0: as ours */
	const char *path;	 /* of the file, as that process sees it; NULL: not known */
	char *lacking;		 /* as debuginfo_lacking, for the caller to free; NULL */
	uint64_t number;	 /* of the reader; 0: new */
};

struct reader {
	pid_t child; /* 0: none */
	int socket;
	unsigned ends;	  /* children that came to a bad end */
	uint64_t last;	  /* number given */
	uint64_t slots[READER_FILES]; /* numbers of the files the child has */
	unsigned next;	  /* slot to be taken next */
	unsigned depth;	  /* of members of variables that are wanted */
};

struct reader_answer {
	const char *symbol; /* what was asked about, demangled; NULL: it is not mangled */
	enum frame_rule rule;
	size_t n;
	struct debuginfo_function at[READER_FUNCTIONS]; /* as debuginfo_functions, demangled */
	char text[READER_TEXT];
};

/* No child is there before the first question. A zeroed struct is a reader. */
void reader_clear(struct reader *reader);

/*
 * What there is to say of an address of a file, and the demangled symbol (at most
 * SYMBOLS_NAME bytes; "": none). Waits for at most READER_SECONDS. 0; -EIO: the child came
 * to a bad end, and file->error says so from now on; -errno of making one.
 */
int reader_ask(struct reader *reader, struct reader_file *file, uint64_t vaddr,
	       const char *symbol, struct reader_answer *answer);

/*
 * The frame of the function at an address of a file: debugframe.h. What it says of itself is
 * within its bounds, its text ends in a NUL. As above; -ENOENT: the file cannot be read.
 */
int reader_ask_frame(struct reader *reader, struct reader_file *file, uint64_t vaddr,
		     struct recipe_frame *frame);

/* Its global variables, from one on: likewise. */
int reader_ask_globals(struct reader *reader, struct reader_file *file, uint64_t from,
		       struct recipe_frame *frame);

#define READER_SECONDS 5
#define READER_OPENS   20000 /* files that a question may take */
#define READER_ENDS    8   /* after so many bad ends nothing is read any more */
#define READER_MEMORY  (1ULL << 30) /* bytes a child may ask for: what it maps is not in it */
#define READER_FULL    (256ULL << 20) /* one that holds more is replaced by a fresh one */

#endif
