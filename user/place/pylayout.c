// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pylayout.c - find out how the CPython in a process lays out its structs. */
#include "place/pylayout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "place/pydecode.h"
#include "place/pyobject.h"
#include "place/pyoffsets.h"
#include "place/pystate.h"
#include "place/pyversion.h"
#include "target/mem.h"

#define TRIES	    20 /* the process runs while it is read */
#define FRAMES_MAX  32 /* of each thread that is looked at */
#define THREADS_MAX 32 /* threads looked at */
#define NULL_PAGE   4096

uint64_t pyfind_symbol(const struct pyfind *find, const char *name)
{
	struct elf_symbol symbol;

	return elf_find(find->image->elf, &name, 1, &symbol) ? find->bias + symbol.vaddr : 0;
}

static void find_types(const struct pyfind *find)
{
	find->objects->code_type = pyfind_symbol(find, "PyCode_Type");
	find->objects->str_type = pyfind_symbol(find, "PyUnicode_Type");
	find->objects->bytes_type = pyfind_symbol(find, "PyBytes_Type");
}

/* Whether this is a CPython, whose process can be read. */
static int check_image(const struct pyfind *find)
{
	const uint64_t type = pyfind_symbol(find, "PyCode_Type");
	uint64_t word;
	int error = type ? mem_read(find->pid, type, &word, sizeof(word)) : -ENOTSUP;

	return error == -EFAULT ? -EBADMSG : error;
}

/* Functions that return a field of what they are given: Python/pystate.c (3.6 to 3.12). */
static const struct {
	const char *function;
	size_t field; /* u16 in struct pyobjects */
} getters[] = {
	{ "PyInterpreterState_Next", offsetof(struct pyobjects, interp_next) },
	{ "PyInterpreterState_ThreadHead", offsetof(struct pyobjects, interp_threads) },
	{ "PyThreadState_Next", offsetof(struct pyobjects, tstate_next) },
	{ "PyThreadState_GetInterpreter", offsetof(struct pyobjects, tstate_interp) },
};

/* Where the list of interpreters begins and how it goes on, if that is not published. */
static int find_lists(const struct pyfind *find)
{
	const struct pyruntime *runtime = pyoffsets_runtime(find->layout->version);
	struct pyobjects *o = find->objects;
	struct pyvalue value;

	if (o->interpreters)
		return 0;
	for (size_t i = 0; i < sizeof(getters) / sizeof(*getters); i++)
		if (pydecode_return(find, getters[i].function, &value) &&
		    value.kind == PYVALUE_ARG && value.loaded == sizeof(uint64_t) &&
		    value.n >= 0 && value.n <= UINT16_MAX)
			*(uint16_t *)((char *)o + getters[i].field) = (uint16_t)value.n;
	if (pydecode_return(find, "PyInterpreterState_Head", &value) &&
	    value.kind == PYVALUE_CONST && value.loaded == sizeof(uint64_t))
		o->interpreters = value.n;
	else if (find->runtime && runtime->interpreters)
		o->interpreters = find->runtime + runtime->interpreters;
	else
		return -ENOTSUP;
	/* an address in the GOT that the loader has not filled in yet */
	return o->interpreters < NULL_PAGE ? -EAGAIN : 0;
}

/* How many frames of a thread are what they are taken for: all of them, or -EBADMSG. */
static int check_frames(const struct pyfind *find, const struct pythread *thread)
{
	struct pyframe frames[FRAMES_MAX];
	struct pycode code;
	ssize_t n = pystack_frames(find->pid, find->layout, thread->tstate, frames, FRAMES_MAX);

	for (ssize_t i = 0; i < n; i++) {
		int64_t line =
			pycode_read(find->pid, find->layout, find->objects, frames[i].code, &code);

		if (!line)
			line = pycode_line(&code,
					   pycode_lasti(find->layout, &code, frames[i].instr));
		pycode_clear(&code);
		if (line < 0)
			return -EBADMSG;
	}
	return (int)n;
}

/*
 * Whether all threads are linked as they should be, and at least one of them is a thread
 * of the process that runs Python code. -EAGAIN: none does, yet.
 */
static int try_out(struct pyfind *find)
{
	ssize_t n;
	bool known = false, wrong = false;

	free(find->threads);
	find->n_threads = 0;
	n = pystack_threads(find->pid, find->layout, find->objects, &find->threads);
	if (n <= 0)
		return n ? (int)n : -EAGAIN;
	find->n_threads = n;
	for (ssize_t i = 0; i < n && i < THREADS_MAX; i++) {
		int frames;

		if (!find->threads[i].tid)
			continue;
		known = true;
		frames = check_frames(find, &find->threads[i]);
		if (frames > 0)
			return 0;
		wrong = wrong || frames < 0;
	}
	return wrong || !known ? -EBADMSG : -EAGAIN;
}

static int find_all(struct pyfind *find)
{
	int error = check_image(find);

	if (!error)
		error = pyversion_find(find);
	if (!error)
		error = pyoffsets_find(find);
	if (!error)
		error = find_lists(find);
	if (error)
		return error;
	find->layout->interpreters = find->objects->interpreters;
	find->layout->interp_next = find->objects->interp_next;
	find_types(find);
	for (int i = 0; i < TRIES; i++) {
		error = try_out(find);
		if (error != -EBADMSG)
			break;
	}
	if (!error)
		pystate_find(find);
	return error;
}

int pylayout_find(pid_t pid, const struct image *image, uint64_t bias, struct mw_pylayout *layout,
		  struct pyobjects *objects, struct pylayout_evidence *evidence)
{
	struct pyfind find = {
		.pid = pid,
		.image = image,
		.bias = bias,
		.layout = layout,
		.objects = objects,
		.evidence = evidence,
	};
	int error;

	memset(layout, 0, sizeof(*layout));
	memset(objects, 0, sizeof(*objects));
	memset(evidence, 0, sizeof(*evidence));
	if (!image->elf)
		return -ENOTSUP;
	find.runtime = pyfind_symbol(&find, "_PyRuntime");
	error = find_all(&find);
	free(find.threads);
	return error;
}
