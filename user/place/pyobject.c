// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyobject.c - objects of a CPython, read from its process while it runs. */
#include "place/pyobject.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "place/pyline.h"
#include "target/mem.h"

#define STR_MAX	  8192		/* bytes of a name worth reading */
#define TABLE_MAX (16U << 20)	/* bytes of a line table worth reading */
#define HEAD_MAX  128		/* bytes before the data of a str or bytes object */
#define CODE_MAX  512		/* bytes before the code units of a code object */
#define UTF8_MAX  4		/* bytes of a character */
#define REPLACEMENT 0xfffd

/* PyASCIIObject.state, from its kind on: Include/cpython/unicodeobject.h (3.6 to 3.15). */
#define STATE_KIND(bits)    ((bits) & 7)
#define STATE_COMPACT(bits) ((bits) >> 3 & 1)
#define STATE_ASCII(bits)   ((bits) >> 4 & 1)

/* Where bytes are read from: a process, but what was copied of it before. */
struct memory {
	pid_t pid;
	const struct mw_event_code *copy; /* NULL: nothing was */
	bool looked;			  /* at the process */
};

struct str_head {
	uint64_t length; /* characters */
	uint64_t data;	 /* address */
	unsigned kind;	 /* bytes a character: 1, 2 or 4 */
};

static uint64_t word_at(const uint8_t *bytes, size_t offset)
{
	uint64_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

static uint32_t half_at(const uint8_t *bytes, size_t offset)
{
	uint32_t half;

	memcpy(&half, bytes + offset, sizeof(half));
	return half;
}

static const size_t pieces[MW_PIECES] = {
	[MW_PIECE_CODE] = offsetof(struct mw_event_code, code),
	[MW_PIECE_FILENAME] = offsetof(struct mw_event_code, filename),
	[MW_PIECE_NAME] = offsetof(struct mw_event_code, name),
	[MW_PIECE_LINETABLE] = offsetof(struct mw_event_code, linetable),
};

/* 0, or as mem_read. */
static int read_memory(struct memory *memory, uint64_t addr, void *buf, size_t len)
{
	const struct mw_event_code *copy = memory->copy;

	for (size_t i = 0; copy && i < MW_PIECES; i++) {
		const uint64_t skip = addr - copy->at[i];

		if (skip <= copy->len[i] && len <= copy->len[i] - skip) {
			memcpy(buf, (const uint8_t *)copy + pieces[i] + skip, len);
			return 0;
		}
	}
	memory->looked = true;
	return mem_read(memory->pid, addr, buf, len);
}

static int read_head(struct memory *memory, const struct pyobjects *o, uint64_t object,
		     struct str_head *str)
{
	uint8_t head[HEAD_MAX];
	uint32_t state;
	int error = 0;

	if (o->str_ascii > sizeof(head) || o->str_length + 8U > o->str_ascii ||
	    o->str_state + 4U > o->str_ascii || o->type_of + 8U > o->str_ascii)
		return -EBADMSG;
	error = read_memory(memory, object, head, o->str_ascii);
	if (error)
		return error;
	state = half_at(head, o->str_state) >> o->str_kind_shift;
	*str = (struct str_head){
		.length = word_at(head, o->str_length),
		.data = object + (STATE_ASCII(state) ? o->str_ascii : o->str_compact),
		.kind = STATE_KIND(state),
	};
	if (word_at(head, o->type_of) != o->str_type)
		return -EBADMSG;
	/* PyUnicodeObject.data: an instance of a subclass has its characters elsewhere */
	if (!STATE_COMPACT(state))
		error = read_memory(memory, object + o->str_compact, &str->data,
				    sizeof(str->data));
	if (error)
		return error;
	if (str->kind != 1 && str->kind != 2 && str->kind != 4)
		return -EBADMSG;
	return STATE_ASCII(state) && str->kind != 1 ? -EBADMSG : 0;
}

static uint32_t character(const uint8_t *data, size_t index, unsigned kind)
{
	uint32_t c = 0;

	memcpy(&c, data + index * kind, kind);
	return c;
}

/* Bytes of a character in UTF-8: 1 to 4. */
static size_t utf8(char out[UTF8_MAX], uint32_t c)
{
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n;

	if (c >= 0xdc80 && c <= 0xdcff) { /* surrogateescape, PEP 383 */
		out[0] = (char)(c & 0xff);
		return 1;
	}
	if (!c || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = REPLACEMENT;
	n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(lead[n == 1 ? 0 : n] | c);
	return n;
}

/* Encode n characters; when they do not all fit, what does ends in dots. */
static void encode(const uint8_t *data, size_t n, unsigned kind, char *buf, size_t cap)
{
	static const char dots[] = "...";
	size_t len = 0, cut = 0; /* cut: where the dots can go */

	for (size_t i = 0; i < n; i++) {
		char bytes[UTF8_MAX];
		const size_t more = utf8(bytes, character(data, i, kind));

		if (len + more >= cap) {
			memcpy(buf + cut, dots, sizeof(dots));
			return;
		}
		memcpy(buf + len, bytes, more);
		len += more;
		if (len + sizeof(dots) <= cap)
			cut = len;
	}
	buf[len] = '\0';
}

static int read_str(struct memory *memory, const struct pyobjects *objects, uint64_t object,
		    char *buf, size_t cap)
{
	uint8_t data[STR_MAX * 4];
	struct str_head str;
	int error;

	if (cap < 4)
		return -EINVAL;
	buf[0] = '\0';
	if (cap > STR_MAX)
		cap = STR_MAX;
	error = read_head(memory, objects, object, &str);
	if (error)
		return error;
	if (str.length > cap) /* a character is a byte at least: this is enough to be cut */
		str.length = cap;
	error = str.length ? read_memory(memory, str.data, data, str.length * str.kind) : 0;
	if (error)
		return error;
	encode(data, str.length, str.kind, buf, cap);
	return (int)strlen(buf);
}

int pyobject_str(pid_t pid, const struct pyobjects *objects, uint64_t object, char *buf, size_t cap)
{
	struct memory memory = { .pid = pid };

	return read_str(&memory, objects, object, buf, cap);
}

static int read_bytes(struct memory *memory, const struct pyobjects *o, uint64_t object,
		      struct pycode *code)
{
	uint8_t head[HEAD_MAX];
	uint64_t len;
	int error;

	if (o->bytes_data > sizeof(head) || o->size + 8U > o->bytes_data ||
	    o->type_of + 8U > o->bytes_data)
		return -EBADMSG;
	error = read_memory(memory, object, head, o->bytes_data);
	if (error)
		return error;
	len = word_at(head, o->size);
	if (word_at(head, o->type_of) != o->bytes_type || len > TABLE_MAX)
		return -EBADMSG;
	code->linetable = malloc(len + 1);
	if (!code->linetable)
		return -ENOMEM;
	code->linetable_len = len;
	return len ? read_memory(memory, object + o->bytes_data, code->linetable, len) : 0;
}

/* Bytes from the start of a code object that hold all that is read of it; 0: too many. */
static size_t head_of(const struct mw_pylayout *layout)
{
	const uint16_t fields[] = { layout->code_first_line, layout->code_filename,
				    layout->code_name,	     layout->code_qualname,
				    layout->code_linetable,  layout->type_of };
	size_t end = 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (fields[i] + 8U > end)
			end = fields[i] + 8U;
	return end <= CODE_MAX ? end : 0;
}

static int read_code(struct memory *memory, const struct mw_pylayout *layout,
		     const struct pyobjects *objects, uint64_t addr, struct pycode *code)
{
	const uint16_t name = layout->code_qualname ? layout->code_qualname : layout->code_name;
	const size_t len = head_of(layout);
	uint8_t head[CODE_MAX];
	int error;

	code->addr = addr;
	code->version = layout->version;
	code->bytecode = addr + layout->code_bytecode;
	code->name[0] = code->filename[0] = '\0';
	code->linetable = NULL;
	code->linetable_len = 0;
	error = len ? read_memory(memory, addr, head, len) : -EBADMSG;
	if (error)
		return error;
	if (word_at(head, layout->type_of) != objects->code_type)
		return -EBADMSG;
	code->first_line = (int)half_at(head, layout->code_first_line);
	error = read_str(memory, objects, word_at(head, layout->code_filename), code->filename,
			 sizeof(code->filename));
	if (error >= 0)
		error = read_str(memory, objects, word_at(head, name), code->name,
				 sizeof(code->name));
	if (error < 0)
		return error;
	return read_bytes(memory, objects, word_at(head, layout->code_linetable), code);
}

int pycode_read(pid_t pid, const struct mw_pylayout *layout, const struct pyobjects *objects,
		uint64_t addr, struct pycode *code)
{
	struct memory memory = { .pid = pid };

	return read_code(&memory, layout, objects, addr, code);
}

int pycode_take(const struct mw_event_code *copy, const struct mw_pylayout *layout,
		const struct pyobjects *objects, struct pycode *code, bool *looked)
{
	struct memory memory = { .pid = copy->head.pid, .copy = copy };
	int error = read_code(&memory, layout, objects, copy->head.addr, code);

	*looked = memory.looked;
	return error;
}

void pycode_clear(struct pycode *code)
{
	free(code->linetable);
	code->linetable = NULL;
	code->linetable_len = 0;
}

int64_t pycode_lasti(const struct mw_pylayout *layout, const struct pycode *code, uint64_t instr)
{
	switch (layout->instr) {
	case MW_PYINSTR_BYTES: return (int32_t)instr;
	case MW_PYINSTR_UNITS: return (int64_t)(int32_t)instr * 2;
	default: return (int64_t)(instr - code->bytecode);
	}
}

int64_t pycode_line(const struct pycode *code, int64_t lasti)
{
	return pyline(code->version, code->linetable, code->linetable_len, code->first_line, lasti);
}
