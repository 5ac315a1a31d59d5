// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fuzz_recipe.c - any expressions of debug information, worked out; any bytes as a value. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dwarf/cvalue.h"
#include "dwarf/dwarfeval.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define OP 4 /* bytes of an input that an operation is made of */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct recipe_frame frame = { .n_text = RECIPE_TEXT };
	static struct cregs regs;
	const struct dwarfeval eval = { .pid = getpid(), .frame = &frame, .regs = &regs,
					.has_cfa = len & 1, .cfa = (uintptr_t)&frame };
	const size_t n = len / OP < RECIPE_OPS ? len / OP : RECIPE_OPS;
	struct recipe recipe = { .kind = RECIPE_EXPRESSION, .n = (uint16_t)n };
	struct where where;
	char text[64];

	for (size_t i = 0; i < n; i++)
		frame.ops[i] = (struct recipe_op){ .atom = data[OP * i],
						   .offset = (uint32_t)(3 * i),
						   .number = (uint64_t)(int64_t)(int8_t)data[OP * i + 1],
						   .number2 = data[OP * i + 2] };
	frame.base = (struct recipe){ .kind = RECIPE_EXPRESSION, .first = (uint16_t)(n / 2),
				      .n = (uint16_t)(n - n / 2) };
	regs.known = len > 1 ? data[1] * 257u : 0;
	for (int i = 0; i < RECIPE_REGS; i++)
		regs.value[i] = (uintptr_t)&frame + (uint64_t)i;
	where = dwarfeval_where(&eval, &recipe);
	if (where.kind >= WHERE_KINDS || (where.kind == WHERE_UNKNOWN && !where.why))
		abort();
	for (int i = 0; i < RECIPE_ENCODINGS && len; i++) {
		cvalue_text(getpid(), i, data, len < CVALUE_BYTES ? len : CVALUE_BYTES, text,
			    sizeof(text));
		if (!memchr(text, 0, sizeof(text)))
			abort();
	}
	return 0;
}
