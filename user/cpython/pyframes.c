// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* pyframes.c - the Python frames of a thread and where each of them lies. */
#include "cpython/pyframes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "cpython/pytype.h"
#include "place/pystack.h"

#define LOOKS	 8   /* at a chain that goes on changing */
#define HEAD_MAX 512 /* bytes of a frame before its variables */

void pyframes_clear(struct pyframes *frames)
{
	free(frames->at);
	*frames = (struct pyframes){ 0 };
}

static uint64_t word_at(const uint8_t *head, uint16_t offset)
{
	uint64_t word;

	memcpy(&word, head + offset, sizeof(word));
	return word;
}

/* Up to 3.10 a frame that an object of type frame, which is checked, else one of the stack. */
static bool is_frame(const struct cpython *cpython, const uint8_t *head)
{
	return cpython->fields.frame_object ||
	       word_at(head, cpython->objects.type_of) == cpython->types[PYTYPE_FRAME];
}

int pyframe_read(struct cpython *cpython, uint64_t addr, struct pyframe_at *frame)
{
	const struct mw_pylayout *layout = &cpython->layout;
	const struct pyfields *f = &cpython->fields;
	uint8_t head[HEAD_MAX];
	unsigned owner = PYFRAME_OBJECT;
	int err = f->frame_slots > sizeof(head) ? -EBADMSG :
						  cpython_read(cpython, addr, head, f->frame_slots);

	if (err)
		return err;
	if (!is_frame(cpython, head))
		return -EBADMSG;
	if (f->frame_object)
		owner = layout->has & MW_PY_OWNER ? head[layout->frame_owner] : PYFRAME_THREAD;
	/* 3.11: owner, behind is_entry, is not in mw_pylayout, as there are no shims to skip */
	if (cpython->minor == 11)
		owner = head[f->frame_slots - 3];
	*frame = (struct pyframe_at){
		.addr = addr,
		.back = word_at(head, layout->frame_back),
		.object = f->frame_object ? word_at(head, f->frame_object) : addr,
		.code = word_at(head, layout->frame_code) & ~(uint64_t)layout->code_tag,
		.instr = word_at(head, layout->frame_instr),
		.globals = word_at(head, f->frame_globals),
		.locals = word_at(head, f->frame_locals),
		.owner = owner,
	};
	frame->instr = pystack_instr(cpython->pid, layout, addr, frame->code, frame->instr);
	return 0;
}

static uint64_t first_frame(const struct cpython *cpython, uint64_t tstate)
{
	uint64_t frame = cpython_word(cpython, tstate + cpython->layout.tstate_frame);

	if (frame && cpython->layout.has & MW_PY_CFRAME)
		frame = cpython_word(cpython, frame + cpython->layout.cframe_frame);
	return frame;
}

static int add_frame(struct pyframes *frames, size_t *cap, const struct pyframe_at *frame)
{
	struct pyframe_at *more = grow(frames->at, frames->n, cap, sizeof(*more));

	if (!more)
		return -ENOMEM;
	frames->at = more;
	frames->at[frames->n++] = *frame;
	return 0;
}

/* Follow the chain once. */
static int look(struct cpython *cpython, uint64_t tstate, struct pyframes *frames)
{
	uint64_t addr = first_frame(cpython, tstate);
	struct pyframe_at frame;
	size_t cap = 0;
	int err = 0;

	*frames = (struct pyframes){ 0 };
	while (addr && !err) {
		frames->cut = frames->n + frames->shims >= PYFRAMES_MAX;
		if (frames->cut)
			break;
		err = pyframe_read(cpython, addr, &frame);
		if (err)
			break;
		if (frame.owner > PYFRAME_OBJECT)
			frames->shims++;
		else
			err = add_frame(frames, &cap, &frame);
		addr = frame.back;
	}
	return err;
}

/* What a frame is as long as its call lasts. */
static bool same_frame(const struct pyframe_at *a, const struct pyframe_at *b)
{
	return a->addr == b->addr && a->code == b->code && a->back == b->back;
}

/* How many of the outermost frames two looks agree on. */
static size_t agreed(const struct pyframes *a, const struct pyframes *b)
{
	size_t n = 0;

	while (n < a->n && n < b->n && same_frame(&a->at[a->n - 1 - n], &b->at[b->n - 1 - n]))
		n++;
	return n;
}

/* Of two looks at one thread: keep in *b what they agree on. True: that is all of it. */
static bool settle(const struct pyframes *a, struct pyframes *b)
{
	const size_t n = agreed(a, b);
	const bool all = n == a->n && n == b->n;

	b->changing = !all;
	if (n)
		memmove(b->at, b->at + (b->n - n), n * sizeof(*b->at));
	b->n = n;
	return all;
}

int pyframes_read(struct cpython *cpython, uint64_t tstate, struct pyframes *frames)
{
	struct pyframes before = { 0 };
	int err = -EBADMSG;

	*frames = (struct pyframes){ 0 };
	for (int i = 0; i < LOOKS; i++) {
		int first, second;

		pyframes_clear(&before);
		pyframes_clear(frames);
		first = look(cpython, tstate, &before);
		second = look(cpython, tstate, frames);
		err = first ? first : second;
		if (err == -ESRCH || err == -ENOMEM || err == -EPERM)
			break;
		if (!err && (settle(&before, frames) || i == LOOKS - 1))
			break;
		cpython->retried++;
	}
	if (frames->changing)
		cpython->torn++;
	if (err)
		pyframes_clear(frames);
	pyframes_clear(&before);
	return err == -EFAULT ? -EBADMSG : err;
}

size_t pyframes_still(struct cpython *cpython, uint64_t tstate, const struct pyframes *frames)
{
	struct pyframes now;
	size_t n = 0;

	if (!look(cpython, tstate, &now))
		n = agreed(frames, &now);
	pyframes_clear(&now);
	return n;
}
