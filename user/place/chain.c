// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* chain.c - how far a chain of frame pointers can be believed. */
#include "place/chain.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const ends[] = {
	[MW_NATIVE_NONE] = NULL,
	[MW_NATIVE_ZERO] = NULL,
	[MW_NATIVE_DEEP] = "it is deeper than what is followed",
	[MW_NATIVE_DOWN] = "the next frame pointer does not lead up the stack",
	[MW_NATIVE_NO_CALL] = "the next frame pointer does not lead to a call",
	[MW_NATIVE_FAULT] = "the next frame cannot be read",
};

struct chain {
	struct native *native;
	struct site *site;
	bool gap;	    /* callers are missing between the last frame and the next */
	const char *at;	    /* the last frame in words */
	const char *reason; /* why it ends with the last frame; NULL: it does not */
	bool whole;	    /* nothing called the last frame */
};

/* Append the frames of one address; false without memory. */
static bool add(struct chain *chain, uint64_t addr, const struct code_name *name)
{
	struct site *site = chain->site;
	struct frame *more =
		reallocarray(site->frames, site->n + name->n + 1, sizeof(*site->frames));

	if (!more)
		return false;
	site->frames = more;
	if (!name->n)
		site->frames[site->n++] =
			(struct frame){ .language = FRAME_NATIVE,
					.addr = addr,
					.reason = "it is not in executable memory" };
	for (size_t i = 0; i < name->n; i++) {
		struct frame *frame = &site->frames[site->n++];

		*frame = name->frames[i];
		frame->addr = addr;
		frame->gap = !i && chain->gap;
	}
	return true;
}

static const char *say(const struct chain *chain, const char *what)
{
	char text[1200];

	snprintf(text, sizeof(text), "%s %s", chain->at, what);
	return intern(chain->native->naming.names, text);
}

/* Whether a frame that %rbp led to can be one. */
static bool can_follow(struct chain *chain, uint64_t addr, const struct code_name *name)
{
	char text[64];

	if (!name->n || !name->called) {
		snprintf(text, sizeof(text), "0x%llx, which is next, is behind no call",
			 (unsigned long long)addr);
		chain->reason = intern(chain->native->naming.names, text);
		return false;
	}
	/* behind a gap, only code that keeps frame pointers can be who set this one */
	if (chain->gap && name->rule != FRAME_POINTER && name->rule != FRAME_OUTERMOST) {
		chain->reason = say(chain, "keeps no frame pointer");
		return false;
	}
	return true;
}

/* What the function of the frame just added means for the next. */
static void judge(struct chain *chain, const struct code_name *name)
{
	enum frame_rule rule = name->rule;

	if (rule == FRAME_UNKNOWN && name->makes_frame)
		rule = FRAME_POINTER;
	chain->at = name->at ? name->at : "what is not code";
	chain->gap = rule == FRAME_KEPT;
	chain->whole = rule == FRAME_OUTERMOST;
	if (rule == FRAME_NONE)
		chain->reason = say(chain, "keeps no frame pointer");
	else if (rule == FRAME_UNKNOWN)
		chain->reason = say(chain, "has no unwind table to tell of a frame pointer");
}

void chain_name(struct native *native, struct space *space, const struct mw_event_stack *stack,
		struct site *site)
{
	struct chain chain = { .native = native, .site = site };
	bool at_site = stack->head.flags & MW_F_SITE;

	for (size_t i = 0; i < stack->n_native && !chain.reason && !chain.whole; i++) {
		const struct code_name *name =
			native_find(native, space, stack->native[i], at_site && !i);

		if (i && !can_follow(&chain, stack->native[i], name))
			break;
		if (!add(&chain, stack->native[i], name)) {
			chain.reason = "there is no memory for it";
			break;
		}
		if (!i && !site->at)
			site->at = name->at;
		judge(&chain, name);
	}
	if (!chain.reason && !chain.whole)
		chain.reason = chain.gap ? say(&chain, "keeps no frame pointer")
			       : stack->native_end < sizeof(ends) / sizeof(*ends)
				       ? ends[stack->native_end]
				       : "unknown";
	site->native_reason = chain.reason;
}
