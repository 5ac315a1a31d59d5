// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pylong.bpf.c - CPython's int constructors. */
#include "call.bpf.h"

CALL_PROGRAMS(pylong, MW_FAMILY_PYLONG)
