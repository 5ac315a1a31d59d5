// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* json.c - a streaming JSON writer for one object a line. */
#include "base/json.h"

#include <endian.h>

#include "base/fmt.h"

/* Input bytes of a string between two looks at the room left; each can become six. */
#define CHUNK ((size_t)4096)
#define WORST 6
#define WORD  8 /* at most as many are copied beyond what was asked for */

/* Room for a number or what surrounds a value, generously. */
#define SMALL 32

/* The second character of a two-character escape, 0 for the bytes that have none. */
static const char short_escape[0x80] = {
	['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',  ['\f'] = 'f',
	['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\',
};

static void finish(struct json *json, const char *end)
{
	struct out *out = json->out;

	out_put(out, end - (out->buf + out->len));
}

void json_put_open(struct json *json, char bracket)
{
	*out_room(json->out, 1) = bracket;
	out_put(json->out, 1);
	json->comma = false;
}

static void put_close(struct json *json, char bracket)
{
	*out_room(json->out, 1) = bracket;
	out_put(json->out, 1);
	json->comma = true;
}

void json_begin(struct json *json, struct out *out)
{
	json->out = out;
	json->html = false;
	json_put_open(json, '{');
}

void json_end(struct json *json)
{
	put_close(json, '}');
	out_end_line(json->out);
}

void json_object_end(struct json *json)
{
	put_close(json, '}');
}

void json_array_end(struct json *json)
{
	put_close(json, ']');
}

/*
 * The bytes of eight, as their top bits, that cannot be copied as they are: below 0x20,
 * a quote, a backslash, above 0x7e. The lowest bit set is right, others may be wrong
 * (Sean Eron Anderson, Bit Twiddling Hacks, determine if a word has a zero byte).
 */
static inline uint64_t special_bytes(uint64_t word)
{
	const uint64_t each = 0x0101010101010101;
	uint64_t quote = word ^ each * '"', backslash = word ^ each * '\\';
	uint64_t below = word - each * 0x20;

	below |= quote - each;
	below |= backslash - each;
	return (below | word | (word + each)) & each * 0x80;
}

static char *put_u00(char *p, uint8_t c)
{
	static const char digits[] = "0123456789abcdef";

	memcpy(p, "\\u00", 4);
	p[4] = digits[c >> 4];
	p[5] = digits[c & 0xf];
	return p + 6;
}

/* The character at *from, escaped when it must be; at most WORST times its bytes. */
static char *put_special(char *p, const char **from, const char *end)
{
	uint8_t c = (uint8_t)(*from)[0];
	size_t n;

	if (c < 0x80) {
		*from += 1;
		if (!short_escape[c])
			return put_u00(p, c);
		p[0] = '\\';
		p[1] = short_escape[c];
		return p + 2;
	}
	n = fmt_utf8(*from, end);
	if (n == 0) {
		*from += 1;
		put_u00(p, c);
		memcpy(p + 2, "dc", 2);
		return p + 6;
	}
	if (c == 0xc2 && (uint8_t)(*from)[1] < 0xa0) {
		p = put_u00(p, (uint8_t)(*from)[1]);
		*from += 2;
		return p;
	}
	memcpy(p, *from, n);
	*from += n;
	return p + n;
}

/*
 * Copy and escape from *from until at or, with the last character, just behind stop;
 * the text ends at end. Eight bytes are stored even when not all of them are wanted.
 */
static char *put_text(char *p, const char **text, const char *stop, const char *end)
{
	const char *from = *text;

	while (from < stop) {
		uint64_t word, special;

		if (end - from < 8) {
			uint8_t c = (uint8_t)*from;

			if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
				*p++ = *from++;
			else
				p = put_special(p, &from, end);
			continue;
		}
		memcpy(&word, from, 8);
		memcpy(p, &word, 8);
		special = special_bytes(le64toh(word));
		if (!special) {
			from += 8;
			p += 8;
			continue;
		}
		from += __builtin_ctzll(special) / 8;
		p += __builtin_ctzll(special) / 8;
		p = put_special(p, &from, end);
	}
	*text = from;
	return p;
}

/* memchr, but for the result of a search that is not made. */
static const char *find_less(const char *text, size_t len)
{
	return len ? memchr(text, '<', len) : NULL;
}

void json_put_str(struct json *json, const char *value, size_t len)
{
	const char *end = value + len;
	char *p = out_room(json->out, 1);

	*p = '"';
	out_put(json->out, 1);
	do {
		size_t left = end - value, n = left < CHUNK ? left : CHUNK;
		const char *less = json->html ? find_less(value, n + WORD < left ? n + WORD : left)
					      : NULL;

		p = out_room(json->out, (n + WORD) * WORST + SMALL);
		p = put_text(p, &value, less && less < value + n ? less : value + n,
			     less ? less : end);
		if (value == less)
			p = put_u00(p, *value++);
		if (value == end)
			*p++ = '"';
		finish(json, p);
	} while (value < end);
}

void json_put_u64(struct json *json, uint64_t value)
{
	out_put(json->out, fmt_u64(out_room(json->out, SMALL), value));
}

void json_put_i64(struct json *json, int64_t value)
{
	char *p = out_room(json->out, SMALL);

	*p = '-';
	p += value < 0;
	finish(json, p + fmt_u64(p, value < 0 ? -(uint64_t)value : (uint64_t)value));
}

void json_put_hex(struct json *json, uint64_t value)
{
	char *p = out_room(json->out, SMALL);

	*p++ = '"';
	p += fmt_hex(p, value);
	*p++ = '"';
	finish(json, p);
}

void json_put_word(struct json *json, const char *word)
{
	size_t len = strlen(word);

	memcpy(out_room(json->out, len), word, len);
	out_put(json->out, len);
}
