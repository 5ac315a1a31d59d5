// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyoffsets.c - where the fields of CPython's structs are. */
#include "place/pyoffsets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "place/pyversion.h"
#include "target/mem.h"

#define FIRST_MINOR	6
#define FIRST_PUBLISHED 13
#define OFFSET_MAX	0xffff
#define MEMBERS_MAX	64 /* of one type */
#define MEMBER_MAX	4096 /* offset within an object */
#define WORD		8

/*
 * By version, x86-64, release builds. PyThreadState: Include/pystate.h (3.6), then
 * Include/cpython/pystate.h. PyFrameObject: Include/frameobject.h, from 3.9
 * Include/cpython/frameobject.h; from 3.11 _PyInterpreterFrame:
 * Include/internal/pycore_frame.h. PyCodeObject: Include/code.h, from 3.9
 * Include/cpython/code.h.
 */
static const struct mw_pylayout layouts[] = {
	[6 - FIRST_MINOR] = {
		.instr = MW_PYINSTR_BYTES, .tstate_thread_id = 152, .tstate_frame = 24,
		.frame_back = 24, .frame_code = 32, .frame_instr = 120,
		.code_first_line = 36, .code_filename = 96, .code_name = 104,
		.code_linetable = 112,
	},
	[7 - FIRST_MINOR] = {
		.instr = MW_PYINSTR_BYTES, .tstate_thread_id = 176, .tstate_frame = 24,
		.frame_back = 24, .frame_code = 32, .frame_instr = 104,
		.code_first_line = 36, .code_filename = 96, .code_name = 104,
		.code_linetable = 112,
	},
	[8 - FIRST_MINOR] = {
		.instr = MW_PYINSTR_BYTES, .tstate_thread_id = 176, .tstate_frame = 24,
		.frame_back = 24, .frame_code = 32, .frame_instr = 104,
		.code_first_line = 40, .code_filename = 104, .code_name = 112,
		.code_linetable = 120,
	},
	[9 - FIRST_MINOR] = {
		.instr = MW_PYINSTR_BYTES, .tstate_thread_id = 176, .tstate_frame = 24,
		.frame_back = 24, .frame_code = 32, .frame_instr = 104,
		.code_first_line = 40, .code_filename = 104, .code_name = 112,
		.code_linetable = 120,
	},
	[10 - FIRST_MINOR] = {
		.has = MW_PY_CSTACK, .instr = MW_PYINSTR_UNITS,
		.tstate_thread_id = 176, .tstate_frame = 24, .tstate_cframe = 48,
		.frame_back = 24, .frame_code = 32, .frame_instr = 96,
		.code_first_line = 40, .code_filename = 104, .code_name = 112,
		.code_linetable = 120,
	},
	[11 - FIRST_MINOR] = {
		.has = MW_PY_NATIVE_ID | MW_PY_CFRAME | MW_PY_CSTACK, .instr = MW_PYINSTR_POINTER,
		.tstate_thread_id = 152, .tstate_native_id = 160, .tstate_frame = 56,
		.tstate_cframe = 56, .cframe_frame = 8, .frame_back = 48, .frame_code = 32, .frame_instr = 56,
		.code_first_line = 72, .code_filename = 112, .code_name = 120,
		.code_qualname = 128, .code_linetable = 136, .code_bytecode = 184,
	},
	[12 - FIRST_MINOR] = {
		.has = MW_PY_NATIVE_ID | MW_PY_CFRAME | MW_PY_OWNER, .instr = MW_PYINSTR_POINTER,
		.tstate_thread_id = 136, .tstate_native_id = 144, .tstate_frame = 56,
		.cframe_frame = 0, .frame_back = 8, .frame_code = 0, .frame_instr = 56,
		.frame_owner = 70, .owner_shim = 3,
		.code_first_line = 68, .code_filename = 112, .code_name = 120,
		.code_qualname = 128, .code_linetable = 136, .code_bytecode = 192,
	},
};

/* PyInterpreterState: Include/pystate.h, from 3.8 Include/internal/pycore_interp.h. */
static const struct {
	uint16_t threads, gil;
} interpreters[] = {
	[6 - FIRST_MINOR] = { 8, 0 },	[7 - FIRST_MINOR] = { 8, 0 },
	[8 - FIRST_MINOR] = { 8, 0 },	[9 - FIRST_MINOR] = { 8, 0 },
	[10 - FIRST_MINOR] = { 8, 0 },	[11 - FIRST_MINOR] = { 16, 0 },
	[12 - FIRST_MINOR] = { 72, 384 },
};

/* _PyRuntimeState: Include/internal/pycore_runtime.h; 3.7 is that of 3.7.4 and later. */
static const struct pyruntime runtimes[] = {
	[6 - FIRST_MINOR] = { 0, 0, 0 },
	[7 - FIRST_MINOR] = { 24, 1480, 1508 },
	[8 - FIRST_MINOR] = { 32, 1368, 1396 },
	[9 - FIRST_MINOR] = { 32, 568, 588 },
	[10 - FIRST_MINOR] = { 32, 568, 588 },
	[11 - FIRST_MINOR] = { 40, 576, 596 },
	[12 - FIRST_MINOR] = { 40, 0, 1548 },
};

/* PyTypeObject, PyBytesObject, PyUnicodeObject, PyLongObject: what all versions share. */
static const struct pyobjects objects_of_all = {
	.interp_next = 0, .tstate_next = 8, .tstate_interp = 16, .type_of = 8,
	.bytes_data = 32, .size = 16, .str_length = 16, .str_state = 32, .str_kind_shift = 2,
	.str_ascii = 48, .str_compact = 72, .type_name = 24, .type_basicsize = 32,
	.type_flags = 168, .type_members = 240, .long_size = 16, .long_digits = 24,
};

/*
 * struct _Py_DebugOffsets: Include/internal/pycore_runtime.h (3.13), from 3.14
 * pycore_debug_offsets.h. Where in it each offset is published, in 3.13, 3.14, 3.15.
 */
#define PUBLISHED_MAX 1024 /* bytes of it */
#define IN_LAYOUT(field)  true, offsetof(struct mw_pylayout, field)
#define IN_OBJECTS(field) false, offsetof(struct pyobjects, field)

static const struct {
	bool in_layout;
	size_t field; /* u16 */
	uint16_t at[3];
} published[] = {
	{ IN_OBJECTS(interp_next), { 64, 64, 64 } },
	{ IN_OBJECTS(interp_threads), { 72, 72, 72 } },
	{ IN_OBJECTS(tstate_next), { 168, 192, 192 } },
	{ IN_OBJECTS(tstate_interp), { 176, 200, 200 } },
	{ IN_LAYOUT(tstate_frame), { 184, 208, 208 } },
	{ IN_LAYOUT(tstate_thread_id), { 192, 216, 240 } },
	{ IN_LAYOUT(tstate_native_id), { 200, 224, 248 } },
	{ IN_LAYOUT(frame_back), { 232, 256, 320 } },
	{ IN_LAYOUT(frame_code), { 240, 264, 328 } },
	{ IN_LAYOUT(frame_instr), { 248, 272, 336 } },
	{ IN_LAYOUT(frame_owner), { 264, 288, 352 } },
	{ IN_LAYOUT(code_filename), { 280, 320, 384 } },
	{ IN_LAYOUT(code_name), { 288, 328, 392 } },
	{ IN_LAYOUT(code_qualname), { 296, 336, 400 } },
	{ IN_LAYOUT(code_linetable), { 304, 344, 408 } },
	{ IN_LAYOUT(code_first_line), { 312, 352, 416 } },
	{ IN_LAYOUT(code_bytecode), { 344, 384, 448 } },
	{ IN_LAYOUT(type_of), { 360, 408, 472 } },
	{ IN_OBJECTS(type_of), { 360, 408, 472 } },
	{ IN_OBJECTS(type_name), { 376, 424, 488 } },
	{ IN_OBJECTS(type_flags), { 392, 440, 504 } },
	{ IN_OBJECTS(long_size), { 496, 576, 672 } },
	{ IN_OBJECTS(long_digits), { 504, 584, 680 } },
	{ IN_OBJECTS(size), { 520, 600, 696 } },
	{ IN_OBJECTS(bytes_data), { 528, 608, 704 } },
	{ IN_OBJECTS(str_state), { 544, 624, 720 } },
	{ IN_OBJECTS(str_length), { 552, 632, 728 } },
	{ IN_OBJECTS(str_ascii), { 560, 640, 736 } },
};

/* Of a free-threaded build, from 3.14: tlbc_index and co_tlbc. */
static const struct {
	uint16_t frame, code;
} published_copies[] = { { 0, 0 }, { 304, 392 }, { 368, 456 } };

enum { FREE_THREADED = 16, INTERPRETERS_HEAD = 40 };

/* The holder's is that in interp->_gil, which a subinterpreter may share or have of its own. */
static const struct {
	uint16_t pointer, gil, holder;
} published_gil[] = { { 112, 120, 144 }, { 120, 128, 152 }, { 120, 128, 152 } };

static uint64_t word_at(const uint8_t *bytes, size_t offset)
{
	uint64_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

/* What follows from the version where nothing is published about it. */
static void fill_rest(struct pyfind *find, unsigned minor)
{
	struct mw_pylayout *layout = find->layout;
	struct pyobjects *o = find->objects;
	/* a free-threaded object's header has 16 bytes more: Include/object.h */
	const uint16_t shift = o->type_of - objects_of_all.type_of;

	layout->has |= MW_PY_NATIVE_ID | MW_PY_OWNER;
	layout->instr = MW_PYINSTR_POINTER;
	layout->owner_shim = 3; /* FRAME_OWNED_BY_CSTACK, from 3.14 _BY_INTERPRETER */
	/* a _PyStackRef from 3.14: Py_TAG_BITS, pycore_stackref.h */
	layout->code_tag = minor >= 14 ? 3 : 0;
	o->type_basicsize = objects_of_all.type_basicsize + shift;
	o->type_members = objects_of_all.type_members + shift;
	/* PyCompactUnicodeObject: utf8_length and utf8 */
	o->str_compact = o->str_ascii + 2 * WORD;
}

static int take_published(struct pyfind *find, unsigned minor)
{
	const unsigned which = minor - FIRST_PUBLISHED;
	uint8_t bytes[PUBLISHED_MAX];

	if (!find->runtime || which >= sizeof(published_gil) / sizeof(*published_gil))
		return -ENOTSUP;
	if (mem_read(find->pid, find->runtime, bytes, sizeof(bytes)) ||
	    memcmp(bytes, PYVERSION_COOKIE, WORD))
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(published) / sizeof(*published); i++) {
		const uint64_t offset = word_at(bytes, published[i].at[which]);
		void *base = published[i].in_layout ? (void *)find->layout : find->objects;

		if (offset > OFFSET_MAX)
			return -EBADMSG;
		*(uint16_t *)((char *)base + published[i].field) = (uint16_t)offset;
	}
	find->objects->interpreters = find->runtime + word_at(bytes, INTERPRETERS_HEAD);
	find->interp_gil = (uint16_t)word_at(bytes, published_gil[which].pointer);
	find->gil_holder = (uint16_t)(word_at(bytes, published_gil[which].holder) -
				      word_at(bytes, published_gil[which].gil));
	if (word_at(bytes, FREE_THREADED))
		find->layout->has |= MW_PY_FREE_THREADED;
	if (word_at(bytes, FREE_THREADED) && published_copies[which].code) {
		find->layout->frame_copy = (uint16_t)word_at(bytes, published_copies[which].frame);
		find->layout->code_copies = (uint16_t)word_at(bytes, published_copies[which].code);
	}
	fill_rest(find, minor);
	snprintf(find->evidence->offsets, sizeof(find->evidence->offsets), "debug offsets%s",
		 word_at(bytes, FREE_THREADED) ? ", free-threaded" : "");
	return 0;
}

/* What a type's tp_members say of its objects: PyMemberDef, Include/structmember.h. */
struct member {
	uint64_t name;
	int32_t type;
	int32_t unused;
	int64_t offset;
	int32_t flags;
	int32_t unused2;
	uint64_t doc;
};

static const struct {
	const char *type, *name;
	size_t field; /* u16 in mw_pylayout */
} members[] = {
	{ "PyCode_Type", "co_filename", offsetof(struct mw_pylayout, code_filename) },
	{ "PyCode_Type", "co_name", offsetof(struct mw_pylayout, code_name) },
	{ "PyCode_Type", "co_qualname", offsetof(struct mw_pylayout, code_qualname) },
	{ "PyCode_Type", "co_firstlineno", offsetof(struct mw_pylayout, code_first_line) },
	{ "PyCode_Type", "co_lnotab", offsetof(struct mw_pylayout, code_linetable) },
	{ "PyCode_Type", "co_linetable", offsetof(struct mw_pylayout, code_linetable) },
	{ "PyFrame_Type", "f_back", offsetof(struct mw_pylayout, frame_back) },
	{ "PyFrame_Type", "f_code", offsetof(struct mw_pylayout, frame_code) },
	{ "PyFrame_Type", "f_lasti", offsetof(struct mw_pylayout, frame_instr) },
};

static unsigned take_member(struct pyfind *find, const char *type, const struct member *member)
{
	char name[24];

	if (mem_read_string(find->pid, member->name, name, sizeof(name)) ||
	    member->offset < 0 || member->offset > MEMBER_MAX)
		return 0;
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		if (strcmp(members[i].type, type) || strcmp(members[i].name, name))
			continue;
		*(uint16_t *)((char *)find->layout + members[i].field) = (uint16_t)member->offset;
		return 1;
	}
	return 0;
}

static unsigned take_members(struct pyfind *find, const char *type)
{
	const uint64_t address = pyfind_symbol(find, type);
	struct member member;
	uint64_t at;
	unsigned taken = 0;

	if (!address ||
	    mem_read(find->pid, address + find->objects->type_members, &at, sizeof(at)))
		return 0;
	for (int i = 0; i < MEMBERS_MAX; i++, at += sizeof(member)) {
		if (mem_read(find->pid, at, &member, sizeof(member)) || !member.name)
			break;
		taken += take_member(find, type, &member);
	}
	return taken;
}

static uint64_t basicsize(const struct pyfind *find, const char *type)
{
	const uint64_t address = pyfind_symbol(find, type);
	uint64_t size;

	if (!address ||
	    mem_read(find->pid, address + find->objects->type_basicsize, &size, sizeof(size)))
		return 0;
	return size <= MEMBER_MAX ? size : 0;
}

/* The sizes of objects tell where what follows their fixed part begins. */
static unsigned take_sizes(struct pyfind *find, unsigned minor)
{
	const uint64_t code = basicsize(find, "PyCode_Type");
	const uint64_t str = basicsize(find, "PyUnicode_Type");
	/* PyCompactUnicodeObject adds utf8_length, utf8 and, up to 3.11, wstr_length */
	const uint64_t compact = (minor >= 12 ? 2 : 3) * WORD;

	if (code && minor >= 11)
		find->layout->code_bytecode = (uint16_t)code; /* offsetof(co_code_adaptive) */
	if (str > WORD + compact) {
		find->objects->str_compact = (uint16_t)(str - WORD);
		find->objects->str_ascii = (uint16_t)(str - WORD - compact);
	}
	return !!str + (code && minor >= 11);
}

static void take_own_words(struct pyfind *find, unsigned minor)
{
	unsigned taken = take_members(find, "PyCode_Type");

	if (minor <= 10)
		taken += take_members(find, "PyFrame_Type");
	taken += take_sizes(find, minor);
	snprintf(find->evidence->offsets, sizeof(find->evidence->offsets),
		 "%u from tp_members and tp_basicsize, else table of 3.%u", taken, minor);
}

int pyoffsets_find(struct pyfind *find)
{
	const unsigned minor = find->layout->version & 0xff;
	const uint16_t version = find->layout->version;

	*find->objects = objects_of_all;
	find->objects->long_tagged = minor >= 12;
	if (minor >= FIRST_PUBLISHED)
		return take_published(find, minor);
	if (minor < FIRST_MINOR || version >> 8 != 3)
		return -ENOTSUP;
	*find->layout = layouts[minor - FIRST_MINOR];
	find->layout->version = version;
	find->layout->type_of = find->objects->type_of;
	find->objects->interp_threads = interpreters[minor - FIRST_MINOR].threads;
	find->interp_gil = interpreters[minor - FIRST_MINOR].gil;
	find->gil_holder = 8; /* last_holder of struct _gil_runtime_state, pycore_gil.h */
	take_own_words(find, minor);
	return 0;
}

const struct pyruntime *pyoffsets_runtime(unsigned version)
{
	static const struct pyruntime none;
	const unsigned minor = (version & 0xff) - FIRST_MINOR;

	return minor < sizeof(runtimes) / sizeof(*runtimes) ? &runtimes[minor] : &none;
}
