/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * demangle.h - names of C++ and Rust as their programmers wrote them.
 *
 * A short mangled name can stand for one of any length: to be used only by a process that
 * may be ended when it takes too long (reader.h).
 */
#ifndef MWBPF_DEMANGLE_H
#define MWBPF_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>

#define DEMANGLE_MAX 1024 /* bytes that are enough for nearly all names */

/*
 * At most cap - 1 bytes of the name, which is always ended; cut, it ends in "...". False
 * for a name that is not mangled.
 */
bool demangle(const char *mangled, char *plain, size_t cap);

#endif
