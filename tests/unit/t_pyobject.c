// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_pyobject.c - objects, threads and frames of a made-up CPython: this process's memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "place/pyobject.h"
#include "place/pystack.h"

#define ADDRESS(object) ((uint64_t)(uintptr_t)(object))

enum { COMPACT = 1 << 5, ASCII = 1 << 6 };

/* As in 3.12; the data of an ASCII string begins at utf8_length. */
struct str {
	uint64_t refs, type, length, hash;
	uint32_t state, unused;
	uint64_t utf8_length, utf8;
	uint8_t data[40000];
};

struct bytes {
	uint64_t refs, type, size, hash;
	uint8_t data[64];
};

struct code {
	uint64_t refs, type;
	uint32_t first_line, unused;
	uint64_t filename, name, qualname, linetable;
	uint8_t units[16];
};

struct frame {
	uint64_t code, back, instr;
	uint8_t owner;
};

struct tstate {
	uint64_t next, interp, thread, native, frame;
};

struct interp {
	uint64_t next, threads;
};

static char str_type, bytes_type, code_type;
static uint64_t interpreters;

static const struct mw_pylayout layout = {
	.has = MW_PY_NATIVE_ID | MW_PY_OWNER,
	.version = 0x030c,
	.instr = MW_PYINSTR_POINTER,
	.code_tag = 3,
	.tstate_thread_id = offsetof(struct tstate, thread),
	.tstate_native_id = offsetof(struct tstate, native),
	.tstate_frame = offsetof(struct tstate, frame),
	.frame_back = offsetof(struct frame, back),
	.frame_code = offsetof(struct frame, code),
	.frame_instr = offsetof(struct frame, instr),
	.frame_owner = offsetof(struct frame, owner),
	.code_first_line = offsetof(struct code, first_line),
	.code_filename = offsetof(struct code, filename),
	.code_name = offsetof(struct code, name),
	.code_qualname = offsetof(struct code, qualname),
	.code_linetable = offsetof(struct code, linetable),
	.code_bytecode = offsetof(struct code, units),
	.owner_shim = 3,
	.type_of = 8,
};

static struct pyobjects objects = {
	.interp_next = offsetof(struct interp, next),
	.interp_threads = offsetof(struct interp, threads),
	.tstate_next = offsetof(struct tstate, next),
	.tstate_interp = offsetof(struct tstate, interp),
	.type_of = 8,
	.bytes_data = offsetof(struct bytes, data),
	.size = 16,
	.str_length = 16,
	.str_state = 32,
	.str_kind_shift = 2,
	.str_ascii = offsetof(struct str, utf8_length),
	.str_compact = offsetof(struct str, data),
};

static struct str *str(unsigned kind, uint32_t flags, const void *data, uint64_t length)
{
	struct str *str = test_calloc(1, sizeof(*str));

	str->type = ADDRESS(&str_type);
	str->length = length;
	str->state = kind << 2 | flags;
	memcpy((char *)str + (flags & ASCII ? objects.str_ascii : objects.str_compact), data,
	       length * kind);
	return str;
}

static void check(struct str *object, size_t cap, const char *want)
{
	char *buf = malloc(cap); /* of its own, so that writing past its end is seen */

	assert_int_equal(pyobject_str(getpid(), &objects, ADDRESS(object), buf, cap), strlen(want));
	assert_string_equal(buf, want);
	free(buf);
	test_free(object);
}

static void refuse(struct str *object)
{
	char buf[16];

	assert_int_equal(pyobject_str(getpid(), &objects, ADDRESS(object), buf, sizeof(buf)),
			 -EBADMSG);
	assert_string_equal(buf, "");
	test_free(object);
}

static void strings(void **state)
{
	static const uint16_t wide[] = { 0x436, 0x20ac, 'x' };
	static const uint32_t widest[] = { 0x1f40d, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff };
	static const uint16_t escaped[] = { 0xdcff, 0xdc80, 0xdc7f, 0xd800, 0, 0xdfff };

	(void)state;
	check(str(1, COMPACT | ASCII, "main", 4), 64, "main");
	check(str(1, COMPACT | ASCII, "", 0), 64, "");
	check(str(1, COMPACT, "\xe9\x7f\x80\xff", 4), 64, "\xc3\xa9\x7f\xc2\x80\xc3\xbf");
	check(str(2, COMPACT, wide, 3), 64, "\xd0\xb6\xe2\x82\xacx");
	check(str(4, COMPACT, widest, 6), 64,
	      "\xf0\x9f\x90\x8d\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
	check(str(2, COMPACT, escaped, 6), 64,
	      "\xff\x80\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	check(str(4, COMPACT, (uint32_t[]){ 0x110000, 0xffffffff }, 2), 64,
	      "\xef\xbf\xbd\xef\xbf\xbd");
}

static void long_strings(void **state)
{
	char want[8192];
	struct str *huge;

	(void)state;
	check(str(1, COMPACT | ASCII, "abcdefg", 7), 8, "abcdefg");
	check(str(1, COMPACT | ASCII, "abcdefgh", 8), 8, "abcd...");
	check(str(1, COMPACT | ASCII, "abcdefgh", 8), 4, "...");
	check(str(1, COMPACT, "ab\xe9\xe9\xe9", 5), 8, "ab\xc3\xa9...");
	check(str(1, COMPACT, "abc\xe9\xe9\xe9", 6), 8, "abc...");
	check(str(1, COMPACT, "a\xe9\xe9\xe9", 4), 8, "a\xc3\xa9\xc3\xa9\xc3\xa9");
	check(str(4, COMPACT, (uint32_t[]){ 0x1f40d, 0x1f40d }, 2), 8, "\xf0\x9f\x90\x8d...");
	/* what it says of its length is not believed beyond the buffer */
	huge = str(4, COMPACT, "", 0);
	for (int i = 0; i < 8192; i++)
		huge->data[i * 4] = 'y';
	huge->length = UINT64_MAX;
	memset(want, 'y', sizeof(want));
	strcpy(want + 8188, "...");
	check(huge, 1 << 16, want);
}

static void damaged_strings(void **state)
{
	struct str *other = str(1, COMPACT | ASCII, "x", 1);
	char buf[16];

	(void)state;
	other->type++;
	refuse(other);
	refuse(str(0, COMPACT, "x", 1));
	refuse(str(3, COMPACT, "xxxxx", 1));
	refuse(str(5, COMPACT, "xxxxx", 1));
	refuse(str(2, COMPACT | ASCII, "xx", 1));
	assert_int_equal(pyobject_str(getpid(), &objects, 0, buf, sizeof(buf)), -EFAULT);
	assert_int_equal(pyobject_str(getpid(), &objects, UINT64_MAX, buf, sizeof(buf)), -EFAULT);
}

/* An instance of a subclass has the address of its characters behind it: PyUnicodeObject. */
static void characters_elsewhere(void **state)
{
	static const char text[] = "elsewhere";
	const uint64_t at = ADDRESS(text);
	struct str *far = str(1, 0, &at, sizeof(at));

	(void)state;
	far->length = strlen(text);
	far->state |= ASCII; /* wherever its characters are */
	check(far, 16, text);
	refuse(str(0, 0, &at, 1));
}

static struct code *new_code(const char *name, struct bytes *table)
{
	struct code *code = test_calloc(1, sizeof(*code));

	*code = (struct code){
		.type = ADDRESS(&code_type),
		.first_line = 7,
		.filename = ADDRESS(str(1, COMPACT | ASCII, "a.py", 4)),
		.name = ADDRESS(str(1, COMPACT | ASCII, name, strlen(name))),
		.linetable = ADDRESS(table),
	};
	code->qualname = code->name;
	return code;
}

static void free_code(struct code *code)
{
	test_free((void *)(uintptr_t)code->filename);
	test_free((void *)(uintptr_t)code->name);
	test_free(code);
}

static void codes(void **state)
{
	struct bytes table = { .type = ADDRESS(&bytes_type), .size = 4,
			       .data = { 0x80, 0x11, 0xdb, 0 } };
	struct code *made = new_code("f", &table);
	struct pycode code;

	(void)state;
	assert_int_equal(pycode_read(getpid(), &layout, &objects, ADDRESS(made), &code), 0);
	assert_string_equal(code.filename, "a.py");
	assert_string_equal(code.name, "f");
	assert_int_equal(code.first_line, 7);
	assert_int_equal(code.linetable_len, 4);
	assert_int_equal(pycode_lasti(&layout, &code, ADDRESS(made->units) + 2), 2);
	assert_int_equal(pycode_line(&code, 0), 7);
	assert_int_equal(pycode_line(&code, 2), 8);
	assert_int_equal(pycode_line(&code, -2), 7);
	pycode_clear(&code);

	table.size = UINT64_MAX;
	assert_int_equal(pycode_read(getpid(), &layout, &objects, ADDRESS(made), &code), -EBADMSG);
	pycode_clear(&code);
	table.size = 4;
	table.type++;
	assert_int_equal(pycode_read(getpid(), &layout, &objects, ADDRESS(made), &code), -EBADMSG);
	pycode_clear(&code);
	made->type++;
	assert_int_equal(pycode_read(getpid(), &layout, &objects, ADDRESS(made), &code), -EBADMSG);
	pycode_clear(&code);
	assert_int_equal(pycode_read(getpid(), &layout, &objects, 1, &code), -EFAULT);
	pycode_clear(&code);
	free_code(made);
}

static void put_piece(struct mw_event_code *copy, enum mw_piece piece, uint8_t *to,
		      const void *from, uint32_t len)
{
	copy->at[piece] = ADDRESS(from);
	copy->len[piece] = len;
	memcpy(to, from, len);
}

/* A copy names the code that was, whatever is there by now. */
static void copied_code(void **state)
{
	struct bytes table = { .type = ADDRESS(&bytes_type), .size = 4,
			       .data = { 0x80, 0x11, 0xdb, 0 } };
	struct code *made = new_code("f", &table);
	struct str *filename = (struct str *)made->filename, *name = (struct str *)made->name;
	struct mw_event_code copy = { .head = { .pid = getpid(), .addr = ADDRESS(made) } };
	struct pycode code;
	bool looked;

	(void)state;
	put_piece(&copy, MW_PIECE_CODE, copy.code, made, sizeof(*made));
	put_piece(&copy, MW_PIECE_FILENAME, copy.filename, filename, 64);
	put_piece(&copy, MW_PIECE_NAME, copy.name, name, 64);
	put_piece(&copy, MW_PIECE_LINETABLE, copy.linetable, &table, 36);
	name->type = table.type = 0;
	made->type = 0;
	assert_int_equal(pycode_take(&copy, &layout, &objects, &code, &looked), 0);
	assert_false(looked);
	assert_string_equal(code.filename, "a.py");
	assert_string_equal(code.name, "f");
	assert_int_equal(code.first_line, 7);
	assert_int_equal(pycode_line(&code, 2), 8);
	pycode_clear(&code);

	copy.len[MW_PIECE_LINETABLE] = 35; /* a byte of the table is missing */
	table.type = ADDRESS(&bytes_type);
	table.data[1] = 0x13;
	assert_int_equal(pycode_take(&copy, &layout, &objects, &code, &looked), 0);
	assert_true(looked);
	pycode_clear(&code);
	copy.len[MW_PIECE_NAME] = 0;
	assert_int_equal(pycode_take(&copy, &layout, &objects, &code, &looked), -EBADMSG);
	pycode_clear(&code);
	free_code(made);
}

static void lasti_by_version(void **state)
{
	struct mw_pylayout old = { .instr = MW_PYINSTR_BYTES };
	const struct pycode code = { .bytecode = 0x1000 };

	(void)state;
	/* the upper half of the word is another field of the frame */
	assert_int_equal(pycode_lasti(&old, &code, 0xabcdef0100000010), 16);
	assert_int_equal(pycode_lasti(&old, &code, 0x00000001ffffffff), -1);
	old.instr = MW_PYINSTR_UNITS;
	assert_int_equal(pycode_lasti(&old, &code, 0xabcdef0100000010), 32);
	assert_int_equal(pycode_lasti(&old, &code, 0x00000001ffffffff), -2);
	old.instr = MW_PYINSTR_POINTER;
	assert_int_equal(pycode_lasti(&old, &code, 0x1010), 16);
	assert_int_equal(pycode_lasti(&old, &code, 0xffe), -2);
}

static void frames(void **state)
{
	struct frame frame[3] = { { .code = 0x1001, .back = ADDRESS(&frame[1]), .instr = 5 },
				  { .code = 0x2000, .back = ADDRESS(&frame[2]), .owner = 3 },
				  { .code = 0x3003, .instr = 6, .owner = 2 } };
	struct tstate tstate = { .frame = ADDRESS(&frame[0]) };
	struct pyframe found[8];

	(void)state;
	assert_int_equal(pystack_frames(getpid(), &layout, ADDRESS(&tstate), found, 8), 2);
	assert_int_equal(found[0].code, 0x1000);
	assert_int_equal(found[0].instr, 5);
	assert_int_equal(found[1].code, 0x3000);
	assert_int_equal(found[1].instr, 6);
	assert_int_equal(pystack_frames(getpid(), &layout, ADDRESS(&tstate), found, 1), 1);
	frame[2].back = ADDRESS(&frame[0]); /* for ever */
	assert_int_equal(pystack_frames(getpid(), &layout, ADDRESS(&tstate), found, 8), 8);
	frame[0].owner = frame[2].owner = 3;
	assert_int_equal(pystack_frames(getpid(), &layout, ADDRESS(&tstate), found, 8), 0);
	frame[2].back = 8;
	assert_int_equal(pystack_frames(getpid(), &layout, ADDRESS(&tstate), found, 8), -EBADMSG);
	tstate.frame = 0;
	assert_int_equal(pystack_frames(getpid(), &layout, ADDRESS(&tstate), found, 8), 0);
}

static void threads(void **state)
{
	static uint8_t pthread[MW_PY_PTHREAD_TID + 4];
	struct interp interp[2] = { { .next = ADDRESS(&interp[1]) }, { 0 } };
	struct tstate tstate[3] = {
		{ .next = ADDRESS(&tstate[1]), .interp = ADDRESS(&interp[0]), .native = getpid() },
		{ .interp = ADDRESS(&interp[0]), .thread = ADDRESS(pthread) },
		{ .interp = ADDRESS(&interp[1]), .native = 1 },
	};
	struct pythread *found;
	const pid_t self = getpid();

	(void)state;
	memcpy(pthread + MW_PY_PTHREAD_TID, &self, sizeof(self));
	interpreters = 0;
	assert_int_equal(pystack_threads(self, &layout, &objects, &found), 0);
	free(found);
	interpreters = ADDRESS(&interp[0]);
	interp[0].threads = ADDRESS(&tstate[0]);
	interp[1].threads = ADDRESS(&tstate[2]);
	assert_int_equal(pystack_threads(self, &layout, &objects, &found), 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(found[i].tstate, ADDRESS(&tstate[i]));
	assert_int_equal(found[0].tid, self); /* by the native id */
	assert_int_equal(found[1].tid, self); /* by the pthread */
	assert_int_equal(found[2].tid, 0);
	free(found);
	tstate[1].next = ADDRESS(&tstate[0]);
	assert_int_equal(pystack_threads(self, &layout, &objects, &found), -EBADMSG);
	tstate[1].next = 0;
	interp[1].next = ADDRESS(&interp[1]);
	assert_int_equal(pystack_threads(self, &layout, &objects, &found), -EBADMSG);
	interp[1].next = 0;
	tstate[2].interp++;
	assert_int_equal(pystack_threads(self, &layout, &objects, &found), -EBADMSG);
	interp[1].threads = 8;
	assert_int_equal(pystack_threads(self, &layout, &objects, &found), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),	cmocka_unit_test(long_strings),
		cmocka_unit_test(damaged_strings), cmocka_unit_test(characters_elsewhere),
		cmocka_unit_test(codes),
		cmocka_unit_test(copied_code),
		cmocka_unit_test(lasti_by_version), cmocka_unit_test(frames),
		cmocka_unit_test(threads),
	};

	objects.interpreters = ADDRESS(&interpreters);
	objects.str_type = ADDRESS(&str_type);
	objects.bytes_type = ADDRESS(&bytes_type);
	objects.code_type = ADDRESS(&code_type);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
