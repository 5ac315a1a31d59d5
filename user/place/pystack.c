// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pystack.c - the threads of a CPython and their frames, read from outside. */
#include "place/pystack.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clean.h"
#include "base/grow.h"
#include "target/mem.h"
#include "target/proc.h"

#define INTERPRETERS_MAX 1024
#define SHIMS_MAX	 4096 /* in one stack; each is a call from C into Python */

/* A thread of the process: its id in /proc, and what it calls itself. */
struct tid {
	pid_t outer, inner;
};

struct tids {
	struct tid *at;
	ssize_t n;
};

static uint64_t read_word(pid_t pid, uint64_t addr, int *error)
{
	uint64_t word = 0;

	if (!*error)
		*error = mem_read(pid, addr, &word, sizeof(word));
	return *error ? 0 : word;
}

static int read_tids(pid_t pid, struct tids *tids)
{
	pid_t *list __free = NULL;

	tids->n = proc_threads(pid, &list);
	if (tids->n < 0)
		return (int)tids->n;
	tids->at = calloc(tids->n + 1, sizeof(*tids->at));
	if (!tids->at)
		return -ENOMEM;
	for (ssize_t i = 0; i < tids->n; i++)
		tids->at[i] = (struct tid){ list[i], proc_inner_tid(pid, list[i]) };
	return 0;
}

static pid_t outer_tid(const struct tids *tids, int64_t inner)
{
	for (ssize_t i = 0; i < tids->n; i++)
		if (tids->at[i].inner == inner)
			return tids->at[i].outer;
	return 0;
}

/* By the pthread; where the C library is not glibc, by what CPython noted down. */
static pid_t find_tid(pid_t pid, const struct mw_pylayout *layout, const struct tids *tids,
		      const struct pythread *thread)
{
	int32_t inner;
	uint64_t native;
	pid_t tid = 0;

	if (!mem_read(pid, thread->thread + MW_PY_PTHREAD_TID, &inner, sizeof(inner)))
		tid = outer_tid(tids, inner);
	if (!tid && layout->has & MW_PY_NATIVE_ID &&
	    !mem_read(pid, thread->tstate + layout->tstate_native_id, &native, sizeof(native)))
		tid = outer_tid(tids, (int64_t)native);
	return tid;
}

struct list {
	struct pythread *at;
	size_t n, cap;
};

static int add_thread(struct list *list, const struct pythread *thread)
{
	struct pythread *more;

	if (list->n == PYSTACK_THREADS_MAX)
		return -EBADMSG;
	more = grow(list->at, list->n, &list->cap, sizeof(*more));
	if (!more)
		return -ENOMEM;
	list->at = more;
	list->at[list->n++] = *thread;
	return 0;
}

static int add_interpreter(pid_t pid, const struct mw_pylayout *layout, const struct pyobjects *o,
			   uint64_t interp, struct list *list)
{
	int error = 0;
	struct pythread thread = {
		.tstate = read_word(pid, interp + o->interp_threads, &error),
	};

	while (thread.tstate && !error) {
		thread.interp = read_word(pid, thread.tstate + o->tstate_interp, &error);
		thread.thread = read_word(pid, thread.tstate + layout->tstate_thread_id, &error);
		if (!error && thread.interp != interp)
			error = -EBADMSG;
		if (!error)
			error = add_thread(list, &thread);
		thread.tstate = read_word(pid, thread.tstate + o->tstate_next, &error);
	}
	return error;
}

static int read_list(pid_t pid, const struct mw_pylayout *layout, const struct pyobjects *o,
		     struct list *list)
{
	int error = 0, n = 0;
	uint64_t interp = read_word(pid, o->interpreters, &error);

	while (interp && !error) {
		if (++n > INTERPRETERS_MAX)
			return -EBADMSG;
		error = add_interpreter(pid, layout, o, interp, list);
		interp = read_word(pid, interp + o->interp_next, &error);
	}
	return error == -EFAULT ? -EBADMSG : error;
}

ssize_t pystack_threads(pid_t pid, const struct mw_pylayout *layout,
			const struct pyobjects *objects, struct pythread **threads)
{
	struct list list = { 0 };
	struct tids tids = { 0 };
	int error = read_list(pid, layout, objects, &list);

	if (!error)
		error = read_tids(pid, &tids);
	for (size_t i = 0; i < list.n && !error; i++)
		list.at[i].tid = find_tid(pid, layout, &tids, &list.at[i]);
	free(tids.at);
	if (error) {
		free(list.at);
		list.at = NULL;
	}
	*threads = list.at;
	return error ? error : (ssize_t)list.n;
}

static uint64_t first_frame(pid_t pid, const struct mw_pylayout *layout, uint64_t tstate,
			    int *error)
{
	uint64_t frame = read_word(pid, tstate + layout->tstate_frame, error);

	if (frame && layout->has & MW_PY_CFRAME)
		frame = read_word(pid, frame + layout->cframe_frame, error);
	return frame;
}

static bool is_shim(pid_t pid, const struct mw_pylayout *layout, uint64_t frame)
{
	uint8_t owner;

	return layout->has & MW_PY_OWNER &&
	       !mem_read(pid, frame + layout->frame_owner, &owner, sizeof(owner)) &&
	       owner >= layout->owner_shim;
}

/* _PyCodeArray: how many copies there are, then their addresses. Include/cpython/code.h (3.14) */
uint64_t pystack_instr(pid_t pid, const struct mw_pylayout *layout, uint64_t frame, uint64_t code,
		       uint64_t instr)
{
	uint64_t copies, n, copy;
	int32_t index;
	int error = 0;

	if (!layout->code_copies ||
	    mem_read(pid, frame + layout->frame_copy, &index, sizeof(index)) || index <= 0)
		return instr;
	copies = read_word(pid, code + layout->code_copies, &error);
	n = read_word(pid, copies, &error);
	if (error || (uint64_t)index >= n)
		return instr;
	copy = read_word(pid, copies + sizeof(n) + (uint64_t)index * sizeof(copy), &error);
	return error ? instr : instr - copy + code + layout->code_bytecode;
}

ssize_t pystack_frames(pid_t pid, const struct mw_pylayout *layout, uint64_t tstate,
		       struct pyframe *frames, size_t cap)
{
	int error = 0, shims = 0;
	size_t n = 0;
	uint64_t frame = first_frame(pid, layout, tstate, &error);

	while (frame && !error && n < cap && shims < SHIMS_MAX) {
		if (is_shim(pid, layout, frame)) {
			shims++;
		} else {
			frames[n].code = read_word(pid, frame + layout->frame_code, &error) &
					 ~(uint64_t)layout->code_tag;
			frames[n].instr = read_word(pid, frame + layout->frame_instr, &error);
			frames[n].instr = pystack_instr(pid, layout, frame, frames[n].code,
							frames[n].instr);
			n++;
		}
		frame = read_word(pid, frame + layout->frame_back, &error);
	}
	return error ? (error == -EFAULT ? -EBADMSG : error) : (ssize_t)n;
}
