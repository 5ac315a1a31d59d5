// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* demangle.c - names of C++ and Rust as their programmers wrote them. */
#include "target/demangle.h"

#include <libiberty/demangle.h>
#include <string.h>

/*
 * libiberty is what binutils and gdb demangle with: it knows both languages, hands out the
 * name in pieces, so that its length has a bound, and needs no C++ library at run time.
 */

struct plain {
	char *at;
	size_t len, cap;
	bool cut;
};

static void take(const char *piece, size_t len, void *opaque)
{
	struct plain *plain = opaque;
	size_t room = plain->cap - 1 - plain->len;

	plain->cut |= len > room;
	len = len < room ? len : room;
	memcpy(plain->at + plain->len, piece, len);
	plain->len += len;
}

bool demangle(const char *mangled, char *plain, size_t cap)
{
	const int options = DMGL_PARAMS | DMGL_ANSI;
	struct plain rust = { .at = plain, .cap = cap }, cxx = rust, *done = &rust;

	if (mangled[0] != '_' || !cap)
		return false;
	if (!rust_demangle_callback(mangled, options, take, &rust)) {
		done = &cxx;
		if (strncmp(mangled, "_Z", 2) ||
		    !cplus_demangle_v3_callback(mangled, options, take, &cxx))
			return false;
	}
	plain[done->len] = '\0';
	if (done->cut && cap > 4)
		memcpy(plain + cap - 4, "...", 4);
	return done->len != 0;
}
