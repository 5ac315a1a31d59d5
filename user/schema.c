// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* schema.c - the schemas of include/mwbpf, carried in the program. */
#include "schema.h"

#define CARRY(name, file)                                                                      \
	__asm__(".section .rodata\n"                                                           \
		".global " name "\n" name ":\n"                                                \
		".incbin \"include/mwbpf/" file "\"\n"                                         \
		".byte 0\n"                                                                    \
		".previous\n")

CARRY("schema_events", "events.schema.json");
CARRY("schema_report", "report.schema.json");
