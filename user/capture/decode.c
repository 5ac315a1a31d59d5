// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* decode.c - bytes of the ring as a checked event. */
#include "capture/decode.h"

#include <stdbool.h>
#include <stddef.h>

static const bool known[MW_KIND_MAX] = {
#define KIND(id, number, json, group) [number] = true,
#include <mwbpf/kinds.def>
#undef KIND
};

/* What a record must be long, to the byte; at least its fixed part is there. */
static size_t length_of(const struct mw_event *event)
{
	const struct mw_event_stack *stack = (const struct mw_event_stack *)event;

	switch (event->kind) {
	case MW_STACK:
		if (stack->n_python > MW_STACK_DEPTH || stack->n_native > MW_NATIVE_DEPTH)
			return 0;
		return stack->n_native ? sizeof(*stack)
				       : offsetof(struct mw_event_stack, frames) +
						 stack->n_python * sizeof(stack->frames[0]);
	case MW_MMAP:
	case MW_MUNMAP:
	case MW_MREMAP:
	case MW_BRK:
	case MW_MPROTECT:
	case MW_SHMAT:
	case MW_SHMDT: return sizeof(struct mw_event_map);
	case MW_VMA_NAME: return sizeof(struct mw_event_name);
	case MW_EXEC: return sizeof(struct mw_event_exec);
	case MW_DIGITS: return sizeof(struct mw_event_digits);
	case MW_CODE: return sizeof(struct mw_event_code);
	default: return sizeof(struct mw_event);
	}
}

static bool fits(const struct mw_event_code *code)
{
	return code->len[MW_PIECE_CODE] <= MW_PIECE_CODE_MAX &&
	       code->len[MW_PIECE_FILENAME] <= MW_PIECE_FILENAME_MAX &&
	       code->len[MW_PIECE_NAME] <= MW_PIECE_NAME_MAX &&
	       code->len[MW_PIECE_LINETABLE] <= MW_PIECE_LINETABLE_MAX;
}

const struct mw_event *decode(const void *record, size_t len)
{
	const struct mw_event *event = record;

	if (len < sizeof(*event) || event->kind >= MW_KIND_MAX || !known[event->kind])
		return NULL;
	if (event->kind == MW_STACK && len < offsetof(struct mw_event_stack, frames))
		return NULL;
	/* the ring rounds a record's length up to 8 */
	if ((len & ~7UL) != length_of(event))
		return NULL;
	if (event->kind == MW_VMA_NAME &&
	    ((const struct mw_event_name *)record)->name[MW_NAME_MAX - 1])
		return NULL;
	if (event->kind == MW_EXEC && ((const struct mw_event_exec *)record)->file[MW_FILE_MAX - 1])
		return NULL;
	if (event->kind == MW_CODE && !fits((const struct mw_event_code *)record))
		return NULL;
	return event;
}
