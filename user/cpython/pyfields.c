// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyfields.c - where the variables of frames and the values of objects are. */
#include <errno.h>

#include "cpython/cpython.h"

#define FIRST_MINOR	6
#define FIRST_PUBLISHED 13
#define LAST_MINOR	15
#define OFFSET_MAX	4096

/*
 * By version, x86-64, release and debug builds: PyFrameObject (Include/frameobject.h, from
 * 3.9 Include/cpython/frameobject.h), from 3.11 _PyInterpreterFrame (pycore_frame.h, from
 * 3.14 pycore_interpframe_structs.h); PyCodeObject (Include/code.h, Include/cpython/code.h);
 * PyFunctionObject, PyGenObject, PyModuleObject (funcobject.h, genobject.h, pycore_moduleobject.h).
 */
static const struct pyfields fields[] = {
	[6 - FIRST_MINOR] = {
		.frame_globals = 48, .frame_locals = 56, .frame_slots = 376,
		.code_flags = 32, .code_varnames = 64, .code_freevars = 72, .code_cellvars = 80,
		.function_name = 104, .generator_name = 56, .module_name = 48,
		.frame_stack = 72, .code_bytes = 40, .generator_frame = 16, .generator_state = 24,
	},
	[7 - FIRST_MINOR] = {
		.frame_globals = 48, .frame_locals = 56, .frame_slots = 360,
		.code_flags = 32, .code_varnames = 64, .code_freevars = 72, .code_cellvars = 80,
		.function_name = 104, .generator_name = 56, .module_name = 48,
		.frame_stack = 72, .code_bytes = 40, .generator_frame = 16, .generator_state = 24,
	},
	[8 - FIRST_MINOR] = {
		.frame_globals = 48, .frame_locals = 56, .frame_slots = 360,
		.code_flags = 36, .code_varnames = 72, .code_freevars = 80, .code_cellvars = 88,
		.function_name = 104, .generator_name = 56, .module_name = 48,
		.frame_stack = 72, .code_bytes = 48, .generator_frame = 16, .generator_state = 24,
	},
	[9 - FIRST_MINOR] = {
		.frame_globals = 48, .frame_locals = 56, .frame_slots = 360,
		.code_flags = 36, .code_varnames = 72, .code_freevars = 80, .code_cellvars = 88,
		.function_name = 104, .generator_name = 56, .module_name = 48,
		.frame_stack = 72, .code_bytes = 48, .generator_frame = 16, .generator_state = 24,
	},
	[10 - FIRST_MINOR] = {
		.frame_globals = 48, .frame_locals = 56, .frame_slots = 352,
		.code_flags = 36, .code_varnames = 72, .code_freevars = 80, .code_cellvars = 88,
		.function_name = 40, .generator_name = 48, .module_name = 48,
		.frame_stack = 80, .frame_state = 108, .code_bytes = 48, .generator_frame = 16,
	},
	[11 - FIRST_MINOR] = {
		.frame_globals = 8, .frame_locals = 24, .frame_object = 40, .frame_slots = 72,
		.code_flags = 48, .code_slot_names = 96, .code_slot_kinds = 104,
		.function_name = 40, .generator_name = 40, .module_name = 48,
		.data_stack = 296, .frame_stack = 64,
	},
	[12 - FIRST_MINOR] = {
		.frame_globals = 24, .frame_locals = 40, .frame_object = 48, .frame_slots = 72,
		.code_flags = 48, .code_slot_names = 96, .code_slot_kinds = 104,
		.function_name = 40, .generator_name = 32, .module_name = 48,
		.data_stack = 232, .frame_stack = 64,
	},
	[13 - FIRST_MINOR] = {
		.frame_globals = 24, .frame_locals = 40, .frame_object = 48,
		.code_flags = 48, .function_name = 40, .generator_name = 32, .module_name = 48,
		.values = 8, .frame_stack = 64,
	},
	[14 - FIRST_MINOR] = {
		.frame_globals = 24, .frame_locals = 40, .frame_object = 48, .slot_tag = 3,
		.code_flags = 48, .function_name = 40, .generator_name = 32, .module_name = 48,
		.values = 8, .frame_stack = 64,
	},
	[15 - FIRST_MINOR] = {
		.frame_globals = 24, .frame_locals = 40, .frame_object = 48, .slot_tag = 3,
		.code_flags = 48, .function_name = 40, .generator_name = 32, .module_name = 40,
		.values = 8, .frame_stack = 64,
	},
};

/* Where in struct _Py_DebugOffsets an offset is published, in 3.13, 3.14, 3.15. */
static const struct {
	size_t field; /* u16 in struct pyfields */
	uint16_t at[LAST_MINOR - FIRST_PUBLISHED + 1];
} published[] = {
	{ offsetof(struct pyfields, frame_slots), { 256, 280, 344 } },
	{ offsetof(struct pyfields, code_slot_names), { 328, 368, 432 } },
	{ offsetof(struct pyfields, code_slot_kinds), { 336, 376, 440 } },
	{ offsetof(struct pyfields, data_stack), { 208, 232, 256 } },
};

static int take_published(struct cpython *cpython)
{
	const uint64_t runtime = cpython_symbol(cpython, "_PyRuntime");

	for (size_t i = 0; i < sizeof(published) / sizeof(*published); i++) {
		const uint64_t offset = cpython_word(
			cpython, runtime + published[i].at[cpython->minor - FIRST_PUBLISHED]);

		if (!runtime || !offset || offset > OFFSET_MAX)
			return -ENOTSUP;
		*(uint16_t *)((char *)&cpython->fields + published[i].field) = (uint16_t)offset;
	}
	return 0;
}

/* from as_async on to ht_cached_keys: PyHeapTypeObject, Include/cpython/object.h (3.11) */
#define CACHED_KEYS_BEHIND_TYPE 464
#define WORD			8

/* gi_frame_state, an i8, is followed by gi_iframe, which is aligned: genobject.h (3.11) */
#define STATE_BEFORE_FRAME 5

static uint16_t basicsize(const struct cpython *cpython, enum pytype_id type)
{
	const uint64_t size = cpython_word(cpython, cpython->types[type] +
							    cpython->objects.type_basicsize);

	return size <= OFFSET_MAX ? (uint16_t)size : 0;
}

/* From 3.11 a generator ends in its frame, and its type says where the variables begin. */
static int find_generators(struct cpython *cpython)
{
	struct pyfields *f = &cpython->fields;
	const uint16_t size = basicsize(cpython, PYTYPE_GENERATOR);

	if (size < f->frame_slots + cpython->head + WORD)
		return -ENOTSUP;
	f->generator_frame = size - f->frame_slots;
	f->generator_state = f->generator_frame - STATE_BEFORE_FRAME;
	return 0;
}

/* What is behind a PyObject, which has more words in a free-threaded build. */
static void move_fields(struct cpython *cpython)
{
	struct pyfields *f = &cpython->fields;
	const uint16_t more = cpython->head - PYHEAD_WORDS * WORD;

	f->code_flags += more;
	f->function_name += more;
	f->generator_name += more;
	f->module_name += more;
}

int pyfields_find(struct cpython *cpython)
{
	struct pyfields *f = &cpython->fields;
	uint16_t frame;
	int err;

	if (cpython->minor < FIRST_MINOR || cpython->minor > LAST_MINOR)
		return -ENOTSUP;
	*f = fields[cpython->minor - FIRST_MINOR];
	f->cached_keys = (uint16_t)(cpython->type_size + CACHED_KEYS_BEHIND_TYPE);
	if (cpython->minor <= 10) {
		/* a frame ends in f_localsplus[1], and its type says how long it is */
		frame = basicsize(cpython, PYTYPE_FRAME);
		if (frame > f->frame_locals)
			f->frame_slots = frame - WORD;
		return 0;
	}
	move_fields(cpython);
	err = cpython->minor >= FIRST_PUBLISHED ? take_published(cpython) : 0;
	return err ? err : find_generators(cpython);
}
