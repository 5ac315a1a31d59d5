// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* run.c - the life of a run: open, hold, attach, pump, drain, report. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fmt.h"
#include "base/log.h"
#include "base/out.h"
#include "capture/loss.h"
#include "capture/ring.h"
#include "check.h"
#include "programs.h"
#include "sink/words.h"
#include "target/spawn.h"
#include "targets.h"
#include "version.h"

#define PUMP_RECORDS 65536	/* at most so many before other business is looked at */
#define SLEEP_LEAST_MS 1	/* a poll that found events: 2 M events/s fill 160 kB in it */
#define SLEEP_MOST_MS  10
#define FLUSH_NS 500000000ULL	/* a killed mwbpf has written all but the last second */
#define PROGRESS_NS 1000000000ULL

struct run {
	const struct options *options;
	struct tier_report tier;
	struct programs *programs;
	struct attach attach;
	struct targets targets;
	struct place place;
	struct ledger ledger;
	struct ring *ring;
	struct loss loss;
	struct mw_counters counters;
	struct out out;
	struct sink sink;
	int signal_fd;
	sigset_t old_mask;
	pid_t child;		/* a launched command; 0 */
	bool child_held;
	bool child_reaped;
	uint64_t start_ns, deadline_ns, flushed_ns, progress_ns;
	uint64_t progress_events;
	uint32_t lost_seen;
	bool urgent;		/* stop pumping: code was mapped */
	const char *reason;	/* what ended the trace; NULL: it goes on */
	const char *syscalls;
	struct sink_summary summary;
	int exit_status;
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* Which families of probes the wanted events need. */
static unsigned families_of(const struct options *options)
{
	const uint32_t heap = 1u << MW_MALLOC | 1u << MW_CALLOC | 1u << MW_REALLOC |
			      1u << MW_MEMALIGN | 1u << MW_FREE;

	return (options->kinds & heap ? 1u << MW_FAMILY_ALLOC : 0) |
	       (options->kinds & 1u << MW_PYLONG ? 1u << MW_FAMILY_PYLONG : 0);
}

static int open_output(struct run *run)
{
	const char *path = run->options->output;
	int fd = STDOUT_FILENO;

	if (path) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fd < 0) {
			int err = -errno;

			log_error("cannot write %s: %s", path, strerror(-err));
			return err;
		}
	}
	run->sink.out = &run->out;
	run->sink.ops = run->options->json ? &sink_jsonl : &sink_text;
	return out_init(&run->out, fd);
}

static int open_signals(struct run *run)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &mask, &run->old_mask))
		return -errno;
	run->signal_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	return run->signal_fd < 0 ? -errno : 0;
}

/* A warning goes to the person and, when the header is out, into the stream. */
static void warn(struct run *run, const char *text)
{
	log_warn("%s", text);
	if (run->sink.ops->warning && run->sink.start_ns)
		run->sink.ops->warning(&run->sink, now_ns(CLOCK_MONOTONIC), text);
}

/*
 * Events
 */

static bool is_shown(const struct options *options, const struct placed *placed)
{
	const struct mw_event *event = placed->event;
	uint64_t size = event->kind == MW_FREE ? placed->old_size : event->size;
	bool sized = event->kind <= MW_MPROTECT && event->kind != MW_BRK;

	if (!(options->kinds >> event->kind & 1))
		return false;
	/* a free of a block that was never seen has no size: only without a filter */
	return !sized || (size >= options->min_size && size <= options->max_size);
}

static void send_changes(struct run *run, struct space *space, uint64_t ts_ns)
{
	struct segments *segments = &space->segments;

	for (size_t i = 0; i < segments->n_changes; i++)
		run->sink.ops->segment(&run->sink, space->pid, &segments->changes[i], ts_ns);
	segments_settle(segments);
}

static void notice_lost(struct run *run, const struct mw_event *event)
{
	uint32_t lost = event->lost - run->lost_seen;

	loss_read(&run->loss, &run->counters);
	run->sink.ops->lost(&run->sink, event->ts_ns, lost, &run->counters);
	run->lost_seen = event->lost;
}

/* What an event means for the run itself. */
static void notice(struct run *run, const struct mw_event *event)
{
	struct target *target = targets_find(&run->targets, event->pid);

	if (!target)
		return;
	switch (event->kind) {
	case MW_EXIT:
		target->status = event->aux;
		break;
	case MW_EXEC:
		target->rescan = run->urgent = true;
		break;
	case MW_MMAP:
		if (event->flags & MW_F_FILE && !(event->flags & MW_F_FAILED) &&
		    ((const struct mw_event_map *)event)->prot & 4 &&
		    targets_incomplete(&run->targets, target))
			target->rescan = run->urgent = true;
		break;
	}
}

static int take_event(void *context, const struct mw_event *event)
{
	struct run *run = context;
	struct placed placed;

	if (event->lost != run->lost_seen)
		notice_lost(run, event);
	if (place_event(&run->place, event, &placed)) {
		run->summary.foreign++;
		return 0;
	}
	run->summary.delivered[event->kind]++;
	ledger_apply(&run->ledger, &placed);
	if (placed.space->segments.n_changes)
		send_changes(run, placed.space, event->ts_ns);
	if (is_shown(run->options, &placed)) {
		run->summary.shown++;
		run->sink.ops->event(&run->sink, &placed);
	}
	if (event->kind >= MW_MMAP && event->kind != MW_PYLONG)
		notice(run, event);
	return run->urgent;
}

/*
 * Targets
 */

static void note_python(struct target *target, struct place *place)
{
	if (target->space && target->findings.python)
		target->space->python = intern(&place->names, target->findings.python->path);
}

/* New code in a target: probes for what was not found so far. */
static void rescan(struct run *run, struct target *target)
{
	bool fresh[MW_PROBE_MAX];
	struct sink_probe words;

	if (target->ended || targets_probe(&run->targets, target, &run->attach, fresh))
		return;
	proc_refresh(&target->proc);
	note_python(target, &run->place);
	for (size_t i = 0; i < target->findings.n; i++) {
		if (!fresh[i] || !run->sink.ops->probe)
			continue;
		targets_describe_probe(target, &target->findings.at[i], &words);
		run->sink.ops->probe(&run->sink, &words, now_ns(CLOCK_MONOTONIC));
	}
}

/* Where probes were put, for -v. */
static void say_probes(const struct target *target)
{
	for (size_t i = 0; i < target->findings.n; i++) {
		const struct found *found = &target->findings.at[i];

		log_detail("probe %s in %s, +%u: %s (%s)", probe_rows[found->row].symbol,
			   found->image->path, found->slide.offset, found->slide.instruction,
			   found->slide.why);
	}
}

static int add_target(struct run *run, struct target *target)
{
	pid_t pid = target->proc.pid;
	bool fresh[MW_PROBE_MAX];
	char text[256];
	int err = targets_probe(&run->targets, target, &run->attach, fresh);

	if (!err)
		err = place_add(&run->place, pid, &target->space);
	if (err == -ESRCH) {
		log_error("process %d ended while it was being attached to", (int)pid);
		return err;
	}
	if (err)
		return err;
	note_python(target, &run->place);
	say_probes(target);
	if (proc_stopped(&target->proc) && !target->launched) {
		snprintf(text, sizeof(text),
			 "process %d is stopped: no events until it is continued (SIGCONT)",
			 (int)pid);
		warn(run, text);
	}
	if (run->targets.families & 1u << MW_FAMILY_ALLOC && !target->findings.allocator &&
	    !target->launched) {
		log_error("process %d has no allocator with symbols (%s is static and stripped?): "
			  "nothing to probe; try --events map",
			  (int)pid, target->proc.exe);
		return -ENOENT;
	}
	return 0;
}

/* Start the command and hold it. 0, or mwbpf's exit status in run->exit_status. */
static int launch(struct run *run)
{
	struct spawn_as as;
	int status, err = spawn_user(run->options->user, &as);

	run->exit_status = 125;
	if (err) {
		log_error("--user: there is no user '%s'", run->options->user);
		return err;
	}
	err = spawn_start(run->options->command, &as, &run->old_mask, &run->child, &status);
	free(as.name);
	free(as.home);
	if (!err) {
		run->child_held = true;
		if (spawn_caveat())
			warn(run, spawn_caveat());
		return targets_add(&run->targets, run->child, true);
	}
	run->child = 0;
	if (err == -ECHILD) {
		log_error("%s ended before it could be traced", run->options->command[0]);
		run->exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
						       : WEXITSTATUS(status);
	} else {
		log_error("cannot run %s: %s", run->options->command[0], strerror(-err));
		run->exit_status = err == -ENOENT ? 127 : 126;
	}
	return err;
}

static int hold_targets(struct run *run)
{
	int err = 0;

	if (run->options->command)
		return launch(run);
	for (unsigned i = 0; i < run->options->n_pids && !err; i++)
		err = targets_add(&run->targets, run->options->pids[i], false);
	return err;
}

/*
 * Beginning
 */

static int load(struct run *run)
{
	struct programs_options options = { .tier = &run->tier,
					    .buffer = run->options->buffer,
					    .threads = run->options->threads };
	int err;

	run->targets.families = options.families = families_of(run->options);
	place_init(&run->place, &run->targets.images);
	err = ledger_init(&run->ledger);
	if (!err)
		err = programs_load(&options, &run->programs);
	if (!err)
		err = ring_new(programs_ring_fd(run->programs), take_event, run, &run->ring);
	if (!err)
		err = loss_open(programs_counters_fd(run->programs), programs_cpus(run->programs),
				&run->loss);
	if (!err)
		programs_for_probes(run->programs, &run->attach);
	return err;
}

/*
 * Changes of the map count from before the map is read; calls only once every probe is
 * in, or a block whose free was not probed yet would seem to live for ever.
 */
static int attach(struct run *run)
{
	int err = programs_attach_tracepoints(run->programs, &run->attach, &run->syscalls);

	for (size_t i = 0; i < run->targets.n && !err; i++)
		err = programs_add_target(run->programs, run->targets.at[i].proc.pid);
	if (err)
		return err;
	programs_arm(run->programs, MW_ARM_SPACE);
	for (size_t i = 0; i < run->targets.n && !err; i++)
		err = add_target(run, &run->targets.at[i]);
	if (!err)
		programs_arm(run->programs, MW_ARM_ALL);
	return err;
}

static void send_header(struct run *run)
{
	struct sink_target *targets = calloc(run->targets.n, sizeof(*targets));
	struct sink_probe *probes = calloc(run->targets.n * MW_PROBE_MAX, sizeof(*probes));
	struct utsname kernel;
	struct sink_header header = {
		.version = MWBPF_VERSION,
		.start_ns = run->start_ns,
		.realtime_ns = now_ns(CLOCK_REALTIME) - (now_ns(CLOCK_MONOTONIC) - run->start_ns),
		.tier = tier_name(run->tier.tier),
		.tier_why = run->tier.tier == TIER_SESSION
				    ? "the best there is"
				    : run->tier.why[run->tier.tier + 1],
		.syscalls = run->syscalls,
		.buffer = run->options->buffer,
		.events = run->options->events,
		.min_size = run->options->min_size,
		.max_size = run->options->max_size,
		.targets = targets,
		.n_targets = run->targets.n,
		.probes = probes,
	};

	uname(&kernel);
	header.kernel = kernel.release;
	for (size_t i = 0; i < run->targets.n && targets && probes; i++) {
		const struct target *target = &run->targets.at[i];

		targets_describe(target, &targets[i]);
		for (size_t j = 0; j < target->findings.n; j++)
			targets_describe_probe(target, &target->findings.at[j],
					       &probes[header.n_probes++]);
	}
	run->sink.start_ns = run->start_ns;
	run->sink.ops->begin(&run->sink, &header);
	for (size_t i = 0; i < run->targets.n; i++)
		send_changes(run, run->targets.at[i].space, run->start_ns);
	free(targets);
	free(probes);
}

static void release_child(struct run *run)
{
	if (!run->child_held)
		return;
	run->child_held = false;
	if (spawn_release(run->child))
		log_error("cannot let %s run: %s", run->options->command[0], strerror(errno));
}

static int begin(struct run *run)
{
	uint64_t started_ns = now_ns(CLOCK_MONOTONIC);
	int err = check_privileges();

	if (!err) {
		tier_detect(run->options->tier, &run->tier);
		err = check_kernel(&run->tier);
	}
	if (!err)
		err = open_signals(run);
	if (!err)
		err = open_output(run);
	if (!err)
		err = load(run);
	if (!err)
		err = hold_targets(run);
	if (err)
		return err;
	err = attach(run);
	if (err)
		return err;
	/* the reader must keep up with writers that never sleep: 2 M events/s on 2 CPUs */
	setpriority(PRIO_PROCESS, 0, -10);
	run->start_ns = now_ns(CLOCK_MONOTONIC);
	run->deadline_ns = run->options->duration_ns
				   ? run->start_ns + run->options->duration_ns
				   : UINT64_MAX;
	log_detail("attached by %s links, %.0f ms after the start", tier_name(run->tier.tier),
		   (run->start_ns - started_ns) / 1e6);
	send_header(run);
	out_flush(&run->out);
	release_child(run);
	return 0;
}

/*
 * Running
 */

static void read_signals(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			run->reason = strsignal(info.ssi_signo);
}

static void reap_child(struct run *run, struct target *target)
{
	int status;

	if (!target->launched || run->child_reaped ||
	    waitpid(run->child, &status, WNOHANG) != run->child)
		return;
	run->child_reaped = true;
	target->status = status;
}

static void look_at_targets(struct run *run)
{
	for (size_t i = 0; i < run->targets.n; i++) {
		struct target *target = &run->targets.at[i];

		if (target->rescan)
			rescan(run, target);
		if (!target->ended && !proc_alive(&target->proc)) {
			target->ended = true;
			reap_child(run, target);
		}
	}
	run->urgent = false;
	if (!targets_alive(&run->targets) && !run->reason)
		run->reason = "the target's end";
}

static void show_progress(struct run *run, uint64_t now)
{
	uint64_t events = sink_sum((const __u64 *)run->summary.delivered);
	char count[28], live[28], blocks[28];

	if (run->options->quiet || !run->options->output || now - run->progress_ns < PROGRESS_NS)
		return;
	loss_read(&run->loss, &run->counters);
	log_progress("%s events, %.0f/s, %s bytes live in %s blocks, %llu lost",
		     fmt_thousands(count, events),
		     (events - run->progress_events) * 1e9 / (now - run->progress_ns),
		     fmt_thousands(live, run->ledger.totals.live.bytes),
		     fmt_thousands(blocks, run->ledger.totals.live.blocks),
		     (unsigned long long)sink_sum(run->counters.lost));
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
	err = out_flush(&run->out);
	if (err == -EPIPE && !run->reason)
		run->reason = "the output's reader, which has gone";
}

/* Sleep until something urgent, but not so long that the ring could fill. */
static void wait_for_more(struct run *run, int taken, int *sleep_ms)
{
	struct pollfd fds[2 + OPTIONS_MAX_PIDS] = {
		{ .fd = run->signal_fd, .events = POLLIN },
		{ .fd = ring_poll_fd(run->ring), .events = POLLIN },
	};
	size_t n = 2;

	*sleep_ms = taken ? SLEEP_LEAST_MS : *sleep_ms < SLEEP_MOST_MS ? *sleep_ms + 1 : *sleep_ms;
	for (size_t i = 0; i < run->targets.n; i++)
		if (!run->targets.at[i].ended)
			fds[n++] = (struct pollfd){ .fd = run->targets.at[i].proc.pidfd,
						    .events = POLLIN };
	poll(fds, n, taken >= PUMP_RECORDS ? 0 : *sleep_ms);
	if (fds[0].revents)
		read_signals(run);
}

static void pump(struct run *run)
{
	int sleep_ms = SLEEP_LEAST_MS;

	while (!run->reason) {
		int taken = ring_pump(run->ring, PUMP_RECORDS);
		uint64_t now = now_ns(CLOCK_MONOTONIC);
		bool urgent = run->urgent;

		if (taken < 0) {
			log_error("the ring cannot be read: %s", strerror(-taken));
			run->reason = "an error";
			break;
		}
		look_at_targets(run);
		show_progress(run, now);
		flush(run, now, taken < PUMP_RECORDS);
		if (now >= run->deadline_ns)
			run->reason = "--duration";
		if (!urgent && !run->reason)
			wait_for_more(run, taken, &sleep_ms);
	}
}

/* Take the probes out, then what they left in the ring. */
static void drain(struct run *run)
{
	programs_arm(run->programs, MW_ARM_OFF);
	attach_clear(&run->attach);
	while (ring_pump(run->ring, PUMP_RECORDS) > 0)
		run->urgent = false;
	look_at_targets(run);
}

/*
 * End
 */

static void report(struct run *run)
{
	struct sink_end ends[OPTIONS_MAX_PIDS];
	struct sink_summary *summary = &run->summary;

	loss_read(&run->loss, &run->counters);
	if (run->counters.lost[0] || sink_sum(run->counters.lost) > run->lost_seen)
		run->sink.ops->lost(&run->sink, now_ns(CLOCK_MONOTONIC),
				    sink_sum(run->counters.lost) - run->lost_seen, &run->counters);
	for (size_t i = 0; i < run->targets.n; i++)
		ends[i] = (struct sink_end){ run->targets.at[i].proc.pid, run->targets.at[i].ended,
					     run->targets.at[i].status };
	summary->ts_ns = now_ns(CLOCK_MONOTONIC);
	summary->reason = run->reason;
	summary->ledger = &run->ledger;
	summary->counters = &run->counters;
	summary->malformed = ring_malformed(run->ring);
	summary->ends = ends;
	summary->n_ends = run->targets.n;
	summary->output_lost = run->out.lines_lost;
	if (run->sink.ops->end)
		run->sink.ops->end(&run->sink, summary);
	out_flush(&run->out);
	summary->output_lost = run->out.lines_lost;
	if (!run->options->quiet)
		sink_print_summary(summary);
}

/* The command's status is ours: wait for it, unless the person has had enough. */
static void wait_for_child(struct run *run)
{
	struct target *target = targets_find(&run->targets, run->child);
	struct pollfd fds[2] = { { .fd = run->signal_fd, .events = POLLIN },
				 { .fd = target->proc.pidfd, .events = POLLIN } };

	if (!run->child_reaped && proc_alive(&target->proc) && !run->options->quiet)
		log_info("the trace is over; %s runs on (interrupt again to leave it)",
			 run->options->command[0]);
	while (!run->child_reaped) {
		poll(fds, 2, -1);
		run->reason = NULL;
		if (fds[0].revents)
			read_signals(run);
		reap_child(run, target);
		if (run->reason && !run->child_reaped)
			return;
	}
	run->exit_status = WIFSIGNALED(target->status) ? 128 + WTERMSIG(target->status)
						       : WEXITSTATUS(target->status);
}

static void end(struct run *run)
{
	if (run->child_held) { /* it has run nothing: it must not run untraced */
		kill(run->child, SIGKILL);
		waitpid(run->child, NULL, __WALL);
	}
	attach_clear(&run->attach);
	ring_free(run->ring);
	loss_close(&run->loss);
	programs_free(run->programs);
	ledger_clear(&run->ledger);
	place_clear(&run->place);
	targets_clear(&run->targets);
	if (run->signal_fd >= 0)
		close(run->signal_fd);
	if (run->out.buf)
		out_close(&run->out);
	if (run->options->output && run->out.fd > 0)
		close(run->out.fd);
}

int run_trace(const struct options *options)
{
	struct run *run = calloc(1, sizeof(*run));
	int status = 1;

	if (!run)
		return 1;
	run->options = options;
	run->signal_fd = -1;
	run->out.fd = -1;
	run->exit_status = options->command ? 125 : 1;
	if (!begin(run)) {
		pump(run);
		drain(run);
		report(run);
		run->exit_status = 0;
		if (run->child)
			wait_for_child(run);
		if (run->out.error && options->output) {
			log_error("cannot write %s: %s: %llu lines are missing", options->output,
				  strerror(-run->out.error),
				  (unsigned long long)run->out.lines_lost);
			run->exit_status = 1;
		}
	}
	status = run->exit_status;
	end(run);
	free(run);
	return status;
}
