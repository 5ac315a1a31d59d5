// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* leakcheck.c - --leak-check: the targets held and scanned, at their end or when asked. */
#include "leakcheck.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/clock.h"
#include "base/log.h"
#include "scan/pages.h"
#include "scan/roots.h"

int leakcheck_begin(struct leakcheck *check)
{
	int err = check->options->leak_check ? freeze_new(&check->freeze) : 0;

	if (check->options->leak_check)
		check->text = open_memstream(&check->words, &check->words_len);
	if (err)
		log_error("--leak-check: cannot begin: %s", strerror(-err));
	return err;
}

/* Arguments of launch_start, for the keeper's thread. */
struct start {
	struct launch *launch;
	const struct options *options;
	const struct spawn_before *before;
	const char **caveat;
};

static int start(void *arg)
{
	const struct start *start = arg;

	return launch_start(start->launch, start->options, start->before, start->caveat);
}

int leakcheck_launch(struct leakcheck *check, struct launch *launch,
		     const struct spawn_before *before, const char **caveat)
{
	struct start args = { launch, check->options, before, caveat };

	return check->freeze ? freeze_call(check->freeze, start, &args) : start(&args);
}

int leakcheck_release(struct leakcheck *check, struct launch *launch)
{
	int err;

	if (!check->freeze || !launch->held)
		return launch_release(launch);
	err = freeze_adopt(check->freeze, launch->pid);
	launch->held = err != 0;
	errno = -err;
	return err;
}

void leakcheck_watch(struct leakcheck *check)
{
	for (size_t i = 0; check->freeze && i < check->targets->n; i++) {
		struct target *target = &check->targets->at[i];
		int err = target->launched ? 0 : freeze_watch(check->freeze, target->proc.pid);

		target->watched = !err;
		if (err)
			stream_warn(check->stream, "process %d is not searched for leaks: %s",
				    (int)target->proc.pid,
				    err == -EPERM ? "another program traces it, or may alone"
						  : strerror(-err));
	}
}

int leakcheck_fd(const struct leakcheck *check)
{
	return check->freeze ? freeze_fd(check->freeze) : -1;
}

/* Why some of its blocks may not be known; NULL: they all are. */
static const char *why_unknown(const struct leakcheck *check, const struct target *target)
{
	if (!target->launched)
		return "blocks from before the trace are not known";
	if (check->stream->lost_seen || check->stream->ledger.unkept)
		return "blocks are missing, because events were lost";
	if (target->space->number != target->first_program)
		return "it executed a program, whose first blocks may not have been seen";
	return NULL;
}

/* The live blocks of a process. NULL without memory. */
static struct graph_block *copy_blocks(const struct leakcheck *check, uint32_t process, size_t *n)
{
	const struct blocks *blocks = check->stream->ledger.blocks;
	struct graph_block *copies = graph_blocks(blocks_count(blocks));
	const struct block *block;
	size_t at = 0;

	*n = 0;
	while (copies && (block = blocks_next(blocks, &at)))
		if (block->process == process)
			copies[(*n)++] = (struct graph_block){ .addr = block->addr,
							       .size = block->size,
							       .site = block->site };
	return copies;
}

/* A thread through which its memory can be read: the first one may have ended. */
static pid_t reader_of(const struct frozen *frozen)
{
	return frozen->threads[0].tid;
}

/* All that has to be done while it is held. 0 or -errno. */
static int read_graph(struct leakcheck *check, const struct target *target,
		      const struct frozen *frozen, struct graph *graph, struct sink_leaks *words)
{
	struct graph_block *blocks;
	struct roots roots = { 0 };
	struct pages pages;
	struct sweep sweep;
	size_t n;
	int err;

	blocks = copy_blocks(check, target->space->number, &n);
	err = blocks ? graph_init(graph, blocks, n) : -ENOMEM;
	if (err)
		return err;
	pages_open(&pages, reader_of(frozen));
	err = sweep_open(&sweep, &pages.source, graph);
	if (!err)
		err = roots_find(target->space, frozen, &pages.source, words->unknown != NULL,
				 &roots);
	if (!err) {
		roots_sweep_registers(&sweep, frozen);
		for (size_t i = 0; i < roots.n; i++)
			sweep_root(&sweep, &roots.at[i]);
		sweep_blocks(&sweep);
		err = graph->error;
	}
	words->scanned = sweep.bytes;
	words->unreadable = sweep.unreadable;
	sweep_close(&sweep);
	roots_clear(&roots);
	pages_close(&pages);
	return err;
}

/* The sites of the records. NULL without memory. */
static const struct site **find_sites(const struct leakcheck *check, const struct leaks *leaks)
{
	const struct site **found = calloc(leaks->n + 1, sizeof(*found));
	struct hash by_id = { 0 };
	struct site *site;
	size_t at = 0;

	while (found && (site = hash_next(&check->stream->place.sites.by_stack, &at, NULL)))
		hash_set(&by_id, site->id, site);
	for (size_t i = 0; found && i < leaks->n; i++)
		found[i] = hash_get(&by_id, leaks->records[i].site);
	hash_clear(&by_id);
	return found;
}

/* The pattern of --suppressions that each site fits, or NULL. NULL without memory. */
static const char **find_suppressed(const struct leakcheck *check, const struct site **sites, size_t n)
{
	const struct suppressions *patterns = &check->stream->tally.suppressions;
	const char **found = calloc(n + 1, sizeof(*found));

	for (size_t i = 0; found && i < n; i++)
		if (sites[i])
			found[i] = suppressions_find(patterns, sites[i]->frames, sites[i]->n);
	return found;
}

static void send(struct leakcheck *check, struct target *target, struct sink_leaks *words)
{
	const struct options *options = check->options;
	struct sink *sink = &check->stream->sink;
	bool last = words->when != SINK_LEAKS_SIGNAL;

	words->scan = ++check->scans;
	if (sink->ops->leaks)
		sink->ops->leaks(sink, words);
	tally_leaks(&check->stream->tally, words);
	target->scanned |= last;
	/* a report has the sums itself */
	if (!options->quiet)
		sink_print_leaks(last && check->text ? check->text : stderr, words,
				 options->leak_check == LEAK_CHECK_FULL ? options->leak_kinds : 0,
				 !last || !options->summary);
}

void leakcheck_print(struct leakcheck *check)
{
	if (!check->text)
		return;
	fflush(check->text);
	fputs(check->words, stderr);
}

/* What was read amounts to this. 0 or -ENOMEM. */
static int judge(struct leakcheck *check, struct target *target, struct graph *graph,
		 struct sink_leaks *words)
{
	const struct site **sites __free = NULL;
	const char **suppressed __free = NULL;
	struct leaks leaks;
	int err = leaks_judge(graph, &leaks);

	if (err)
		return err;
	sites = find_sites(check, &leaks);
	suppressed = sites ? find_suppressed(check, sites, leaks.n) : NULL;
	words->leaks = &leaks;
	words->sites = sites;
	words->suppressed = suppressed;
	if (suppressed)
		send(check, target, words);
	leaks_clear(&leaks);
	return suppressed ? 0 : -ENOMEM;
}

static void send_failure(struct leakcheck *check, struct target *target,
			 enum sink_leaks_when when, const char *why)
{
	struct sink_leaks words = { .ts_ns = now_ns(),
				    .pid = target->proc.pid,
				    .when = when,
				    .failed = why };

	send(check, target, &words);
}

static void count_threads(const struct frozen *frozen, struct sink_leaks *words)
{
	words->threads = frozen->n;
	for (size_t i = 0; i < frozen->n; i++)
		words->moving += !frozen->threads[i].stopped;
}

/* Hold it, read all there is to read, let it go; then see what it amounts to. */
static void scan_target(struct leakcheck *check, struct target *target, enum sink_leaks_when when)
{
	struct sink_leaks words = { .pid = target->proc.pid, .when = when };
	struct graph graph = { 0 };
	struct frozen frozen = { 0 };
	int err;

	check->catch_up(check->context); /* so that there is less to do while it is held */
	err = freeze_stop(check->freeze, target->proc.pid, &frozen);
	if (!err) {
		if (frozen.leaving)
			words.when = SINK_LEAKS_EXIT;
		check->catch_up(check->context);
		words.ts_ns = now_ns();
		words.unknown = why_unknown(check, target);
		count_threads(&frozen, &words);
		err = read_graph(check, target, &frozen, &graph, &words);
	}
	freeze_release(check->freeze, target->proc.pid);
	words.held_ns = now_ns() - frozen.since_ns;
	frozen_clear(&frozen);
	if (!err)
		err = judge(check, target, &graph, &words);
	graph_clear(&graph);
	if (err && err != -ESRCH)
		send_failure(check, target, when,
			     err == -E2BIG ? "it has too many blocks or pointers" : strerror(-err));
}

static void scan_all(struct leakcheck *check, enum sink_leaks_when when)
{
	for (size_t i = 0; i < check->targets->n; i++) {
		struct target *target = &check->targets->at[i];

		if (target->watched && !target->ended && !target->scanned)
			scan_target(check, target, when);
	}
}

void leakcheck_tend(struct leakcheck *check)
{
	struct target *target;
	pid_t pid;

	if (!check->freeze)
		return;
	if (check->asked)
		scan_all(check, SINK_LEAKS_SIGNAL);
	check->asked = false;
	while ((pid = freeze_leaving(check->freeze)) &&
	       (target = targets_find(check->targets, pid)))
		scan_target(check, target, SINK_LEAKS_EXIT);
}

void leakcheck_reap(struct leakcheck *check, struct launch *launch)
{
	int status;

	launch_reap(launch);
	if (!check->freeze || launch->reaped ||
	    !freeze_status(check->freeze, launch->pid, &status))
		return;
	launch->reaped = true;
	launch->status = status;
}

void leakcheck_finish(struct leakcheck *check)
{
	if (!check->freeze)
		return;
	leakcheck_tend(check);
	scan_all(check, SINK_LEAKS_END);
	for (size_t i = 0; i < check->targets->n; i++) {
		struct target *target = &check->targets->at[i];

		if (target->watched && !target->scanned)
			send_failure(check, target, SINK_LEAKS_EXIT,
				     "it ended without being held, as after SIGKILL");
		freeze_forget(check->freeze, target->proc.pid);
	}
}

void leakcheck_free(struct leakcheck *check)
{
	freeze_free(check->freeze);
	check->freeze = NULL;
	if (check->text)
		fclose(check->text);
	free(check->words);
}
