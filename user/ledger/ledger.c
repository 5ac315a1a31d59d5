// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* ledger.c - what is alive, and how it came and went. */
#include "ledger/ledger.h"

#include <errno.h>

int ledger_init(struct ledger *ledger)
{
	*ledger = (struct ledger){ .blocks = blocks_new() };
	return ledger->blocks ? 0 : -ENOMEM;
}

void ledger_clear(struct ledger *ledger)
{
	blocks_free(ledger->blocks);
	*ledger = (struct ledger){ 0 };
}

/* block.segment holds the kind: what a summary by segment needs. */
static void count_out(struct ledger *ledger, const struct block *block)
{
	ledger->totals.live.blocks--;
	ledger->totals.live.bytes -= block->size;
	ledger->by_kind[block->segment].blocks--;
	ledger->by_kind[block->segment].bytes -= block->size;
}

static void count_in(struct ledger *ledger, const struct block *block)
{
	struct ledger_totals *totals = &ledger->totals;

	totals->live.blocks++;
	totals->live.bytes += block->size;
	ledger->by_kind[block->segment].blocks++;
	ledger->by_kind[block->segment].bytes += block->size;
	if (totals->live.bytes > totals->peak.bytes)
		totals->peak = totals->live;
}

static void add_block(struct ledger *ledger, struct placed *placed)
{
	const struct mw_event *event = placed->event;
	const struct block block = { .addr = event->addr,
				     .size = event->size,
				     .born_ns = event->ts_ns,
				     .process = placed->program,
				     .segment = placed->segment.kind };
	struct block old;
	bool replaced = false;

	ledger->totals.allocs++;
	ledger->totals.bytes += event->size;
	if (blocks_put(ledger->blocks, &block, &old, &replaced)) {
		ledger->unkept++;
		return;
	}
	if (replaced) {
		/* freed inside a call that has not returned yet, or its free was lost */
		ledger->totals.superseded++;
		count_out(ledger, &old);
	}
	count_in(ledger, &block);
}

static void end_block(struct ledger *ledger, struct placed *placed, uint64_t addr,
		      uint64_t before_ns)
{
	const struct block *block = blocks_find(ledger->blocks, placed->program, addr);
	struct block old;

	if (!block && placed->by_allocator) {
		placed->internal = true;
		ledger->totals.internal++;
		return;
	}
	ledger->totals.frees++;
	/* younger than the call that freed it: the old block was superseded meanwhile */
	if (block && block->born_ns > before_ns) {
		ledger->totals.superseded -= ledger->totals.superseded > 0;
		return;
	}
	placed->ended = blocks_take(ledger->blocks, placed->program, addr, &old);
	placed->unmatched = !placed->ended;
	if (!placed->ended) {
		ledger->totals.unmatched++;
		return;
	}
	placed->old_size = old.size;
	placed->old_born_ns = old.born_ns;
	count_out(ledger, &old);
}

static void apply_realloc(struct ledger *ledger, struct placed *placed)
{
	const struct mw_event *event = placed->event;

	if (event->flags & MW_F_FAILED) {
		ledger->totals.failed++;
		return;
	}
	if (event->aux)
		end_block(ledger, placed, event->aux, event->ts_ns - event->took_ns);
	if (event->addr)
		add_block(ledger, placed);
}

/* The blocks of a program that is no more. */
static void end_process(struct ledger *ledger, uint32_t process)
{
	struct ledger_amount before = ledger->totals.live;
	const struct block *block;
	size_t at = 0;

	while ((block = blocks_next(ledger->blocks, &at)))
		if (block->process == process)
			count_out(ledger, block);
	blocks_drop(ledger->blocks, process);
	ledger->totals.ended.blocks += before.blocks - ledger->totals.live.blocks;
	ledger->totals.ended.bytes += before.bytes - ledger->totals.live.bytes;
}

void ledger_apply(struct ledger *ledger, struct placed *placed)
{
	const struct mw_event *event = placed->event;

	switch (event->kind) {
	case MW_MALLOC:
	case MW_CALLOC:
	case MW_MEMALIGN:
		if (event->flags & MW_F_FAILED)
			ledger->totals.failed++;
		else
			add_block(ledger, placed);
		break;
	case MW_REALLOC:
		apply_realloc(ledger, placed);
		break;
	case MW_FREE:
		end_block(ledger, placed, event->addr, UINT64_MAX);
		break;
	case MW_PYLONG:
		ledger->totals.pylongs += !(event->flags & (MW_F_FAILED | MW_F_CACHED));
		break;
	case MW_EXEC:
		end_process(ledger, placed->program);
		break;
	}
}
