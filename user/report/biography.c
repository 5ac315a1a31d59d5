// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* biography.c - every owner that an address had. */
#include "report/biography.h"

#include <stdlib.h>

#include <mwbpf/event.h>

#include "base/fmt.h"
#include "base/json.h"
#include "report/words.h"

#define N(value) fmt_thousands((char[28]){ 0 }, value)

/* An owner from its birth to its end. */
struct owner {
	const struct block *block;
	const char *what; /* it is: "block" or "int" */
	const char *end;  /* what ended it; NULL: nothing did */
	uint64_t end_ns;
	uint32_t end_tid;
};

int biography_begin(struct biography *biography, uint64_t address, struct history *history, bool json,
		    FILE *to)
{
	*biography = (struct biography){
		.address = address, .history = history, .json = json, .to = to
	};
	if (json)
		return out_init(&biography->out, fileno(to));
	fprintf(to, "EVERY OWNER OF 0x%llx:\n", (unsigned long long)address);
	fprintf(to, "  %12s %12s %10s %12s %9s %8s  %-18s %s\n", "FROM", "UNTIL", "LIVED", "BYTES",
		"+OFFSET", "TID", "ENDED BY", "MADE BY");
	return 0;
}

static struct report_site site_of(const struct biography *biography, uint32_t id)
{
	const struct sitelog *log = sitelogs_find(&biography->history->sites, id);

	return (struct report_site){ .id = log->id,
				     .frames = log->frames,
				     .n_frames = log->n_frames,
				     .reason = log->reason };
}

static uint32_t tid_of(const struct biography *biography, const struct block *block)
{
	return block->thread ? biography->history->thread_at[block->thread - 1]->tid : 0;
}

static void tell_json(struct biography *biography, const struct owner *owner)
{
	const struct report_site site = site_of(biography, owner->block->site);
	struct json json;
	char text[1024];

	json_begin(&json, &biography->out);
	json_str(&json, "type", "owner");
	json_str(&json, "what", owner->what);
	json_hex(&json, "addr", owner->block->addr);
	json_u64(&json, "size", owner->block->size);
	json_u64(&json, "off", biography->address - owner->block->addr);
	json_u64(&json, "from_ns", owner->block->born_ns);
	if (owner->end)
		json_u64(&json, "until_ns", owner->end_ns);
	else
		json_null(&json, "until_ns");
	json_str(&json, "ended_by", owner->end);
	json_u64(&json, "tid", tid_of(biography, owner->block));
	json_u64(&json, "stack", site.id);
	json_str(&json, "site", words_site(text, sizeof(text), &site));
	json_end(&json);
}

static void tell_words(struct biography *biography, const struct owner *owner)
{
	const struct report_site site = site_of(biography, owner->block->site);
	char site_text[1024], lived[32] = "", until[32] = "", end[64] = "still live";

	if (owner->end) {
		words_duration(lived, owner->end_ns - owner->block->born_ns);
		snprintf(until, sizeof(until), "%.6f", owner->end_ns / 1e9);
		snprintf(end, sizeof(end), "%s, tid %u", owner->end, owner->end_tid);
	}
	fprintf(biography->to, "  %12.6f %12s %10s %12s %9llx %8u  %-18s %s\n",
		owner->block->born_ns / 1e9, until, lived, N(owner->block->size),
		(unsigned long long)(biography->address - owner->block->addr),
		tid_of(biography, owner->block), owner->what[0] == 'i' ? "(a Python int)" : end,
		words_site(site_text, sizeof(site_text), &site));
}

static void tell(struct biography *biography, const struct owner *owner)
{
	biography->owners++;
	if (biography->json)
		tell_json(biography, owner);
	else
		tell_words(biography, owner);
}

static bool holds(const struct block *block, uint64_t address)
{
	return address == block->addr ||
	       (address > block->addr && address - block->addr < block->size);
}

static void close_owner(struct biography *biography, const struct ledger_event *event,
			const struct block *block, const char *end)
{
	const struct owner owner = { block, "block", end, event->ts_ns, event->tid };

	if (!holds(block, biography->address))
		return;
	free(hash_remove(&biography->open, block->process));
	tell(biography, &owner);
}

static void open_owner(struct biography *biography, const struct block *block)
{
	struct block *kept = holds(block, biography->address) ? malloc(sizeof(*kept)) : NULL;

	if (!kept)
		return;
	*kept = *block;
	free(hash_remove(&biography->open, block->process));
	if (hash_set(&biography->open, block->process, kept))
		free(kept);
}

static void end_program(struct biography *biography, const struct ledger_event *event)
{
	struct block *block = hash_remove(&biography->open, event->program);
	const struct owner owner = { block, "block", "exec", event->ts_ns, event->tid };

	if (block)
		tell(biography, &owner);
	free(block);
}

/* An int in memory of pymalloc's is no block of the ledger; when it ends is not seen. */
static void tell_int(struct biography *biography, const struct ledger_event *event)
{
	const struct block block = { .addr = event->addr,
				     .born_ns = event->ts_ns,
				     .site = event->site };
	const struct owner owner = { &block, "int", NULL, 0, 0 };

	tell(biography, &owner);
}

void biography_event(struct biography *biography, const struct ledger_event *event,
		     const struct ledger_outcome *outcome)
{
	if (event->kind == MW_EXEC)
		end_program(biography, event);
	if (event->kind == MW_PYLONG && event->addr == biography->address && !event->failed &&
	    !event->cached)
		tell_int(biography, event);
	if (outcome->ended)
		close_owner(biography, event, &outcome->old,
			    event->kind == MW_FREE ? "free" : "realloc");
	if (outcome->replaced)
		close_owner(biography, event, &outcome->lost, "a new block");
	if (outcome->made)
		open_owner(biography, &outcome->block);
}

int biography_end(struct biography *biography)
{
	struct block *block;
	size_t at = 0;
	int err = 0;

	while ((block = hash_next(&biography->open, &at, NULL))) {
		const struct owner owner = { block, "block", NULL, 0, 0 };

		tell(biography, &owner);
		free(block);
	}
	hash_clear(&biography->open);
	if (biography->json)
		err = out_close(&biography->out);
	else
		fprintf(biography->to, "  %s in all\n", N(biography->owners));
	return err;
}
