// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* names.c - what a frame is called, and numbers for frames that are called the same. */
#include "format/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *name_of(const struct frame *frame, char text[NAME_ROOM])
{
	if (frame->function)
		return frame->function;
	if (frame->object)
		snprintf(text, NAME_ROOM, "%s+0x%llx", base_name(frame->object),
			 (unsigned long long)frame->offset);
	else
		snprintf(text, NAME_ROOM, "0x%llx", (unsigned long long)frame->addr);
	return text;
}

/* The number that a frame without a function is called by. */
static uint64_t number_in_name(const struct frame *frame)
{
	return frame->function ? 0 : frame->object ? frame->offset : frame->addr;
}

/* FNV-1a, 64 bits (RFC 9923), over a string and its NUL; NULL is not "". */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	if (!text)
		return hash_mix(hash);
	do
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL;
	while (*text++);
	return hash;
}

static uint64_t hash_frame(const struct frame *frame)
{
	uint64_t hash = 0xcbf29ce484222325ULL + frame->language;

	hash = hash_text(hash, frame->function);
	hash = hash_text(hash, frame->file);
	hash = hash_text(hash, frame->object);
	hash = hash_mix(hash ^ (uint64_t)frame->line);
	return hash_mix(hash ^ number_in_name(frame));
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool is_same(const struct frame *a, const struct frame *b)
{
	return a == b || (a->language == b->language && a->line == b->line &&
			  number_in_name(a) == number_in_name(b) &&
			  same_text(a->function, b->function) && same_text(a->file, b->file) &&
			  same_text(a->object, b->object));
}

static bool make_room(struct names *names)
{
	size_t cap = names->cap ? 2 * names->cap : 256;
	const struct frame **frames;
	uint32_t *next;

	if (names->n < names->cap)
		return true;
	frames = reallocarray(names->frames, cap, sizeof(*frames));
	if (frames)
		names->frames = frames;
	next = reallocarray(names->next, cap, sizeof(*next));
	if (next)
		names->next = next;
	if (!frames || !next)
		return false;
	names->cap = cap;
	return true;
}

int64_t names_number(struct names *names, const struct frame *frame)
{
	uint64_t key = hash_frame(frame);
	size_t first = (size_t)hash_get(&names->by_content, key);

	for (size_t at = first; at; at = names->next[at - 1])
		if (is_same(names->frames[at - 1], frame))
			return (int64_t)at - 1;
	if (!make_room(names) || hash_set(&names->by_content, key, (void *)(names->n + 1)))
		return -ENOMEM;
	names->frames[names->n] = frame;
	names->next[names->n] = first;
	return (int64_t)names->n++;
}

void names_clear(struct names *names)
{
	free(names->frames);
	free(names->next);
	hash_clear(&names->by_content);
	*names = (struct names){ 0 };
}
