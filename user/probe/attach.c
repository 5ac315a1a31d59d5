// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* attach.c - probes into a process, and out of it again. */
#include "probe/attach.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <mwbpf/config.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clean.h"
#include "base/log.h"
#include "probe/apart.h"
#include "probe/link.h"
#include "probe/tracefs.h"

static void let_go(struct attach_hold *hold)
{
	if (hold->fd >= 0)
		close(hold->fd);
	else
		bpf_link__destroy(hold->link);
}

static int keep(struct attach *attach, struct attach_hold hold)
{
	struct attach_hold *more = reallocarray(attach->holds, attach->n_holds + 1, sizeof(*more));

	if (!more) {
		let_go(&hold);
		return -ENOMEM;
	}
	attach->holds = more;
	attach->holds[attach->n_holds++] = hold;
	return 0;
}

static int keep_link(struct attach *attach, pid_t pid, const struct image *image,
		     struct bpf_link *link)
{
	return link ? keep(attach, (struct attach_hold){ pid, image, -1, link }) : -errno;
}

/* The probes of one family in one file: what one or two links take. */
struct group {
	pid_t pid;
	const struct image *image;
	char path[32];
	unsigned long offsets[MW_PROBE_MAX];
	__u64 cookies[MW_PROBE_MAX];
	__u32 n;
	__u32 returning; /* the first so many have a return to see */
};

static void group_add(struct group *group, const struct findings *findings, enum mw_family family,
		      bool returns)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct found *found = &findings->at[i];
		const struct probe_row *row = &probe_rows[found->row];
		uint64_t addr;

		if (found->image != group->image || row->family != family ||
		    row->returns != returns || found->shares >= 0)
			continue;
		group->offsets[group->n] = found->offset;
		/* what tells entry from return: call.bpf.h */
		addr = found->addr ? found->addr : found->offset & 0xfff;
		group->cookies[group->n++] = found->row | addr << MW_COOKIE_ROW_BITS;
	}
}

static int attach_part(struct attach *attach, const struct group *group, __u32 from, __u32 n,
		       const struct bpf_program *program, int type, __u32 flags)
{
	const struct link_multi link = {
		.path = group->path,
		.offsets = group->offsets + from,
		.cookies = group->cookies + from,
		.cnt = n,
		.flags = flags,
		.pid = group->pid,
	};
	int fd;

	if (!n)
		return 0;
	fd = apart_link(bpf_program__fd(program), type, &link);
	return fd < 0 ? fd : keep(attach, (struct attach_hold){ group->pid, group->image, fd, NULL });
}

/*
 * Entry and return of one call by one program; what only has an entry by another, and
 * first: a free seen too early is unmatched, but a block whose free is seen too late
 * would live for ever.
 */
static int attach_session(struct attach *attach, const struct attach_programs *programs,
			  const struct group *group)
{
	int err = attach_part(attach, group, group->returning, group->n - group->returning,
			      programs->enter, LINK_MULTI, 0);

	return err ? err
		   : attach_part(attach, group, 0, group->returning, programs->session,
				 LINK_SESSION, 0);
}

/* Returns first: an entry is then never seen without its return. */
static int attach_multi(struct attach *attach, const struct attach_programs *programs,
			const struct group *group)
{
	int err = attach_part(attach, group, 0, group->returning, programs->leave, LINK_MULTI,
			      LINK_RETURN);

	return err ? err
		   : attach_part(attach, group, 0, group->n, programs->enter, LINK_MULTI, 0);
}

static int attach_perf(struct attach *attach, const struct attach_programs *programs,
		       const struct group *group)
{
	int err = 0;

	for (__u32 i = 0; i < group->n && !err; i++) {
		LIBBPF_OPTS(bpf_uprobe_opts, opts, .retprobe = true);

		if (attach->probe_at_fd < 0)
			opts.bpf_cookie = group->cookies[i];
		if (i < group->returning)
			err = keep_link(attach, group->pid, group->image,
					bpf_program__attach_uprobe_opts(
						programs->leave, group->pid, group->path,
						group->offsets[i], &opts));
		opts.retprobe = false;
		if (!err)
			err = keep_link(attach, group->pid, group->image,
					bpf_program__attach_uprobe_opts(
						programs->enter, group->pid, group->path,
						group->offsets[i], &opts));
	}
	return err;
}

typedef int (*attach_fn)(struct attach *, const struct attach_programs *, const struct group *);

static const attach_fn by_tier[] = {
	[TIER_PERF] = attach_perf,
	[TIER_MULTI] = attach_multi,
	[TIER_SESSION] = attach_session,
};

static int name_addresses(const struct attach *attach, pid_t pid, const struct findings *findings)
{
	for (size_t i = 0; i < findings->n && attach->probe_at_fd >= 0; i++) {
		struct mw_probe_at at = { .ip = findings->at[i].addr, .pid = pid };

		if (findings->at[i].shares < 0 &&
		    bpf_map_update_elem(attach->probe_at_fd, &at, &findings->at[i].row, BPF_ANY))
			return -errno;
	}
	return 0;
}

static int attach_group(struct attach *attach, pid_t pid, const struct findings *findings,
			const struct image *image, enum mw_family family)
{
	struct group *group __free = calloc(1, sizeof(*group));
	int err;

	if (!group)
		return -ENOMEM;
	group->pid = pid;
	group->image = image;
	/* the descriptor, not the path: the very file the target has mapped */
	snprintf(group->path, sizeof(group->path), "/proc/self/fd/%d", image->fd);
	group_add(group, findings, family, true);
	group->returning = group->n;
	group_add(group, findings, family, false);
	if (!group->n)
		return 0;
	err = by_tier[attach->tier](attach, &attach->programs[family], group);
	if (err == -EACCES || err == -EPERM)
		log_error("cannot attach %u probes in %s: %s: perf uprobes need CAP_SYS_ADMIN",
			  group->n, image->path, strerror(-err));
	else if (err && err != -ESRCH)
		log_error("cannot attach %u probes in %s by %s links: %s", group->n, image->path,
			  tier_name(attach->tier), strerror(-err));
	return err;
}

int attach_probes(struct attach *attach, pid_t pid, const struct findings *findings)
{
	int err = name_addresses(attach, pid, findings);

	for (size_t i = 0; i < findings->n && !err; i++) {
		const struct image *image = findings->at[i].image;
		bool first = true;

		for (size_t j = 0; j < i; j++)
			first = first && findings->at[j].image != image;
		for (int family = 0; family < MW_FAMILY_MAX && first && !err; family++)
			err = attach_group(attach, pid, findings, image, family);
	}
	return err;
}

/* Sites that share a probe agree on everything that is told: one of them stands for all. */
static __u32 number_sites(const struct intsites *sites, uint32_t first, unsigned long *offsets,
			  __u64 *cookies)
{
	__u32 n = 0;

	for (size_t i = 0; i < sites->n; i++) {
		bool shared = false;

		for (__u32 j = 0; j < n; j++)
			shared |= offsets[j] == sites->list[i].probe;
		if (shared)
			continue;
		offsets[n] = sites->list[i].probe;
		cookies[n++] = first + i;
	}
	return n;
}

int attach_intsites(struct attach *attach, pid_t pid, const struct image *image,
		    const struct intsites *sites, uint32_t first)
{
	unsigned long *offsets __free = calloc(sites->n + 1, sizeof(*offsets));
	__u64 *cookies __free = calloc(sites->n + 1, sizeof(*cookies));
	char path[32];
	struct link_multi link = { .path = path, .offsets = offsets, .cookies = cookies, .pid = pid };
	int fd, err = 0;

	if (!offsets || !cookies)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", image->fd);
	link.cnt = number_sites(sites, first, offsets, cookies);
	if (!link.cnt)
		return 0;
	if (attach->tier >= TIER_MULTI) {
		fd = apart_link(bpf_program__fd(attach->int_site), LINK_MULTI, &link);
		return fd < 0 ? fd : keep(attach, (struct attach_hold){ pid, image, fd, NULL });
	}
	for (__u32 i = 0; i < link.cnt && !err; i++) {
		LIBBPF_OPTS(bpf_uprobe_opts, opts, .bpf_cookie = cookies[i]);

		err = keep_link(attach, pid, image,
				bpf_program__attach_uprobe_opts(attach->int_site, pid, path,
								offsets[i], &opts));
	}
	return err;
}

int attach_place(struct attach *attach, pid_t pid, const struct image *image,
		 struct bpf_program *program, uint64_t offset)
{
	char path[32];
	const struct link_multi link = {
		.path = path,
		.offsets = (unsigned long[]){ offset },
		.cnt = 1,
		.pid = pid,
	};
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", image->fd);
	if (attach->tier < TIER_MULTI)
		return keep_link(attach, pid, image,
				 bpf_program__attach_uprobe(program, false, pid, link.path, offset));
	fd = apart_link(bpf_program__fd(program), LINK_MULTI, &link);
	return fd < 0 ? fd : keep(attach, (struct attach_hold){ pid, image, fd, NULL });
}

static int attach_tracepoint(struct attach *attach, int events, const char *direction,
			     const char *name, struct bpf_program *program)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr) };
	char event[64];
	struct bpf_link *link;
	int64_t id;
	int fd;

	snprintf(event, sizeof(event), "syscalls/sys_%s_%s", direction, name);
	id = tracefs_event_id(events, event);
	if (id < 0)
		return id;
	attr.config = id;
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	link = bpf_program__attach_perf_event(program, fd);
	if (!link) {
		int err = -errno;

		close(fd);
		return err;
	}
	return keep_link(attach, 0, NULL, link); /* which owns fd from now on */
}

int attach_syscalls(struct attach *attach, struct bpf_program *enter, struct bpf_program *leave)
{
	static const struct {
		const char *name;
		bool enter;
	} calls[] = {
#define SYSCALL(name, number, kind, enter) { #name, enter },
#include <mwbpf/syscalls.def>
#undef SYSCALL
	};
	int events __fd = tracefs_events();
	size_t done = 0;
	int err = events < 0 ? events : 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls) && events >= 0; i++) {
		int got = 0;

		if (calls[i].enter)
			got = attach_tracepoint(attach, events, "enter", calls[i].name, enter);
		if (!got)
			got = attach_tracepoint(attach, events, "exit", calls[i].name, leave);
		if (got) {
			log_detail("system call %s cannot be watched: %s", calls[i].name,
				   strerror(-got));
			err = got;
		}
		done += !got;
	}
	return done ? 0 : err;
}

int attach_program(struct attach *attach, struct bpf_program *program)
{
	return keep_link(attach, 0, NULL, bpf_program__attach(program));
}

/* The holds of [next, n) to let go, taken by whichever thread comes first. */
struct closing {
	struct attach_hold *holds;
	size_t n, next;
};

static void *close_some(void *arg)
{
	struct closing *closing = arg;
	size_t i;

	while ((i = __atomic_fetch_add(&closing->next, 1, __ATOMIC_RELAXED)) < closing->n)
		let_go(&closing->holds[i]);
	return NULL;
}

/*
 * Each close waits for a grace period of the kernel (28 to 50 ms), which those that wait
 * at the same time share: 17 links took 0.95 s one after the other.
 */
static void close_all(void *arg)
{
	struct closing *closing = arg;
	pthread_t threads[32];
	size_t n = 0;

	while (n < sizeof(threads) / sizeof(*threads) && n + 1 < closing->n &&
	       !pthread_create(&threads[n], NULL, close_some, closing))
		n++;
	close_some(closing);
	while (n > 0)
		pthread_join(threads[--n], NULL);
}

/* Let n holds go in a child; returns it, or 0 when it had to be done here. */
static pid_t let_go_apart(struct attach_hold *holds, size_t n)
{
	struct closing closing = { .holds = holds, .n = n };
	int ready;
	pid_t child = apart_begin(close_all, &closing, &ready);

	if (child < 0) {
		close_all(&closing);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		let_go(&holds[i]);
	close(ready);
	return child;
}

/* A child that takes probes out. */
struct attach_removal {
	struct attach_removal *next;
	pid_t child;
};

static void begin_removal(struct attach *attach, struct attach_hold *holds, size_t n)
{
	struct attach_removal *removal = malloc(sizeof(*removal));
	pid_t child = let_go_apart(holds, n);

	if (!removal || !child) {
		if (child)
			apart_wait(child);
		free(removal);
		return;
	}
	*removal = (struct attach_removal){ attach->removals, child };
	attach->removals = removal;
}

void attach_remove(struct attach *attach, pid_t pid, const struct image *image)
{
	size_t kept = 0;

	for (size_t i = 0; i < attach->n_holds; i++)
		if (attach->holds[i].pid == pid && attach->holds[i].image == image)
			begin_removal(attach, &attach->holds[i], 1);
		else
			attach->holds[kept++] = attach->holds[i];
	attach->n_holds = kept;
}

/* Those of processes to the front; returns how many. */
static size_t probes_first(struct attach *attach)
{
	size_t n = 0;

	for (size_t i = 0; i < attach->n_holds; i++)
		if (attach->holds[i].pid) {
			struct attach_hold probe = attach->holds[i];

			attach->holds[i] = attach->holds[n];
			attach->holds[n++] = probe;
		}
	return n;
}

void attach_end(struct attach *attach)
{
	size_t probes = probes_first(attach);
	pid_t child = probes ? let_go_apart(attach->holds, probes) : 0;

	if (attach->n_holds > probes)
		begin_removal(attach, attach->holds + probes, attach->n_holds - probes);
	if (child)
		apart_wait(child);
	free(attach->holds);
	attach->holds = NULL;
	attach->n_holds = 0;
}

void attach_clear(struct attach *attach)
{
	attach_end(attach);
	while (attach->removals) {
		struct attach_removal *removal = attach->removals;

		attach->removals = removal->next;
		apart_wait(removal->child);
		free(removal);
	}
}
