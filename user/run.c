// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* run.c - the life of a run: open, hold, attach, pump, drain, report. */
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "balance.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "base/log.h"
#include "capture/ring.h"
#include "check.h"
#include "follow.h"
#include "header.h"
#include "launch.h"
#include "leakcheck.h"
#include "programs.h"

#define PUMP_RECORDS   65536 /* at most so many before other business is looked at ... */
#define PUMP_AWAITING  64    /* ... while a CPython's layout is, for naming their stacks takes long */
#define SLEEP_LEAST_MS 1     /* after a poll that found events: 2 M/s fill 160 kB in it */
#define SLEEP_MOST_MS  10
#define FLUSH_NS       500000000ULL /* a killed mwbpf has written all but the last second */
#define PROGRESS_NS    1000000000ULL
#define NICE	       (-10) /* the reader must keep up with writers that never sleep */

struct run {
	const struct options *options;
	struct tier_report tier;
	struct programs *programs;
	struct attach attach;
	struct targets targets;
	struct launch launch;
	struct leakcheck leakcheck;
	struct stream stream;
	struct ints ints;
	struct follow follow;
	struct balance_clock balance;
	struct ring *ring;
	int signal_fd;
	struct spawn_before before; /* as we were started */
	uint64_t deadline_ns, flushed_ns, progress_ns;
	uint64_t progress_events;
	bool urgent;	    /* stop pumping: code was mapped */
	const char *reason; /* what ended the trace; NULL: it goes on */
	const char *syscalls;
};

/* Which families of probes the wanted events need. */
static unsigned families_of(const struct options *options)
{
	const uint32_t heap = 1u << MW_MALLOC | 1u << MW_CALLOC | 1u << MW_REALLOC |
			      1u << MW_MEMALIGN | 1u << MW_FREE;

	return (options->kinds & heap || options->leak_check ? 1u << MW_FAMILY_ALLOC : 0) |
	       (options->kinds & 1u << MW_PYLONG ? 1u << MW_FAMILY_PYLONG : 0);
}

/* One line for what has no line of its own yet. Returns err. */
static int say(const char *what, int err)
{
	if (err)
		log_error("%s: %s", what, strerror(-err));
	return err;
}

static int open_signals(struct run *run)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	if (run->options->leak_check)
		sigaddset(&ends, SIGUSR1);
	if (spawn_prepare(&run->before, &ends))
		return say("cannot set up signals", -errno);
	run->signal_fd = signalfd(-1, &ends, SFD_NONBLOCK | SFD_CLOEXEC);
	run->stream.out.give_up_fd = run->signal_fd;
	return run->signal_fd < 0 ? say("cannot set up signals", -errno) : 0;
}

static int take_event(void *context, const struct mw_event *event)
{
	struct run *run = context;

	if (stream_take(&run->stream, event) && event->kind >= MW_MMAP && event->kind <= MW_EXIT &&
	    event->kind != MW_PYLONG)
		run->urgent |= follow_notice(&run->follow, event);
	return run->urgent;
}

/* Exit status, 0 for success. */
static int hold_targets(struct run *run)
{
	const struct options *options = run->options;
	const char *caveat = NULL;
	int status = 0;

	if (options->command) {
		status = leakcheck_launch(&run->leakcheck, &run->launch, &run->before, &caveat);
		if (caveat)
			stream_warn(&run->stream, "%s", caveat);
		if (!status && targets_add(&run->targets, run->launch.pid, true))
			status = LAUNCH_FAILED;
	}
	for (unsigned i = 0; i < options->n_pids && !status; i++)
		status = targets_add(&run->targets, options->pids[i], false) ? 1 : 0;
	return status;
}

static int load(struct run *run)
{
	struct programs_options options = { .tier = &run->tier,
					    .buffer = run->options->buffer,
					    .threads = run->options->threads,
					    .max_depth = run->options->max_depth };
	struct ring_source source;
	int err;

	options.python = run->options->stack != STACK_NONE && run->options->stack != STACK_NATIVE;
	options.native = run->options->stack >= STACK_NATIVE;
	options.caller = run->options->stack != STACK_NONE;
	run->targets.families = options.families = families_of(run->options);
	run->targets.python = options.python || options.families & 1u << MW_FAMILY_PYLONG;
	err = programs_load(&options, &run->programs);
	if (err)
		return err;
	programs_ring(run->programs, &source);
	err = ring_new(&source, take_event, run, &run->ring);
	if (!err)
		err = loss_open(programs_counters_fd(run->programs), programs_cpus(run->programs),
				&run->stream.loss);
	if (!err)
		programs_for_probes(run->programs, &run->attach);
	run->ints.programs = run->follow.programs = run->programs;
	run->ints.wanted = options.families & 1u << MW_FAMILY_PYLONG;
	run->follow.python = options.python || run->ints.wanted; /* values need it, too */
	return say("cannot map the ring (a smaller --buffer needs less memory)", err);
}

/*
 * Changes of the map count from before the map is read; calls only once every probe is
 * in, or a block whose free was not probed yet would seem to live for ever.
 */
static int attach(struct run *run)
{
	int err = programs_attach_tracepoints(run->programs, &run->attach, &run->syscalls);

	if (err)
		return err;
	for (size_t i = 0; i < run->targets.n && !err; i++)
		err = programs_set_target(run->programs, run->targets.at[i].proc.pid, 0);
	if (err)
		return say("cannot name the target to the BPF programs", err);
	programs_arm(run->programs, MW_ARM_SPACE);
	for (size_t i = 0; i < run->targets.n && !err; i++)
		err = follow_begin(&run->follow, &run->targets.at[i]);
	if (!err)
		programs_arm(run->programs, MW_ARM_ALL);
	return err;
}

/* Everything up to the first event. 0, or mwbpf's exit status. */
static int begin(struct run *run)
{
	uint64_t started_ns = now_ns();
	int failed = run->options->command ? LAUNCH_FAILED : 1;
	int status;

	if (check_privileges() || check_limits())
		return failed;
	tier_detect(run->options->tier, &run->tier);
	if (check_kernel(&run->tier) ||
	    stream_open(&run->stream, run->options, &run->targets.images) || open_signals(run) ||
	    leakcheck_begin(&run->leakcheck) || load(run))
		return failed;
	status = hold_targets(run);
	if (status)
		return status;
	if (attach(run) || header_send(&run->stream, &run->targets, &run->attach, &run->tier,
				       run->syscalls))
		return failed;
	leakcheck_watch(&run->leakcheck);
	setpriority(PRIO_PROCESS, 0, NICE);
	log_detail("attached by %s links, %.0f ms after the start", tier_name(run->tier.tier),
		   (now_ns() - started_ns) / 1e6);
	if (run->options->duration_ns)
		run->deadline_ns = now_ns() + run->options->duration_ns;
	balance_look(&run->balance, &run->stream, &run->targets, now_ns());
	if (leakcheck_release(&run->leakcheck, &run->launch)) {
		log_error("cannot let %s run: %s", run->options->command[0], strerror(errno));
		return failed;
	}
	return 0;
}

/* The first signal ends the trace, but for the one that asks for a look in between. */
static void read_signals(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo == SIGUSR1)
			run->leakcheck.asked = true;
		else
			run->reason = strsignal(info.ssi_signo);
}

static void look_at_targets(struct run *run)
{
	for (size_t i = 0; i < run->targets.n; i++) {
		struct target *target = &run->targets.at[i];

		if (target->rescan || targets_unsettled(target))
			follow_new_code(&run->follow, target);
		follow_python(&run->follow, target);
		ints_doubt(&run->ints, target);
		if (target->ended || proc_alive(&target->proc))
			continue;
		target->ended = true;
		if (target->launched) {
			leakcheck_reap(&run->leakcheck, &run->launch);
			target->status = run->launch.reaped ? run->launch.status : -1;
		}
	}
	run->urgent = false;
	if (!targets_alive(&run->targets) && !run->reason)
		run->reason = "the target's end";
}

static void show_progress(struct run *run, uint64_t now)
{
	const struct ledger_totals *totals = &run->stream.ledger.totals;
	uint64_t events = sink_sum((const __u64 *)run->stream.summary.delivered);
	char count[28], live[28], blocks[28];

	if (run->options->quiet || !run->options->output || now - run->progress_ns < PROGRESS_NS)
		return;
	stream_count(&run->stream);
	log_progress("%s events, %.0f/s, %s bytes live in %s blocks, %llu lost",
		     fmt_thousands(count, events),
		     (events - run->progress_events) * 1e9 / (now - run->progress_ns),
		     fmt_thousands(live, totals->live.bytes),
		     fmt_thousands(blocks, totals->live.blocks),
		     (unsigned long long)sink_sum(run->stream.counters.lost));
	run->progress_ns = now;
	run->progress_events = events;
}

/* A file is flushed now and then; a terminal or a pipe has a reader who waits. */
static void flush(struct run *run, uint64_t now, bool idle)
{
	int err;

	if (!(idle && !run->options->output) && now - run->flushed_ns < FLUSH_NS)
		return;
	run->flushed_ns = now;
	err = out_flush(&run->stream.out);
	if (err == -EPIPE && !run->reason)
		run->reason = "the end of the output's reader";
	if (err == -EINTR)
		read_signals(run);
}

/* Sleep until something urgent, but not so long that the ring could fill. */
static void wait_for_more(struct run *run, int taken, bool all, int *sleep_ms)
{
	struct pollfd fds[3 + OPTIONS_MAX_PIDS] = {
		{ .fd = run->signal_fd, .events = POLLIN },
		{ .fd = ring_poll_fd(run->ring), .events = POLLIN },
		{ .fd = leakcheck_fd(&run->leakcheck), .events = POLLIN },
	};
	size_t n = 3;

	*sleep_ms = taken ? SLEEP_LEAST_MS : *sleep_ms < SLEEP_MOST_MS ? *sleep_ms + 1 : *sleep_ms;
	for (size_t i = 0; i < run->targets.n; i++)
		if (!run->targets.at[i].ended)
			fds[n++] = (struct pollfd){ .fd = run->targets.at[i].proc.pidfd,
						    .events = POLLIN };
	poll(fds, n, all ? *sleep_ms : 0);
	if (fds[0].revents)
		read_signals(run);
	if (fds[1].revents)
		ring_woken(run->ring);
}

/* All events that there are now: who makes more meanwhile may be faster than we are. */
static void catch_up(void *context)
{
	struct run *run = context;
	uint64_t most = 2 * run->options->buffer / sizeof(struct mw_event), sum = 0;
	bool urgent = run->urgent;
	int taken;

	while (sum <= most && (taken = ring_pump(run->ring, PUMP_RECORDS)) > 0) {
		sum += taken;
		urgent |= run->urgent;
		run->urgent = false;
	}
	run->urgent = urgent;
}

static int pump_most(const struct run *run)
{
	for (size_t i = 0; i < run->targets.n; i++)
		if (follow_awaits_python(&run->follow, &run->targets.at[i]))
			return PUMP_AWAITING;
	return PUMP_RECORDS;
}

static void pump(struct run *run)
{
	int sleep_ms = SLEEP_LEAST_MS;

	while (!run->reason) {
		int most = pump_most(run), taken = ring_pump(run->ring, most);
		bool urgent = run->urgent, all = taken < most;
		uint64_t now = now_ns();

		if (taken < 0) {
			log_error("the ring cannot be read: %s", strerror(-taken));
			run->reason = "an error";
			break;
		}
		if (all && !urgent)
			stream_tick(&run->stream);
		look_at_targets(run);
		leakcheck_tend(&run->leakcheck);
		show_progress(run, now);
		balance_look(&run->balance, &run->stream, &run->targets, now);
		flush(run, now, all);
		if (run->deadline_ns && now >= run->deadline_ns)
			run->reason = "--duration";
		if (!urgent && !run->reason)
			wait_for_more(run, taken, all, &sleep_ms);
	}
}

#define SETTLE_ROUNDS 4
#define SETTLE_MS     21

/* What a thread that waits made last is read while all that it does is still seen. */
static void settle(struct run *run)
{
	for (int i = 0; i < SETTLE_ROUNDS; i++) {
		if (ring_pump(run->ring, PUMP_RECORDS) < PUMP_RECORDS && stream_settle(&run->stream))
			return;
		run->urgent = false;
		poll(NULL, 0, SETTLE_MS);
	}
}

/* Take the probes out, then what they left in the ring. */
static void drain(struct run *run)
{
	settle(run);
	run->balance.next_ns = 0; /* once more, at the end */
	balance_look(&run->balance, &run->stream, &run->targets, now_ns());
	programs_arm(run->programs, MW_ARM_OFF);
	attach_end(&run->attach);
	catch_up(run);
	look_at_targets(run);
}

static int report(struct run *run)
{
	struct sink_end ends[OPTIONS_MAX_PIDS];
	uint64_t skipped = programs_skipped(run->programs);
	int err;

	if (skipped)
		stream_warn(&run->stream,
			    "the kernel left out %llu runs of BPF programs, because it ran them for "
			    "another thread on the same CPU: so many system calls, forks or exits, "
			    "of the target or of other processes, are missing",
			    (unsigned long long)skipped);
	for (size_t i = 0; i < run->targets.n; i++) {
		const struct target *target = &run->targets.at[i];

		ends[i] = (struct sink_end){
			.pid = target->proc.pid,
			.ended = target->ended,
			.status = target->status,
			.has_ints = target->ints_of != NULL,
			.ints = coverages_of(&run->stream.coverages, target->proc.pid),
		};
	}
	balance_end(&run->balance, &run->stream, &run->targets);
	run->stream.summary.malformed = ring_malformed(run->ring);
	err = stream_end(&run->stream, run->reason, ends, run->targets.n);
	leakcheck_print(&run->leakcheck);
	return err;
}

/* The command's status is ours: wait for it, unless the person has had enough. */
static int wait_for_child(struct run *run)
{
	const struct target *target = targets_find(&run->targets, run->launch.pid);
	struct pollfd fds[2] = { { .fd = run->signal_fd, .events = POLLIN },
				 { .fd = target->proc.pidfd, .events = POLLIN } };

	leakcheck_reap(&run->leakcheck, &run->launch);
	if (!run->launch.reaped && !run->options->quiet)
		log_info("the trace is over; %s runs on (interrupt again to leave it)",
			 run->options->command[0]);
	run->reason = NULL;
	while (!run->launch.reaped) {
		poll(fds, 2, -1);
		if (fds[0].revents)
			read_signals(run);
		leakcheck_reap(&run->leakcheck, &run->launch);
		if (run->reason && !run->launch.reaped)
			return 0;
	}
	return launch_exit_status(&run->launch);
}

/* What the run amounts to, as an exit status. */
static int finish(struct run *run, int err)
{
	const struct out *out = &run->stream.out;
	int status = run->launch.pid ? wait_for_child(run) : 0;

	if (err)
		return 1;
	if (run->stream.tally.status)
		status = run->stream.tally.status;
	/* a reader who has seen enough, or is interrupted, is no failure */
	if (!out->error || out->error == -EPIPE || out->error == -EINTR)
		return status;
	log_error("cannot write %s: %s: %llu lines are missing",
		  run->options->output ? run->options->output : "standard output",
		  strerror(-out->error), (unsigned long long)out->lines_lost);
	return 1;
}

static void end(struct run *run)
{
	launch_abandon(&run->launch);
	attach_clear(&run->attach);
	leakcheck_free(&run->leakcheck);
	ring_free(run->ring);
	stream_close(&run->stream);
	programs_free(run->programs);
	ints_clear(&run->ints);
	targets_clear(&run->targets);
	if (run->signal_fd >= 0)
		close(run->signal_fd);
}

int run_trace(const struct options *options)
{
	struct run *run = calloc(1, sizeof(*run));
	int status;

	if (!run)
		return 1;
	run->options = options;
	run->signal_fd = -1;
	run->ints = (struct ints){ .attach = &run->attach,
				   .stream = &run->stream,
				   .directory = options->no_cache ? NULL : options->cache_dir,
				   .chosen = strcmp(options->cache_dir, OPTIONS_CACHE_DIR) != 0,
				   .cache = -1 };
	run->leakcheck = (struct leakcheck){ .options = options,
					     .stream = &run->stream,
					     .targets = &run->targets,
					     .catch_up = catch_up,
					     .context = run };
	run->follow = (struct follow){ .targets = &run->targets,
				       .attach = &run->attach,
				       .stream = &run->stream,
				       .ints = &run->ints };
	status = begin(run);
	if (!status) {
		pump(run);
		leakcheck_finish(&run->leakcheck);
		drain(run);
		status = finish(run, report(run));
	}
	end(run);
	free(run);
	return status;
}
