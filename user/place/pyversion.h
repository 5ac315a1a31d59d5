/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pyversion.h - which CPython this is, by its own word.
 */
#ifndef MWBPF_PYVERSION_H
#define MWBPF_PYVERSION_H

#include "place/pyfind.h"

#define PYVERSION_COOKIE "xdebugpy" /* begins _Py_DebugOffsets: pycore_debug_offsets.h */

/*
 * Fill layout->version and the evidence. 0; -ENOTSUP when nothing says it; -EAGAIN when
 * what may say it is not mapped yet.
 */
int pyversion_find(const struct pyfind *find);

#endif
