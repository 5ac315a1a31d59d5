/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * json.h - a streaming JSON writer for one object a line.
 *
 * Commas are its business. Strings from a target are made safe: quotes, backslashes and
 * control characters (C0, DEL, C1: the line may be shown on a terminal) are escaped,
 * bytes that are not valid UTF-8 become \udcXX (Python's surrogateescape), so nothing
 * is lost and the line is valid. A line is one object, from json_begin to json_end;
 * nesting is not checked.
 */
#ifndef MWBPF_JSON_H
#define MWBPF_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/out.h"

struct json {
	struct out *out;
	bool comma; /* the next value needs one before it */
	bool html;  /* it stands in an HTML script element, which a < could end: escaped too */
};

void json_begin(struct json *json, struct out *out); /* { of a new line */
void json_end(struct json *json);		     /* } and the newline */

void json_object_end(struct json *json);
void json_array_end(struct json *json);

/* A value, after json_key; the functions below do both. */
void json_put_open(struct json *json, char bracket);
void json_put_str(struct json *json, const char *value, size_t len);
void json_put_u64(struct json *json, uint64_t value);
void json_put_i64(struct json *json, int64_t value);
void json_put_hex(struct json *json, uint64_t value);
void json_put_word(struct json *json, const char *word); /* true, false, null */

/*
 * The comma and the key. Inline, so that the length of a literal is known and its copy
 * is two moves: a line of 16 fields and 293 bytes takes 117 ns, with calls to strlen and
 * memcpy 170 (gcc 12 -O2).
 */
static inline __attribute__((always_inline)) void json_key(struct json *json, const char *key)
{
	size_t len = key ? strlen(key) : 0;
	char *start = out_room(json->out, len + 4), *p = start;

	*p = ',';
	p += json->comma;
	json->comma = true;
	if (key) {
		*p++ = '"';
		memcpy(p, key, len);
		p += len;
		*p++ = '"';
		*p++ = ':';
	}
	out_put(json->out, p - start);
}

/* key is a plain literal and is not escaped; NULL inside an array. */
static inline void json_object(struct json *json, const char *key)
{
	json_key(json, key);
	json_put_open(json, '{');
}

static inline void json_array(struct json *json, const char *key)
{
	json_key(json, key);
	json_put_open(json, '[');
}

/* Members in words, with their keys and without a comma in front. */
static inline void json_members(struct json *json, const char *text, size_t len)
{
	char *start = out_room(json->out, len + 1);

	*start = ',';
	memcpy(start + json->comma, text, len);
	out_put(json->out, len + json->comma);
	json->comma = true;
}

/*
 * A hole for members, to be filled by out_fill: len bytes at most, or otherwise, both with
 * their keys and without a comma in front. For the second member of an object or a later one.
 */
static inline uint64_t json_hole(struct json *json, size_t len, const char *otherwise)
{
	char *start = out_room(json->out, len + 1);
	uint64_t hole = out_hole(json->out, 1, len, otherwise);

	*start = ',';
	memset(start + 1, 0, len);
	out_put(json->out, len + 1);
	return hole;
}

static inline void json_null(struct json *json, const char *key)
{
	json_key(json, key);
	json_put_word(json, "null");
}

static inline void json_bool(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_put_word(json, value ? "true" : "false");
}

/* A NULL value is null. */
static inline void json_strn(struct json *json, const char *key, const char *value, size_t len)
{
	json_key(json, key);
	if (value)
		json_put_str(json, value, len);
	else
		json_put_word(json, "null");
}

static inline void json_str(struct json *json, const char *key, const char *value)
{
	json_strn(json, key, value, value ? strlen(value) : 0);
}

static inline void json_u64(struct json *json, const char *key, uint64_t value)
{
	json_key(json, key);
	json_put_u64(json, value);
}

static inline void json_i64(struct json *json, const char *key, int64_t value)
{
	json_key(json, key);
	json_put_i64(json, value);
}

/* "0x1f" */
static inline void json_hex(struct json *json, const char *key, uint64_t value)
{
	json_key(json, key);
	json_put_hex(json, value);
}

#endif
