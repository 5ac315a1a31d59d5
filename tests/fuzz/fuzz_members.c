// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fuzz_members.c - any variables, members and calls that a reader of debug information may tell of. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dwarf/centry.h"
#include "dwarf/cmembers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define FEW 24 /* of each kind */

static const uint8_t *at;
static size_t left;

/* The next bytes of the input, zeros behind its end. */
static void take(void *to, size_t n)
{
	const size_t here = n < left ? n : left;

	memset(to, 0, n);
	memcpy(to, at, here);
	at += here;
	left -= here;
}

static uint64_t number(uint64_t below)
{
	uint64_t value;

	take(&value, sizeof(value));
	return value % below;
}

static struct recipe recipe(void)
{
	return (struct recipe){ .kind = (uint16_t)number(RECIPE_CONTENT + 2),
				.first = (uint16_t)number(FEW + 2),
				.n = (uint16_t)number(6),
				.number = number(64) };
}

/* Sound more often than not, or nothing would be tried but the check. */
static void fill(struct recipe_frame *frame)
{
	frame->n_text = (uint32_t)number(RECIPE_TEXT + 2);
	frame->n_ops = FEW;
	frame->n_parts = FEW;
	frame->n_vars = 4;
	frame->n_words = 8;
	for (int i = 0; i < 8; i++)
		frame->words[i] = (struct recipe_word){ (int64_t)number(4) - 1, (uint32_t)number(64), 0 };
	for (int i = 0; i < FEW; i++) {
		take(&frame->ops[i], sizeof(frame->ops[i]));
		frame->ops[i].atom = (uint32_t)number(0x100);
		take(&frame->parts[i], sizeof(frame->parts[i]));
		frame->parts[i].name %= 64;
		frame->parts[i].type %= 64;
		frame->parts[i].encoding %= RECIPE_ENCODINGS;
		frame->parts[i].depth = (uint8_t)(1 + frame->parts[i].depth % RECIPE_DEPTH);
		frame->parts[i].bit %= 8;
		frame->parts[i].bits %= 65;
		frame->parts[i].words = (struct recipe_enum){ (uint16_t)(i % 6), (uint16_t)(i % 4) };
	}
	for (int i = 0; i < 4; i++) {
		struct recipe_var *var = &frame->vars[i];

		take(var, sizeof(*var));
		*var = (struct recipe_var){ .name = var->name % 64,
					    .type = var->type % 64,
					    .encoding = var->encoding % RECIPE_ENCODINGS,
					    .role = var->role % RECIPE_ROLES,
					    .size = var->size >> (var->level & 63),
					    .more = var->more,
					    .n = (uint16_t)(var->n % FEW),
					    .first = (uint16_t)(var->first % 3),
					    .length = var->length,
					    .words = { var->words.first % 4, var->words.n % 5 } };
		var->where = recipe();
		var->length.where = recipe();
		var->length.load %= 9;
	}
	frame->call.n = 2;
	frame->call.target = recipe();
	frame->call.params[0].value = recipe();
	frame->call.params[1].value = recipe();
	frame->call.params[1].number = number(RECIPE_REGS + 1);
	frame->base = recipe();
	take(frame->text, 64);
	take(&frame->text[RECIPE_TEXT - 64], 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct recipe_frame frame;
	static struct cvars vars;
	struct cregs regs = { .known = 0xff, .fs_base = 1 };
	const struct ctls tls = { .block = (uintptr_t)&frame };
	struct space space = { .pid = getpid() };
	struct cframes caller = { .space = &space, .recipe = &frame, .frame = { .has_recipe = true } };
	const struct centry callee = { .name = "", .start = len };
	const struct centry_values entry = { 2, { { 5, len }, { RECIPE_REGS, (uintptr_t)data } } };
	struct dwarfeval eval = { .pid = space.pid, .frame = &frame, .regs = &regs, .entry = &entry,
				  .tls = &tls, .has_cfa = true, .cfa = (uintptr_t)&frame };

	at = data;
	left = len;
	memset(&frame, 0, sizeof(frame));
	fill(&frame);
	for (int i = 0; i < RECIPE_REGS; i++)
		regs.value[i] = (uintptr_t)&frame + number(4096);
	if (!recipe_check(&frame))
		return 0;
	vars.n = vars.len = 0;
	for (uint32_t i = 0; i < frame.n_vars; i++)
		cmembers_read(&eval, &frame.vars[i], &vars);
	for (size_t i = 0; i < vars.n; i++)
		if (strlen(vars.at[i].name) > RECIPE_TEXT || vars.at[i].where.bytes ||
		    vars.at[i].depth > RECIPE_DEPTH || vars.at[i].where.kind >= WHERE_KINDS ||
		    !memchr(vars.at[i].value, 0, CVALUE_TEXT))
			abort();
	if (centry_read(&caller, &callee).n > RECIPE_PARAMS)
		abort();
	return 0;
}
