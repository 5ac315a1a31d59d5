// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fuzz_slide.c - any bytes as text: slide.c must stay in them and keep what it promises. */
#include <stdlib.h>
#include <string.h>
#include "probe/slide.h"

#define VADDR 0x401000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool starts_emulated(const uint8_t *code, size_t len)
{
	if (code[0] == 0x0f || code[0] == 0x41)
		return len > 1 && (code[0] == 0x0f ? code[1] >> 4 == 8 : code[1] >> 3 == 0x50 >> 3);
	return code[0] >> 3 == 0x50 >> 3 || code[0] >> 4 == 7 || code[0] == 0x90 ||
	       code[0] == 0xe8 || code[0] == 0xe9 || code[0] == 0xeb;
}

/* Whether a call or jmp rel32 at any byte of the text enters the skipped ones. */
static bool is_entered(const struct slide_text *text, uint64_t entry, uint32_t offset)
{
	int32_t far;

	for (size_t i = 0; i + 5 <= text->len; i++) {
		memcpy(&far, text->code + i + 1, sizeof(far));
		if ((text->code[i] == 0xe8 || text->code[i] == 0xe9) &&
		    i + 5 + (uint64_t)far - entry - 1 < offset)
			return true;
	}
	return false;
}

/* The input: argument mask, entry and size of the function, then the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slide_text text = { .code = data + 3, .len = size - 3, .vaddr = VADDR };
	struct slide slide, again;
	uint64_t entry, length;

	if (size < 4)
		return 0;
	entry = data[1];
	length = data[2];
	if (slide_choose(&text, VADDR + entry, length, data[0], &slide))
		return 0;
	check(entry < text.len && slide.why && memchr(slide.instruction, 0, 48));
	check(slide.instruction[0] != '\0');
	check(slide.offset < 32 && entry + slide.offset < text.len);
	check(slide.emulated ==
	      starts_emulated(text.code + entry + slide.offset, text.len - entry - slide.offset));
	if (!slide.offset)
		return 0;
	check(slide.emulated && slide.offset < length && entry + length <= text.len);
	check(!is_entered(&text, entry, slide.offset));
	check(!slide_choose(&text, VADDR + entry + slide.offset, 0, 0, &again));
	check(again.offset == 0 && !strcmp(again.instruction, slide.instruction));
	return 0;
}
