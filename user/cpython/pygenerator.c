// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pygenerator.c - a generator, coroutine or asynchronous generator, read from outside. */
#include "cpython/pygenerator.h"

#include <errno.h>
#include <string.h>

#define WORD	    8
#define YIELD_FROM  72 /* Include/opcode.h (3.6 to 3.10) */
#define SLOTS_MAX   (1 << 20) /* of one frame */

/* The oparg of RESUME, Objects/genobject.c (3.11, 3.12): 2 behind "yield from", 3 behind await. */
#define RESUME_WHERE 3
#define RESUME_FROM  2

bool pygenerator_is(const struct pytype *type)
{
	return type->id == PYTYPE_GENERATOR || type->id == PYTYPE_COROUTINE ||
	       type->id == PYTYPE_ASYNCGEN;
}

static int32_t half(const struct cpython *cpython, uint64_t addr)
{
	int32_t value;

	return cpython_read(cpython, addr, &value, sizeof(value)) ? 0 : value;
}

static int byte(const struct cpython *cpython, uint64_t addr)
{
	int8_t value;

	return cpython_read(cpython, addr, &value, sizeof(value)) ? 0 : value;
}

/* What PyFrameState says: Include/internal/pycore_frame.h (3.10 to 3.15). */
static enum pygenerator_state state_of(unsigned minor, int state)
{
	/* enum _framestate: the first of each: CREATED, EXECUTING, CLEARED; in between SUSPENDED */
	static const struct {
		int created, executing, done;
	} states[] = { { -2, 0, 1 }, { -3, 0, 1 }, { 0, 4, 5 } };
	const unsigned which = minor >= 15 ? 2 : minor >= 13;

	if (state <= states[which].created)
		return PYGENERATOR_CREATED;
	if (state < states[which].executing)
		return PYGENERATOR_SUSPENDED;
	return state < states[which].done ? PYGENERATOR_RUNNING : PYGENERATOR_DONE;
}

/* Up to 3.10 the frame is an object, and not there any more when all is done. */
static void read_pointer(const struct cpython *cpython, struct pygenerator *generator)
{
	const struct pyfields *f = &cpython->fields;
	const uint64_t addr = generator->object.addr;

	generator->frame = cpython_word(cpython, addr + f->generator_frame);
	if (!generator->frame)
		generator->state = PYGENERATOR_DONE;
	else if (f->frame_state)
		generator->state = state_of(cpython->minor,
					    byte(cpython, generator->frame + f->frame_state));
	else if (byte(cpython, addr + f->generator_state))
		generator->state = PYGENERATOR_RUNNING;
	else
		generator->state = half(cpython, generator->frame + cpython->layout.frame_instr) < 0 ?
					   PYGENERATOR_CREATED : PYGENERATOR_SUSPENDED;
}

/* Up to 3.10: whether YIELD_FROM comes next, which is then carried out once more. */
static bool waits_by_code(const struct cpython *cpython, uint64_t frame)
{
	const struct mw_pylayout *layout = &cpython->layout;
	const uint64_t code = cpython_word(cpython, frame + layout->frame_code);
	const uint64_t bytes = cpython_word(cpython, code + cpython->fields.code_bytes);
	int64_t at = half(cpython, frame + layout->frame_instr);

	if (layout->instr == MW_PYINSTR_UNITS)
		at *= 2;
	return byte(cpython, bytes + cpython->objects.bytes_data + at + 2) == YIELD_FROM;
}

/* Whether what is suspended waits for the object on its stack. */
static bool waits(const struct cpython *cpython, const struct pygenerator *generator)
{
	const struct pyfields *f = &cpython->fields;
	const uint64_t addr = generator->object.addr;
	uint64_t instr;

	if (cpython->minor <= 10)
		return waits_by_code(cpython, generator->frame);
	/* FRAME_SUSPENDED_YIELD_FROM: -1, from 3.15 2, or 3 while another thread looks at it */
	if (cpython->minor >= 13)
		return byte(cpython, addr + f->generator_state) != (cpython->minor >= 15 ? 1 : -2);
	instr = cpython_word(cpython, generator->frame + cpython->layout.frame_instr);
	return (byte(cpython, instr + 3) & RESUME_WHERE) >= RESUME_FROM;
}

/* The address behind the topmost slot of its stack; 0: not known. */
static uint64_t stack_end(const struct cpython *cpython, uint64_t frame)
{
	const uint64_t field = frame + cpython->fields.frame_stack;
	uint64_t slots = frame + cpython->fields.frame_slots;
	int32_t n;

	if (cpython->minor <= 9 || cpython->minor >= 14)
		return cpython_word(cpython, field);
	if (cpython->minor == 10) /* f_valuestack, from which on f_stackdepth counts */
		slots = cpython_word(cpython, field - 2 * WORD);
	n = half(cpython, field);
	return slots && n > 0 && n < SLOTS_MAX ? slots + (uint64_t)n * WORD : 0;
}

static uint64_t awaited(const struct cpython *cpython, const struct pygenerator *generator)
{
	/* from 3.15 on behind it is how far it has come, if it is a list or a tuple */
	const unsigned depth = cpython->minor >= 15 ? 2 : 1;
	const uint64_t end = stack_end(cpython, generator->frame);
	uint64_t word;

	if (!end || !waits(cpython, generator))
		return 0;
	word = cpython_word(cpython, end - depth * WORD);
	return word & ~(uint64_t)cpython->fields.slot_tag;
}

int pygenerator_read(struct cpython *cpython, uint64_t addr, struct pygenerator *generator)
{
	const struct pyfields *f = &cpython->fields;
	int err;

	*generator = (struct pygenerator){ 0 };
	err = pyobj_read(cpython, addr, &generator->object);
	if (!err && !pygenerator_is(generator->object.type))
		err = -EBADMSG;
	if (err)
		return err;
	if (cpython->minor <= 10) {
		read_pointer(cpython, generator);
	} else {
		generator->frame = addr + f->generator_frame;
		generator->state = state_of(cpython->minor,
					    byte(cpython, addr + f->generator_state));
	}
	if (generator->state == PYGENERATOR_SUSPENDED)
		generator->awaits = awaited(cpython, generator);
	if (generator->state == PYGENERATOR_DONE)
		generator->frame = 0;
	return 0;
}

/*
 * Types whose first field is what they stand for: Objects/genobject.c, Modules/_asynciomodule.c
 * (3.6 to 3.15).
 */
static const char *const stand_ins[] = {
	"coroutine_wrapper",
	"async_generator_asend",
	"async_generator_athrow",
	"_asyncio.FutureIter",
};

uint64_t pygenerator_behind(struct cpython *cpython, const struct pyobj *awaited)
{
	for (size_t i = 0; i < sizeof(stand_ins) / sizeof(*stand_ins); i++)
		if (!strcmp(awaited->type->name, stand_ins[i]))
			return cpython_word(cpython, awaited->addr + cpython->head);
	return 0;
}
