// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* callers.c - sites of calls that have no stack. */
#include "report/callers.h"

#include <stdlib.h>
#include <string.h>

#include "base/clean.h"

void callers_clear(struct callers *callers)
{
	for (uint32_t i = 0; i < callers->n; i++)
		free(callers->frames[i]);
	free(callers->frames);
	hash_clear(&callers->ids);
	intern_clear(&callers->strings);
	*callers = (struct callers){ 0 };
}

/* Addresses of a process are below 2^47. */
static uint64_t key_of(uint32_t program, uint64_t caller)
{
	return hash_scatter(caller ^ (uint64_t)program << 47);
}

uint32_t callers_find(const struct callers *callers, uint32_t program, uint64_t caller)
{
	return (uintptr_t)hash_get(&callers->ids, key_of(program, caller));
}

/* " (file.c:12)" at the end of the words: cut off into the frame. */
static void take_line(struct callers *callers, char *words, struct frame *frame)
{
	size_t len = strlen(words);
	char *open = strrchr(words, '('), *colon = strrchr(words, ':'), *end;
	long long line;

	if (!open || open == words || !colon || colon < open || !len || words[len - 1] != ')')
		return;
	line = strtoll(colon + 1, &end, 10);
	if (line <= 0 || strcmp(end, ")"))
		return;
	*colon = 0;
	frame->file = intern(&callers->strings, open + 1);
	frame->line = line;
	open[-1] = 0;
}

/* "function+0x1b (file.c:12)" as a frame. The offset says nothing that the line does not. */
static void name_frame(struct callers *callers, struct frame *frame, const char *at)
{
	char *words __free = strdup(at);
	char *plus;

	if (!words)
		return;
	take_line(callers, words, frame);
	plus = strstr(words, "+0x");
	if (plus && frame->line)
		*plus = 0;
	frame->function = intern(&callers->strings, words);
}

static struct frame *add_frame(struct callers *callers)
{
	if (callers->n == callers->cap) {
		uint32_t cap = callers->cap ? callers->cap * 2 : 64;
		void *more = reallocarray(callers->frames, cap, sizeof(*callers->frames));

		if (!more)
			return NULL;
		callers->frames = more;
		callers->cap = cap;
	}
	callers->frames[callers->n] = calloc(1, sizeof(struct frame));
	return callers->frames[callers->n];
}

uint32_t callers_site(struct callers *callers, struct sitelogs *sites, uint32_t program,
		      uint64_t caller, const struct caller_name *name)
{
	uint32_t id = callers_find(callers, program, caller);
	struct sitelog *log;
	struct frame *frame;

	if (id || callers->n == CALLERS_MAX)
		return id;
	frame = add_frame(callers);
	id = CALLERS_FIRST + callers->n;
	log = frame ? sitelogs_add(sites, id) : NULL;
	if (!log) {
		free(frame);
		return 0;
	}
	callers->n++;
	*frame = (struct frame){ .language = FRAME_NATIVE,
				 .addr = caller,
				 .object = name->object,
				 .offset = name->offset };
	if (name->at)
		name_frame(callers, frame, name->at);
	log->frames = frame;
	log->n_frames = 1;
	log->truncated = true;
	return hash_set(&callers->ids, key_of(program, caller), (void *)(uintptr_t)id) ? 0 : id;
}
