// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* smallints.c - the ints an interpreter makes once and for all. */
#include "cpython/smallints.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define WORD	      8
#define STRIDE_MOST   48	  /* bytes of an object: PyObject, a word of size, one digit */
#define MOST	      4096	  /* ints */
#define LEAST	      100	  /* fewer that follow each other are there by chance */
#define STATE_MAX     (64 << 10)  /* bytes of an interpreter's state looked through */
#define DATA_MAX      (64 << 20)  /* bytes of an image's data */
#define INTERPRETERS_MAX 1024

/* A small int as it lies in memory, from ob_type on. */
struct object {
	uint64_t type, size;
	uint32_t digit;
};

static uint64_t stride(const struct cpython *cpython)
{
	return cpython->head + 2 * WORD;
}

/* Whether it is the one of this value. lv_tag from 3.12: pyint.h; bit 2 is set from 3.14 on. */
static bool is_int(const struct cpython *cpython, const struct object *object, int value)
{
	const uint32_t digit = value < 0 ? -value : value;
	uint64_t size = value < 0 ? (uint64_t)-1 : value > 0;

	if (object->type != cpython->ints.type || object->digit != digit)
		return false;
	if (!cpython->ints.tagged)
		return object->size == size;
	size = value < 0 ? 1 << 3 | 2 : value ? 1 << 3 : 1;
	return (object->size & ~4ull) == size;
}

/* How many ints from -5 on follow each other in bytes. */
static uint32_t count_array(const struct cpython *cpython, const uint8_t *bytes, size_t len)
{
	const uint64_t each = stride(cpython);
	struct object object;
	uint32_t n = 0;

	for (; n < MOST && (n + 1) * each <= len; n++) {
		memcpy(&object, bytes + n * each + cpython->objects.type_of, sizeof(object));
		if (!is_int(cpython, &object, SMALLINTS_FIRST + (int)n))
			break;
	}
	return n;
}

static bool look_through(struct cpython *cpython, uint64_t start, uint64_t len,
			 struct smallints *ints)
{
	uint8_t *bytes = len < DATA_MAX ? malloc(len + 1) : NULL;
	bool found = false;

	if (bytes && !cpython_read(cpython, start, bytes, len))
		for (uint64_t at = 0; at + STRIDE_MOST <= len && !found; at += WORD) {
			const uint32_t n = count_array(cpython, bytes + at, len - at);

			found = n >= LEAST;
			if (found)
				*ints = (struct smallints){ .table = start + at,
							    .n = n,
							    .lowest = start + at,
							    .end = start + at + n * stride(cpython),
							    .bytes = n * stride(cpython) };
		}
	free(bytes);
	return found;
}

/*
 * In the data of the image; from 3.11 behind the start of _PyRuntime, as there is another
 * array, which it was made from. Data and bss touch: an array may lie in both.
 */
static bool find_array(struct cpython *cpython, struct segments *segments, struct smallints *ints)
{
	const uint64_t from = cpython->minor >= 11 ? cpython_symbol(cpython, "_PyRuntime") : 0;

	for (size_t i = 0; i < segments->n; i++) {
		const struct segment *at = &segments->at[i];
		uint64_t start = (at->start + WORD - 1) & -WORD, end = at->end;

		if ((at->kind != SEGMENT_DATA && at->kind != SEGMENT_BSS) ||
		    !(at->prot & PROT_WRITE) || strcmp(at->name, cpython->image->path))
			continue;
		if (i + 1 < segments->n && at[1].start == end && at[1].kind == SEGMENT_BSS &&
		    !strcmp(at[1].name, at->name))
			end = at[1].end;
		if (start < from)
			start = from;
		if (start < end && look_through(cpython, start, end - start, ints))
			return true;
	}
	return false;
}

/* How many pointers in a row lead to ints from -5 on; their bounds are noted. */
static uint32_t count_pointers(struct cpython *cpython, const uint64_t *words, size_t len,
			       struct smallints *ints)
{
	struct object object;
	uint32_t n = 0;

	ints->lowest = UINT64_MAX;
	ints->end = 0;
	for (; n < len && n < MOST; n++) {
		/* most words are no addresses: -5 is asked for first */
		if (words[n] < MOST || words[n] % WORD ||
		    cpython_read(cpython, words[n] + cpython->objects.type_of, &object,
				 sizeof(object)) ||
		    !is_int(cpython, &object, SMALLINTS_FIRST + (int)n))
			break;
		if (words[n] < ints->lowest)
			ints->lowest = words[n];
		if (words[n] + stride(cpython) > ints->end)
			ints->end = words[n] + stride(cpython);
	}
	return n;
}

/* The list of interpreters ends with the main one. */
static uint64_t main_interpreter(const struct cpython *cpython)
{
	uint64_t interp = cpython_word(cpython, cpython->objects.interpreters), next;

	for (int i = 0; interp && i < INTERPRETERS_MAX; i++, interp = next) {
		next = cpython_word(cpython, interp + cpython->objects.interp_next);
		if (!next)
			return interp;
	}
	return 0;
}

static bool find_pointers(struct cpython *cpython, struct smallints *ints)
{
	const uint64_t interp = main_interpreter(cpython);
	uint64_t *words = malloc(STATE_MAX);
	bool found = false;
	size_t len = STATE_MAX;

	/* the state ends somewhere before: as much as there is */
	while (words && len >= 4096 && cpython_read(cpython, interp, words, len))
		len /= 2;
	for (size_t i = 0; words && len >= 4096 && i < len / WORD && !found; i++) {
		const uint32_t n =
			count_pointers(cpython, words + i, len / WORD - i, ints);

		found = n >= LEAST;
		if (!found)
			continue;
		ints->table = interp + i * WORD;
		ints->pointers = true;
		ints->n = n;
		ints->bytes = n * (stride(cpython) + WORD);
	}
	free(words);
	return found;
}

bool smallints_find(struct cpython *cpython, struct segments *segments, struct smallints *ints)
{
	*ints = (struct smallints){ 0 };
	if (cpython->minor == 9 || cpython->minor == 10)
		return find_pointers(cpython, ints);
	return find_array(cpython, segments, ints);
}
