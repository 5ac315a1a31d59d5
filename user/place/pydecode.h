/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pydecode.h - where tiny functions of CPython find what they return.
 *
 * Their code names the addresses and offsets that differ from one patch release and one
 * build to the next. It is read from the file, as a debugger may have changed the
 * process's; only what relocation fills in is read from the process.
 */
#ifndef MWBPF_PYDECODE_H
#define MWBPF_PYDECODE_H

#include "place/pyfind.h"

enum pyvalue_kind {
	PYVALUE_UNKNOWN,
	PYVALUE_CONST,	/* n */
	PYVALUE_ARG,	/* the first argument + n */
	PYVALUE_TLS,	/* the thread pointer + n */
	PYVALUE_MODULE, /* __tls_get_addr(index) + n */
};

/* A value, or what is in memory there. */
struct pyvalue {
	enum pyvalue_kind kind;
	uint8_t loaded;	 /* 0: the value itself; else the bytes read from there */
	int64_t n;
	uint64_t index; /* runtime address of the module's tls_index */
};

/* What an exported function returns, if it goes straight to its first return. */
bool pydecode_return(const struct pyfind *find, const char *function, struct pyvalue *value);

/* The first argument of the first call (or jump to another function) that has a known one. */
bool pydecode_argument(const struct pyfind *find, const char *function, struct pyvalue *value);

/* Constants that a function puts in registers, in order; how many, at most cap. */
size_t pydecode_constants(const struct pyfind *find, const char *function, uint64_t *at,
			  size_t cap);

#endif
