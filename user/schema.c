// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* schema.c - include/mwbpf/events.schema.json, carried in the program. */
#include "schema.h"

__asm__(".section .rodata\n"
	".global schema_json\n"
	"schema_json:\n"
	".incbin \"include/mwbpf/events.schema.json\"\n"
	".byte 0\n"
	".previous\n");
