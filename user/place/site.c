// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* site.c - interned stacks: the lines that made an allocation. */
#include "place/site.h"

#include <errno.h>
#include <mwbpf/guard.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place/chain.h"
#include "place/native.h"
#include "place/pyline.h"
#include "place/pyobject.h"
#include "place/space.h"
#include "target/mem.h"

/* A code object as it was when one of its frames was first seen: what names and lines need. */
struct code_object {
	const char *function, *file; /* interned */
	uint16_t version;
	int first_line;
	size_t linetable_len;
	uint8_t linetable[];
};

static const char *const reasons[] = {
	[MW_STACK_NONE] = NULL,
	[MW_STACK_WHOLE] = NULL,
	[MW_STACK_TRUNCATED] = "deeper than --max-depth",
	[MW_STACK_NO_THREAD] = "the thread is not one of Python's",
	[MW_STACK_NO_FRAME] = "the thread runs no Python code",
	[MW_STACK_FAULT] = "a frame could not be read",
	[MW_STACK_ANY_INTERPRETER] =
		"it is not known in which of several interpreters or states the thread is",
};

void sites_clear(struct sites *sites)
{
	struct code_object *code;
	struct site *site;
	size_t at = 0;

	while ((site = hash_next(&sites->by_stack, &at, NULL))) {
		free(site->frames);
		free(site);
	}
	hash_clear(&sites->by_stack);
	at = 0;
	while ((code = hash_next(&sites->codes, &at, NULL)))
		free(code);
	hash_clear(&sites->codes);
}

const struct site *sites_find(const struct sites *sites, uint64_t stack)
{
	return stack ? hash_get(&sites->by_stack, stack) : NULL;
}

static bool is_checksum(const struct python *python)
{
	return python->layout.has & MW_PY_GUARD_ALL || !python->deaths;
}

/* The guard of a code object as it is now. A checksum of 0: unreadable. */
static uint32_t guard_now(const struct python *python, pid_t pid, uint64_t code)
{
	const struct mw_pylayout *layout = &python->layout;
	__u64 words[MW_GUARD_WORDS] = { 0 };

	if (!is_checksum(python))
		return __atomic_load_n(&python->deaths->at[mw_death_slot(code)], __ATOMIC_ACQUIRE);
	if (mem_read(pid, code + layout->code_filename, words, mw_guard_bytes(layout)))
		return 0;
	return mw_guard(words);
}

static uint64_t key_of(pid_t pid, uint64_t code, uint32_t guard)
{
	return hash_mix(code) ^ guard ^ (uint64_t)pid << 32;
}

/* Keep what is needed of a code object; NULL without memory. */
static const struct code_object *keep_code(struct sites *sites, uint64_t key,
					   const struct pycode *py, struct intern *names)
{
	struct code_object *code = malloc(sizeof(*code) + py->linetable_len);

	if (!code)
		return NULL;
	code->function = intern(names, py->name);
	code->file = intern(names, py->filename);
	code->version = py->version;
	code->first_line = py->first_line;
	code->linetable_len = py->linetable_len;
	memcpy(code->linetable, py->linetable, py->linetable_len);
	if (!hash_set(&sites->codes, key, code))
		return code;
	free(code);
	return NULL;
}

/*
 * Read a code object, from its copy if there is one. What the process had to be asked for
 * must still be of the code object with this guard. NULL: there is none.
 */
static const struct code_object *read_code(struct sites *sites, const struct python *python,
					   pid_t pid, uint64_t addr, uint32_t guard,
					   const struct mw_event_code *copy, struct intern *names)
{
	const struct code_object *code = NULL;
	struct pycode py;
	bool looked = true;
	int err = copy ? pycode_take(copy, &python->layout, &python->objects, &py, &looked)
		       : pycode_read(pid, &python->layout, &python->objects, addr, &py);

	if (!err && (!looked || guard_now(python, pid, addr) == guard))
		code = keep_code(sites, key_of(pid, addr, guard), &py, names);
	pycode_clear(&py);
	return code;
}

static const struct code_object *find_code(struct sites *sites, const struct python *python, pid_t pid,
				    const struct mw_pyframe *frame, struct intern *names)
{
	const struct code_object *code =
		hash_get(&sites->codes, key_of(pid, frame->code, frame->guard));

	if (code || !python->found || (is_checksum(python) && !frame->guard))
		return code;
	return read_code(sites, python, pid, frame->code, frame->guard, NULL, names);
}

void sites_learn(struct sites *sites, const struct mw_event_code *copy,
		 const struct python *python, struct intern *names)
{
	uint32_t guard = copy->head.aux;
	pid_t pid = copy->head.pid;

	if (python->found && !hash_get(&sites->codes, key_of(pid, copy->head.addr, guard)))
		read_code(sites, python, pid, copy->head.addr, guard, copy, names);
}

static void name_frame(struct sites *sites, const struct python *python, pid_t pid,
		       const struct mw_pyframe *raw, struct frame *frame, struct intern *names)
{
	const struct code_object *code = find_code(sites, python, pid, raw, names);

	*frame = (struct frame){ .language = FRAME_PYTHON, .addr = raw->code };
	if (!code) {
		frame->reason = raw->guard || !is_checksum(python)
					? "its code object is gone"
					: "its code object could not be read";
		sites->unresolved++;
		return;
	}
	frame->function = code->function;
	frame->file = code->file;
	frame->line = pyline(code->version, code->linetable, code->linetable_len,
			     code->first_line, raw->lasti);
	if (frame->line < 0) {
		frame->line = 0;
		frame->reason = "its line table is damaged";
	}
}

/* "function (file:line)" of the innermost frame that has a name. */
static const char *describe(const struct frame *frame, struct intern *names)
{
	char text[1024];
	const char *base;

	if (!frame->function)
		return NULL;
	base = strrchr(frame->file, '/');
	snprintf(text, sizeof(text), "%s (%s:%lld)", frame->function,
		 base ? base + 1 : frame->file, (long long)frame->line);
	return intern(names, text);
}

/* The Python frames; false without memory. */
static bool name_python(struct sites *sites, const struct mw_event_stack *stack,
			const struct python *python, struct intern *names, struct site *site)
{
	site->frames = calloc(stack->n_python + 1, sizeof(*site->frames));
	if (!site->frames)
		return false;
	for (size_t i = 0; i < stack->n_python; i++)
		name_frame(sites, python, stack->head.pid, &stack->frames[i],
			   &site->frames[site->n++], names);
	if (site->n)
		site->at = describe(&site->frames[0], names);
	return true;
}

const struct site *sites_add(struct sites *sites, const struct mw_event_stack *stack,
			     struct space *space, struct native *native, bool *fresh)
{
	struct site *site = hash_get(&sites->by_stack, stack->hash);

	*fresh = !site;
	if (site)
		return site;
	site = calloc(1, sizeof(*site));
	if (!site || hash_set(&sites->by_stack, stack->hash, site)) {
		free(site);
		return NULL;
	}
	site->id = ++sites->next_id;
	site->reason = stack->reason < sizeof(reasons) / sizeof(*reasons) ? reasons[stack->reason]
									  : "unknown";
	site->truncated = stack->reason == MW_STACK_TRUNCATED;
	if (name_python(sites, stack, &space->cpython, native->naming.names, site) && stack->n_native)
		chain_name(native, space, stack, site);
	return site;
}
