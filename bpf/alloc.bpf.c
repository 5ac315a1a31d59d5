// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* alloc.bpf.c - the malloc family. */
#include "call.bpf.h"

CALL_PROGRAMS(alloc, MW_FAMILY_ALLOC)
