// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* translate.c - between placed events and what the ledger takes and answers. */
#include "ledger/translate.h"

void ledger_event_of(const struct placed *placed, struct ledger_event *event)
{
	const struct mw_event *wire = placed->event;

	*event = (struct ledger_event){
		.kind = wire->kind,
		.segment = placed->segment.kind,
		.failed = wire->flags & MW_F_FAILED,
		.cached = wire->flags & MW_F_CACHED,
		.by_allocator = placed->by_allocator,
		.reused = placed->reused,
		.program = placed->program,
		.pid = wire->pid,
		.tid = wire->tid,
		.site = placed->site ? placed->site->id : 0,
		.ts_ns = wire->ts_ns,
		.before_ns = wire->ts_ns - wire->took_ns,
		.addr = wire->addr,
		.size = wire->size,
		.old_addr = wire->kind == MW_REALLOC ? wire->aux : 0,
	};
}

void ledger_answer(const struct ledger_outcome *outcome, struct placed *placed)
{
	placed->ended = outcome->ended;
	placed->unmatched = outcome->unmatched;
	placed->internal = outcome->internal;
	if (!outcome->ended)
		return;
	placed->old_size = outcome->old.size;
	placed->old_born_ns = outcome->old.born_ns;
}
