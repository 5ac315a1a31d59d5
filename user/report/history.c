// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* history.c - what happened to memory, summed up while it happens. */
#include "report/history.h"

#include <stdlib.h>
#include <string.h>

#include <mwbpf/event.h>

#include "report/amount.h"

#define THREADS_MAX (1u << 16) /* told apart: more would be memory by events, not by threads */
_Static_assert(THREADS_MAX < 1u << BLOCK_THREAD_BITS, "block.thread");

void history_init(struct history *history, struct ledger *ledger, uint64_t start_ns,
		  uint32_t temporary)
{
	*history = (struct history){ .ledger = ledger,
				     .start_ns = start_ns,
				     .temporary = temporary };
	timeline_init(&history->timeline);
}

void history_clear(struct history *history)
{
	struct balance *balance;
	size_t at = 0;

	for (uint32_t i = 0; i < history->n_threads; i++)
		free(history->thread_at[i]);
	free(history->thread_at);
	hash_clear(&history->threads);
	while ((balance = hash_next(&history->resident, &at, NULL)))
		free(balance);
	hash_clear(&history->resident);
	sitelogs_clear(&history->sites);
	callers_clear(&history->callers);
	codemap_clear(&history->codemap);
	pins_clear(&history->pins);
	leaklogs_clear(&history->leaks);
	*history = (struct history){ 0 };
}

/* An event reserved while the clock was being read for the start may be older. */
static uint64_t since_start(const struct history *history, uint64_t ts_ns)
{
	return ts_ns > history->start_ns ? ts_ns - history->start_ns : 0;
}

void history_stack(struct history *history, const struct site *site)
{
	struct sitelog *log = sitelogs_add(&history->sites, site->id);

	if (!log) {
		history->unkept++;
		return;
	}
	log->frames = site->frames;
	log->n_frames = site->n;
	log->truncated = site->truncated;
	log->reason = site->reason ? site->reason : site->native_reason;
}

static uint32_t name_caller(struct history *history, const struct ledger_event *event,
			    uint64_t caller, const char *at)
{
	struct caller_name name = { .at = at };
	uint32_t id = callers_find(&history->callers, event->program, caller);

	if (id)
		return id;
	if (!at)
		name.object = codemap_find(&history->codemap, event->pid, caller, &name.offset);
	return callers_site(&history->callers, &history->sites, event->program, caller, &name);
}

uint32_t history_site(struct history *history, const struct ledger_event *event, uint64_t caller,
		      bool named, const char *at)
{
	const struct sitelog *log = sitelogs_find(&history->sites, event->site);

	if (log->n_frames || !caller)
		return log->id;
	return named ? name_caller(history, event, caller, at)
		     : callers_find(&history->callers, event->program, caller);
}

static uint32_t add_thread(struct history *history, const struct ledger_event *event, uint64_t key)
{
	struct report_thread *thread;

	if (history->n_threads == THREADS_MAX)
		return 0;
	if (history->n_threads == history->cap_threads) {
		uint32_t cap = history->cap_threads ? history->cap_threads * 2 : 16;
		void *more = realloc(history->thread_at, cap * sizeof(*history->thread_at));

		if (!more)
			return 0;
		history->thread_at = more;
		history->cap_threads = cap;
	}
	thread = calloc(1, sizeof(*thread));
	/* the number in the map, so that a look-up gives it: never 0 */
	if (!thread || hash_set(&history->threads, key, (void *)(uintptr_t)(history->n_threads + 1))) {
		free(thread);
		return 0;
	}
	thread->pid = event->pid;
	thread->tid = event->tid;
	history->thread_at[history->n_threads++] = thread;
	return history->n_threads;
}

/* Number of the event's thread, from 1; 0: not kept. */
static uint32_t thread_of(struct history *history, const struct ledger_event *event)
{
	uint64_t key = (uint64_t)event->pid << 32 | event->tid;
	uint32_t thread = (uintptr_t)hash_get(&history->threads, key);

	if (!thread)
		thread = add_thread(history, event, key);
	history->unkept += !thread;
	return thread;
}

static struct report_thread *thread_at(const struct history *history, uint32_t number)
{
	return number ? history->thread_at[number - 1] : NULL;
}

static bool is_call(unsigned kind)
{
	return kind >= MW_MALLOC && kind <= MW_FREE;
}

/* Say by which of its thread's allocations the block is made. */
static void name_maker(struct history *history, struct ledger_event *event)
{
	struct report_thread *thread;

	event->thread = thread_of(history, event);
	thread = thread_at(history, event->thread);
	event->site = sitelogs_find(&history->sites, event->site)->id;
	if (thread && event->kind != MW_FREE && !event->failed && event->addr) {
		amount_add(&thread->total, event->size);
		event->birth = thread->total.blocks;
	}
}

/* Whether its thread allocated little between making and freeing it. */
static bool is_temporary(const struct history *history, const struct block *block)
{
	const struct report_thread *thread = thread_at(history, block->thread);

	return thread && (uint32_t)thread->total.blocks - block->birth <= history->temporary;
}

static void block_gone(struct history *history, const struct block *block, uint64_t now_ns,
		       struct sitelog *log)
{
	struct report_thread *thread = thread_at(history, block->thread);

	sitelog_out(&history->sites, log, block->size, now_ns);
	if (thread)
		amount_sub(&thread->live, block->size);
}

static void block_ended(struct history *history, const struct ledger_event *event,
			const struct block *old, uint64_t now_ns)
{
	struct sitelog *log = sitelogs_find(&history->sites, old->site);
	struct report_thread *by = thread_at(history, event->thread);
	uint64_t born_ns = since_start(history, old->born_ns);

	block_gone(history, old, now_ns, log);
	amount_add(&log->freed, old->size);
	if (event->kind == MW_FREE && is_temporary(history, old))
		amount_add(&log->temporary, old->size);
	if (by)
		amount_add(&by->freed, old->size);
	histogram_lifetime(&history->histogram, old->size, now_ns > born_ns ? now_ns - born_ns : 0);
}

static void count_realloc(struct history *history, const struct block *block,
			  const struct block *old, struct sitelog *log)
{
	struct report_reuse *reuse = &history->reuse;

	reuse->reallocs++;
	log->reallocs++;
	if (old->addr != block->addr) {
		uint64_t copied = old->size < block->size ? old->size : block->size;

		reuse->moved++;
		reuse->copied += copied;
		log->moved_bytes += copied;
	}
	if (block->reallocs > log->chain)
		log->chain = block->reallocs;
	if (block->reallocs > reuse->chain) {
		reuse->chain = block->reallocs;
		reuse->chain_site = log->id;
	}
}

static void block_made(struct history *history, const struct ledger_event *event,
		       const struct ledger_outcome *outcome, uint64_t now_ns)
{
	const struct block *block = &outcome->block;
	struct sitelog *log = sitelogs_find(&history->sites, block->site);
	struct report_thread *thread = thread_at(history, block->thread);

	sitelog_in(&history->sites, log, block->size, now_ns);
	if (thread)
		amount_add(&thread->live, block->size);
	histogram_size(&history->histogram, block->size);
	history->reuse.reused += event->reused;
	if (event->kind == MW_REALLOC && outcome->ended)
		count_realloc(history, block, &outcome->old, log);
}

/* Live blocks by kind as they were before the event. */
static void undo(const struct history *history, const struct ledger_outcome *outcome,
		 struct ledger_amount before[SEGMENT_KINDS])
{
	memcpy(before, history->ledger->by_kind, sizeof(history->ledger->by_kind));
	if (outcome->made)
		amount_sub(&before[outcome->block.segment], outcome->block.size);
	if (outcome->replaced)
		amount_add(&before[outcome->lost.segment], outcome->lost.size);
	if (outcome->ended)
		amount_add(&before[outcome->old.segment], outcome->old.size);
}

/* What can only be known while it is so: it is looked at when something ends. */
static void keep_moments(struct history *history, const struct ledger_outcome *outcome,
			 uint64_t now_ns)
{
	bool ended = outcome->ended || outcome->replaced;
	struct ledger_amount before[SEGMENT_KINDS];
	bool asked = timeline_asks(&history->timeline, now_ns, ended);

	if (asked || (history->peak_pending && ended))
		undo(history, outcome, before);
	if (history->peak_pending && ended) {
		memcpy(history->by_kind_at_peak, before, sizeof(before));
		history->peak_pending = false;
	}
	timeline_change(&history->timeline, asked ? before : NULL, history->ledger, now_ns);
}

/* All blocks of a program go at once. */
static void end_program(struct history *history, uint32_t program, uint64_t now_ns)
{
	const struct block *block;
	size_t at = 0;

	if (history->peak_pending)
		memcpy(history->by_kind_at_peak, history->ledger->by_kind,
		       sizeof(history->by_kind_at_peak));
	history->peak_pending = false;
	timeline_change(&history->timeline, history->ledger->by_kind, history->ledger, now_ns);
	while ((block = blocks_next(history->ledger->blocks, &at)))
		if (block->process == program)
			block_gone(history, block, now_ns,
				   sitelogs_find(&history->sites, block->site));
}

static void take_call(struct history *history, struct ledger_event *event,
		      struct ledger_outcome *outcome, uint64_t now_ns)
{
	uint64_t peak = history->ledger->totals.peak.bytes;

	history->sites.calls++;
	name_maker(history, event);
	ledger_apply(history->ledger, event, outcome);
	if (outcome->ended)
		block_ended(history, event, &outcome->old, now_ns);
	if (outcome->replaced)
		block_gone(history, &outcome->lost, now_ns,
			   sitelogs_find(&history->sites, outcome->lost.site));
	if (outcome->made)
		block_made(history, event, outcome, now_ns);
	keep_moments(history, outcome, now_ns);
	if (history->ledger->totals.peak.bytes == peak)
		return;
	history->sites.epoch++;
	history->peak_ns = now_ns;
	history->peak_pending = true;
}

void history_take(struct history *history, struct ledger_event *event,
		  struct ledger_outcome *outcome)
{
	uint64_t now_ns = since_start(history, event->ts_ns);

	history->events++;
	if (now_ns > history->last_ns)
		history->last_ns = now_ns;
	if (is_call(event->kind)) {
		take_call(history, event, outcome, now_ns);
		return;
	}
	if (event->kind == MW_EXEC)
		end_program(history, event->program, now_ns);
	history->forks += event->kind == MW_FORK;
	ledger_apply(history->ledger, event, outcome);
}

/* The balance of a process, made at its first mention. */
static struct balance *balance_of(struct history *history, uint32_t pid)
{
	struct balance *balance = hash_get(&history->resident, pid);

	if (balance)
		return balance;
	balance = history->resident.n < THREADS_MAX ? calloc(1, sizeof(*balance)) : NULL;
	if (balance && !hash_set(&history->resident, pid, balance))
		return balance;
	free(balance);
	return NULL;
}

void history_resident(struct history *history, const struct resident *resident, uint64_t ts_ns)
{
	struct balance *balance = balance_of(history, resident->pid);
	uint64_t rss = 0;
	size_t at = 0;

	if (!balance)
		return;
	balance->resident = *resident;
	balance->ts_ns = since_start(history, ts_ns);
	balance->live = history->ledger->totals.live.bytes;
	if (balance->ts_ns > history->last_ns)
		history->last_ns = balance->ts_ns;
	while ((balance = hash_next(&history->resident, &at, NULL)))
		rss += balance->resident.rss;
	timeline_rss(&history->timeline, rss);
}

void history_lost(struct history *history, uint64_t events, uint64_t ts_ns)
{
	history->lost += events;
	history->lost_ns = since_start(history, ts_ns);
}

static void look_at_block(struct history *history, const struct block *block, uint64_t now_ns,
			  uint64_t older_ns)
{
	struct sitelog *log = sitelogs_find(&history->sites, block->site);
	uint64_t born_ns = since_start(history, block->born_ns);

	if (born_ns < log->oldest_ns)
		log->oldest_ns = born_ns;
	if (now_ns - born_ns < older_ns || born_ns > now_ns)
		return;
	amount_add(&log->old, block->size);
	if (!history->lost || born_ns > history->lost_ns)
		amount_add(&log->certain, block->size);
}

static uint32_t pid_of(void *context, const struct block *block)
{
	const struct report_thread *thread = thread_at(context, block->thread);

	return thread ? thread->pid : 0;
}

void history_end(struct history *history, uint64_t ts_ns, uint64_t older_ns)
{
	uint64_t now_ns = since_start(history, ts_ns);
	const struct block *block;
	struct sitelog *log;
	size_t at = 0;

	if (now_ns < history->last_ns)
		now_ns = history->last_ns;
	history->last_ns = now_ns;
	if (history->peak_pending)
		memcpy(history->by_kind_at_peak, history->ledger->by_kind,
		       sizeof(history->by_kind_at_peak));
	history->peak_pending = false;
	while ((log = sitelogs_next(&history->sites, &at))) {
		sitelog_settle(&history->sites, log, now_ns);
		log->oldest_ns = UINT64_MAX;
	}
	for (at = 0; (block = blocks_next(history->ledger->blocks, &at));)
		look_at_block(history, block, now_ns, older_ns);
	timeline_end(&history->timeline, history->ledger, now_ns);
	if (pins_find(&history->pins, history->ledger->blocks, pid_of, history))
		history->unkept++;
}
