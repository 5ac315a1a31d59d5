/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * serve.h - the reader's child: questions in, answers out.
 */
#ifndef MWBPF_SERVE_H
#define MWBPF_SERVE_H

#include <limits.h>

#include "target/reader.h"

#define SERVE_FILES 3 /* descriptors that can come with a question */

/* What is asked about an address. */
enum serve_kind {
	SERVE_NAME,    /* answered by a struct serve_answer */
	SERVE_FRAME,   /* by a struct serve_frame */
	SERVE_GLOBALS, /* likewise; vaddr is where to go on */
};

/* A message to the child; as long as its symbol. */
struct serve_question {
	uint32_t slot;	/* which of its files */
	uint32_t fresh; /* the descriptors of that file come along ... */
	uint32_t which; /* ... these of them, as bits */
	uint32_t kind;	/* enum serve_kind */
	uint32_t depth; /* of members of variables that are wanted */
	uint32_t unused;
	uint64_t vaddr;
	char symbol[SYMBOLS_NAME];
};

/* A message from it. Strings are offsets into text; 0: none. */
struct serve_answer {
	uint32_t rule, n;
	uint32_t full; /* it wants to be replaced */
	uint32_t symbol;
	struct {
		uint64_t start;
		uint32_t name, file, line, unused;
	} at[READER_FUNCTIONS];
	char text[READER_TEXT];
};

struct serve_frame {
	uint32_t full; /* as above */
	uint32_t known; /* the file can be read */
	struct recipe_frame frame;
};

/* What the child may say before it answers; by its size it is told from an answer. */
enum serve_want {
	SERVE_OPEN,  /* it wants the debug information at a path: a struct serve_given comes back */
	SERVE_LACKS, /* it did without what is there */
};

struct serve_request {
	uint32_t want; /* enum serve_want */
	char path[PATH_MAX];
};

/* With the file's descriptor, or none. */
struct serve_given {
	uint32_t unused;
};

/* net.core.wmem_default is 208 KiB. */
_Static_assert(sizeof(struct serve_frame) < 160 * 1024, "a message is sent as a whole");

_Static_assert(sizeof(struct serve_request) < sizeof(struct serve_answer) &&
		       sizeof(struct serve_request) < sizeof(struct serve_frame),
	       "they are told from each other");

/* Ask for a file, as confine_open. */
int serve_open(const char *path);

/* Answer until the socket closes. */
void serve(int socket);

#endif
