// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyvalue.c - what an object is worth, in few words. */
#include "cpython/pyvalue.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "cpython/pyenum.h"
#include "place/pyobject.h"
#include "target/mem.h"

#define WORD	   8
#define CHARACTER  11 /* of it, with a NUL, as repr() has it: \\U000e0001 */
#define TEXT_MOST  48 /* bytes of a str or bytes that are shown */
#define DIGITS_ALL 17 /* of a double: enough to tell it from any other */
#define ITEMS_MAX  (1ull << 48)
#define BASES_MAX  64 /* of a type, one the base of the other */

/*
 * Floats are written with as few digits as lead back to them, with an exponent below 1e-4
 * and from 1e16 on: float_repr_style 'short', Python/pystrtod.c.
 */
static void write_double(double value, bool dot, char text[PYVALUE_TEXT])
{
	int digits = 1, exponent;
	const char *e;

	if (!isfinite(value)) {
		snprintf(text, PYVALUE_TEXT, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
		return;
	}
	do
		snprintf(text, PYVALUE_TEXT, "%.*e", digits - 1, value);
	while (strtod(text, NULL) != value && digits++ < DIGITS_ALL);
	e = strchr(text, 'e');
	exponent = e ? atoi(e + 1) : 0;
	if (exponent >= -4 && exponent < 16)
		snprintf(text, PYVALUE_TEXT, "%.*f%s",
			 digits - 1 > exponent ? digits - 1 - exponent : 0, value,
			 dot && digits - 1 <= exponent ? ".0" : "");
}

void pyvalue_double(double value, char text[PYVALUE_TEXT])
{
	write_double(value, true, text);
}

static void value_int(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT])
{
	struct pyints ints = cpython->ints;
	struct pyint value;

	ints.type = obj->type->addr; /* of a subclass, too */
	pyint_read(cpython->pid, &ints, obj->addr, &value);
	if (value.state != PYINT_KNOWN)
		return;
	if (value.decimals)
		snprintf(text, PYVALUE_TEXT, "%.40s (%llu digits)", value.text,
			 (unsigned long long)value.decimals);
	else
		snprintf(text, PYVALUE_TEXT, "%s", value.text);
}

static void value_bool(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT])
{
	value_int(cpython, obj, text);
	if (text[0])
		strcpy(text, strcmp(text, "0") ? "True" : "False");
}

static void value_float(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT])
{
	double value; /* ob_fval */

	if (!cpython_read(cpython, obj->addr + cpython->head, &value, sizeof(value)))
		write_double(value, true, text);
}

static void value_complex(struct cpython *cpython, const struct pyobj *obj,
			  char text[PYVALUE_TEXT])
{
	char real[PYVALUE_TEXT], imag[PYVALUE_TEXT];
	double value[2]; /* cval */

	if (cpython_read(cpython, obj->addr + cpython->head, value, sizeof(value)))
		return;
	write_double(value[0], false, real);
	write_double(value[1], false, imag);
	if (value[0] == 0 && !signbit(value[0]))
		snprintf(text, PYVALUE_TEXT, "%.40sj", imag);
	else
		snprintf(text, PYVALUE_TEXT, "(%.40s%s%.40sj)", real,
			 imag[0] == '-' ? "" : "+", imag);
}

/* One character as repr() writes it between these quotes; its bytes are taken. */
static size_t put_character(char to[CHARACTER], const char **p, const char *end, char quote)
{
	static const char escapes[] = "\t" "t\n" "n\r" "r";
	const uint8_t c = **p;
	const size_t n = fmt_utf8(*p, end);
	const uint32_t hidden = fmt_hidden(*p, n);
	const char *escape = n == 1 ? memchr(escapes, c, sizeof(escapes) - 1) : NULL;

	*p += n ? n : 1;
	if (!n) /* surrogateescape, PEP 383 */
		return snprintf(to, CHARACTER, "\\udc%02x", c);
	if (escape && (escape - escapes) % 2 == 0)
		return snprintf(to, CHARACTER, "\\%c", escape[1]);
	if (c == '\\' || c == quote)
		return snprintf(to, CHARACTER, "\\%c", c);
	if (c < ' ' || c == 0x7f)
		return snprintf(to, CHARACTER, "\\x%02x", c);
	if (c == 0xc2 && (uint8_t)(*p)[-1] < 0xa0) /* C1, which a terminal obeys */
		return snprintf(to, CHARACTER, "\\x%02x", (uint8_t)(*p)[-1]);
	if (hidden)
		return snprintf(to, CHARACTER, hidden < 0x100 ? "\\x%02x" :
				hidden < 0x10000 ? "\\u%04x" : "\\U%08x", hidden);
	memcpy(to, *p - n, n);
	return n;
}

/* In quotes as repr() chooses them. */
static void put_repr(const char *part, char text[PYVALUE_TEXT])
{
	const char quote = strchr(part, '\'') && !strchr(part, '"') ? '"' : '\'';
	const char *end = part + strlen(part);
	size_t len = 0;

	text[len++] = quote;
	while (part < end && len < PYVALUE_TEXT - CHARACTER - 5)
		len += put_character(text + len, &part, end, quote);
	snprintf(text + len, PYVALUE_TEXT - len, "%s%c", part < end ? "..." : "", quote);
}

static void value_str(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT])
{
	struct pyobjects objects = cpython->objects;
	char part[TEXT_MOST];

	objects.str_type = obj->type->addr; /* of a subclass, too */
	if (pyobject_str(cpython->pid, &objects, obj->addr, part, sizeof(part)) >= 0)
		put_repr(part, text);
}

/* One byte as in a bytes literal. */
static size_t put_byte(char *to, size_t cap, uint8_t byte)
{
	if (byte == '\\' || byte == '\'')
		return snprintf(to, cap, "\\%c", byte);
	if (byte >= ' ' && byte < 0x7f)
		return snprintf(to, cap, "%c", byte);
	return snprintf(to, cap, "\\x%02x", byte);
}

static void value_bytes(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT])
{
	const uint64_t size = cpython_word(cpython, obj->addr + cpython->objects.size);
	const size_t n = size < TEXT_MOST ? size : TEXT_MOST;
	uint8_t bytes[TEXT_MOST];
	size_t len = 2, i = 0;

	if (n && cpython_read(cpython, obj->addr + cpython->objects.bytes_data, bytes, n))
		return;
	strcpy(text, "b'");
	for (; i < n && len < PYVALUE_TEXT - 9; i++)
		len += put_byte(text + len, PYVALUE_TEXT - len, bytes[i]);
	strcpy(text + len, i < size ? "'..." : "'");
}

static void put_count(char text[PYVALUE_TEXT], uint64_t n, const char *what)
{
	if (n < ITEMS_MAX)
		snprintf(text, PYVALUE_TEXT, "%llu %s%s", (unsigned long long)n, what,
			 n == 1 ? "" : "s");
}

/* ob_size, and ma_used of a dict, which lies there, too */
static void value_sized(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT])
{
	put_count(text, cpython_word(cpython, obj->addr + cpython->objects.size), "item");
}

static void value_bytearray(struct cpython *cpython, const struct pyobj *obj,
			    char text[PYVALUE_TEXT])
{
	put_count(text, cpython_word(cpython, obj->addr + cpython->objects.size), "byte");
}

/* fill, then used: PySetObject, Include/setobject.h, from 3.9 Include/cpython/setobject.h */
static void value_set(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT])
{
	put_count(text, cpython_word(cpython, obj->addr + cpython->head + WORD), "item");
}

/* A name that is a str object, whose address is in a field. */
static void put_name(struct cpython *cpython, uint64_t field, char text[PYVALUE_TEXT])
{
	char name[PYVALUE_TEXT];

	if (pyobject_str(cpython->pid, &cpython->objects, cpython_word(cpython, field), name,
			 sizeof(name)) >= 0)
		fmt_safe(text, PYVALUE_TEXT, name);
}

static void value_function(struct cpython *cpython, const struct pyobj *obj,
			   char text[PYVALUE_TEXT])
{
	put_name(cpython, obj->addr + cpython->fields.function_name, text);
}

/* im_func, the first field: Include/classobject.h, from 3.11 Include/cpython/classobject.h */
static void value_method(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT])
{
	struct pyobj function;

	if (!pyobj_read(cpython, cpython_word(cpython, obj->addr + cpython->head), &function) &&
	    function.type->id == PYTYPE_FUNCTION)
		value_function(cpython, &function, text);
}

static void value_module(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT])
{
	put_name(cpython, obj->addr + cpython->fields.module_name, text);
}

static void value_generator(struct cpython *cpython, const struct pyobj *obj,
			    char text[PYVALUE_TEXT])
{
	put_name(cpython, obj->addr + cpython->fields.generator_name, text);
}

static void value_code(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT])
{
	const struct mw_pylayout *layout = &cpython->layout;

	put_name(cpython,
		 obj->addr + (layout->code_qualname ? layout->code_qualname : layout->code_name),
		 text);
}

/* m_ml, whose first field is ml_name: Include/methodobject.h */
static void value_builtin(struct cpython *cpython, const struct pyobj *obj,
			  char text[PYVALUE_TEXT])
{
	const uint64_t method = cpython_word(cpython, obj->addr + cpython->head);

	char name[PYVALUE_TEXT];

	if (!mem_read_string(cpython->pid, cpython_word(cpython, method), name, sizeof(name)))
		fmt_safe(text, PYVALUE_TEXT, name);
}

static void value_type(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT])
{
	const struct pytype *type = pytype_get(cpython, obj->addr);

	if (type)
		fmt_safe(text, PYVALUE_TEXT, type->name);
}

/* wr_object, the first field: None when that has ended. Include/cpython/weakrefobject.h */
static void value_weakref(struct cpython *cpython, const struct pyobj *obj,
			  char text[PYVALUE_TEXT])
{
	char name[PYVALUE_TEXT];
	struct pyobj of;

	if (pyobj_read(cpython, cpython_word(cpython, obj->addr + cpython->head), &of))
		return;
	if (!strcmp(of.type->name, "NoneType"))
		strcpy(text, "dead");
	else
		snprintf(text, PYVALUE_TEXT, "to %.60s at 0x%llx",
			 fmt_safe(name, sizeof(name), of.type->name), (unsigned long long)of.addr);
}

/* start, stop, step: rangeobject, Objects/rangeobject.c */
static void value_range(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT])
{
	struct pyint part[3];

	for (int i = 0; i < 3; i++)
		pyint_read(cpython->pid, &cpython->ints,
			   cpython_word(cpython, obj->addr + cpython->head + i * WORD), &part[i]);
	if (part[0].state == PYINT_KNOWN && part[1].state == PYINT_KNOWN &&
	    part[2].state == PYINT_KNOWN)
		snprintf(text, PYVALUE_TEXT, "range(%.25s, %.25s, %.25s)", part[0].text,
			 part[1].text, part[2].text);
}

static void (*const values[PYTYPES])(struct cpython *, const struct pyobj *, char[PYVALUE_TEXT]) = {
#define PYTYPE(id, symbol, value) [PYTYPE_##id] = value,
#include "cpython/pytypes.def"
#undef PYTYPE
};

/* The objects of which there is one each: their types are not exported in all versions. */
static const struct {
	const char *type, *value;
} singletons[] = {
	{ "NoneType", "None" },
	{ "ellipsis", "Ellipsis" },
	{ "NotImplementedType", "NotImplemented" },
};

/* An instance of a subclass is laid out as one of its base is, in front of what it adds. */
static enum pytype_id kind_of(struct cpython *cpython, const struct pytype *type)
{
	for (int base = 0; type && base < BASES_MAX; base++) {
		if (type->id != PYTYPES)
			return type->id;
		type = type->base ? pytype_get(cpython, type->base) : NULL;
	}
	return PYTYPES;
}

void pyvalue_text(struct cpython *cpython, const struct pyobj *obj, char text[PYVALUE_TEXT])
{
	const enum pytype_id kind = kind_of(cpython, obj->type);
	uint64_t type;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(singletons) / sizeof(*singletons); i++)
		if (!strcmp(obj->type->name, singletons[i].type))
			strcpy(text, singletons[i].value);
	if (pyenum_is(cpython, obj->type))
		pyenum_text(cpython, obj, text);
	else if (kind != PYTYPES && values[kind])
		values[kind](cpython, obj, text);
	else
		return;
	/* still that object, or one like it? */
	type = cpython_word(cpython, obj->addr + cpython->objects.type_of);
	if (type != obj->type->addr)
		text[0] = '\0';
}
