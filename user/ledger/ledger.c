// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* ledger.c - what is alive, and how it came and went. */
#include "ledger/ledger.h"

#include <errno.h>

#include <mwbpf/event.h>

_Static_assert(SEGMENT_KINDS <= 32, "block.segment");

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

/* How many reallocs in a row made the block: one more than the block that this one ended. */
static unsigned reallocs_of(const struct ledger_event *event, const struct ledger_outcome *outcome)
{
	unsigned before = outcome->ended ? outcome->old.reallocs : 0;

	if (event->kind != MW_REALLOC || !event->old_addr)
		return 0;
	return before < BLOCK_REALLOCS_MAX ? before + 1 : BLOCK_REALLOCS_MAX;
}

static void add_block(struct ledger *ledger, const struct ledger_event *event,
		      struct ledger_outcome *outcome)
{
	outcome->block = (struct block){ .addr = event->addr,
					 .size = event->size,
					 .born_ns = event->ts_ns,
					 .process = event->program,
					 .site = event->site,
					 .birth = event->birth,
					 .thread = event->thread,
					 .segment = event->segment,
					 .reallocs = reallocs_of(event, outcome) };
	ledger->totals.allocs++;
	ledger->totals.bytes += event->size;
	if (blocks_put(ledger->blocks, &outcome->block, &outcome->lost, &outcome->replaced)) {
		ledger->unkept++;
		return;
	}
	outcome->made = true;
	if (outcome->replaced) {
		/* freed inside a call that has not returned yet, or its free was lost */
		ledger->totals.superseded++;
		count_out(ledger, &outcome->lost);
	}
	count_in(ledger, &outcome->block);
}

/* Whether the block at a realloc's old address is younger than the call: not the one it freed. */
static bool is_younger(const struct ledger *ledger, const struct ledger_event *event, uint64_t addr)
{
	const struct block *block;

	if (event->kind != MW_REALLOC)
		return false;
	block = blocks_find(ledger->blocks, event->program, addr);
	return block && (event->overtaken || block->born_ns > event->before_ns);
}

static void end_block(struct ledger *ledger, const struct ledger_event *event, uint64_t addr,
		      struct ledger_outcome *outcome)
{
	if (is_younger(ledger, event, addr)) { /* the old block was superseded meanwhile */
		ledger->totals.frees++;
		ledger->totals.superseded -= ledger->totals.superseded > 0;
		return;
	}
	outcome->ended = blocks_take(ledger->blocks, event->program, addr, &outcome->old);
	if (!outcome->ended && event->by_allocator) {
		outcome->internal = true;
		ledger->totals.internal++;
		return;
	}
	ledger->totals.frees++;
	outcome->unmatched = !outcome->ended;
	if (outcome->ended)
		count_out(ledger, &outcome->old);
	else
		ledger->totals.unmatched++;
}

static void apply_realloc(struct ledger *ledger, const struct ledger_event *event,
			  struct ledger_outcome *outcome)
{
	if (event->failed) {
		ledger->totals.failed++;
		return;
	}
	if (event->old_addr)
		end_block(ledger, event, event->old_addr, outcome);
	if (event->addr)
		add_block(ledger, event, outcome);
}

/* The blocks of a program that is no more. */
static void end_program(struct ledger *ledger, uint32_t program)
{
	struct ledger_amount before = ledger->totals.live;
	const struct block *block;
	size_t at = 0;

	while ((block = blocks_next(ledger->blocks, &at)))
		if (block->process == program)
			count_out(ledger, block);
	blocks_drop(ledger->blocks, program);
	ledger->totals.ended.blocks += before.blocks - ledger->totals.live.blocks;
	ledger->totals.ended.bytes += before.bytes - ledger->totals.live.bytes;
}

void ledger_apply(struct ledger *ledger, const struct ledger_event *event,
		  struct ledger_outcome *outcome)
{
	outcome->made = outcome->ended = outcome->unmatched = false;
	outcome->internal = outcome->replaced = false;
	switch (event->kind) {
	case MW_MALLOC:
	case MW_CALLOC:
	case MW_MEMALIGN:
		if (event->failed)
			ledger->totals.failed++;
		else
			add_block(ledger, event, outcome);
		break;
	case MW_REALLOC:
		apply_realloc(ledger, event, outcome);
		break;
	case MW_FREE:
		end_block(ledger, event, event->addr, outcome);
		break;
	case MW_PYLONG:
		ledger->totals.pylongs += !event->failed && !event->cached;
		break;
	case MW_EXEC:
		end_program(ledger, event->program);
		break;
	}
}
