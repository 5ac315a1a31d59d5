// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* assets.c - the files of html/, carried in the program. */
#include "format/assets.h"

#define ASSET(name, file)                              \
	__asm__(".section .rodata\n"                   \
		".global asset_" #name "\n"            \
		"asset_" #name ":\n"                   \
		".incbin \"user/format/html/" file "\"\n" \
		".byte 0\n"                            \
		".previous\n")

ASSET(page, "report.html");
ASSET(style, "report.css");
ASSET(text, "text.js");
ASSET(data, "data.js");
ASSET(flame, "flame.js");
ASSET(timeline, "timeline.js");
ASSET(tables, "tables.js");
ASSET(report, "report.js");
