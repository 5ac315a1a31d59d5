// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* attach.c - probes into a process, and out of it again. */
#include "probe/attach.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <mwbpf/config.h>
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
#include "probe/pins.h"
#include "probe/tracefs.h"
#include "target/mem.h"

static int keep(struct attach *attach, struct attach_hold hold)
{
	struct attach_hold *more = reallocarray(attach->holds, attach->n_holds + 1, sizeof(*more));

	if (!more) {
		detach_hold(attach, &hold);
		return -ENOMEM;
	}
	attach->holds = more;
	attach->holds[attach->n_holds++] = hold;
	return 0;
}

static int keep_link(struct attach *attach, pid_t pid, const struct image *image,
		     struct bpf_link *link)
{
	return link ? keep(attach, (struct attach_hold){
					   .pid = pid, .image = image, .fd = -1, .link = link })
		    : -errno;
}

/* What the probes of a link have in common. */
struct attach_kind {
	const struct image *image;
	const struct bpf_program *program;
	int type;
	/* of instructions that make ints: a cookie is the site's number, from first */
	const struct intsites *sites;
	uint32_t first;
	uint64_t bias;
};

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
		    row->returns != returns || found->shares >= 0 || found->error)
			continue;
		group->offsets[group->n] = found->offset;
		/* what tells entry from return: call.bpf.h */
		addr = found->addr ? found->addr : found->offset & 0xfff;
		group->cookies[group->n++] = found->row | addr << MW_COOKIE_ROW_BITS;
	}
}

static int refuse(struct attach *attach, const struct attach_kind *kind, pid_t pid,
		  __u64 cookie, int error)
{
	const struct refusal refusal = {
		.pid = pid,
		.image = kind->image,
		.site = kind->sites != NULL,
		.number = kind->sites ? cookie : cookie & ((1u << MW_COOKIE_ROW_BITS) - 1),
		.error = error,
	};

	return refusals_add(&attach->refusals, &refusal);
}

/* Where the last probe of a link goes, unless somebody else has one there; 0: not known. */
static uint64_t last_address(const struct attach_kind *kind, const struct link_multi *link)
{
	const __u64 cookie = link->cookies[link->cnt - 1];
	uint64_t addr = cookie >> MW_COOKIE_ROW_BITS;
	uint8_t byte;

	if (kind->sites)
		addr = kind->bias + kind->sites->list[cookie - kind->first].probe_vaddr;
	return !mem_read(link->pid, addr, &byte, 1) && byte != DETACH_INT3 ? addr : 0;
}

/* From now on a pin holds the link, or else its descriptor. */
static int keep_multi(struct attach *attach, struct attach_hold hold)
{
	if (!attach->has_pins) {
		attach->has_pins = true;
		attach->pins = pins_open();
		if (attach->pins < 0)
			log_detail("probes are held by descriptors, not by pins: %s",
				   strerror(-attach->pins));
	}
	if (attach->pins >= 0 && !pins_add(attach->pins, attach->next_pin, hold.fd)) {
		close(hold.fd);
		hold.fd = -1;
		hold.pinned = true;
		hold.number = attach->next_pin++;
	}
	return keep(attach, hold);
}

/*
 * Probes by one link. If the kernel refuses some, halving finds out which; the others then
 * take as many links as that leaves.
 */
static int attach_link(struct attach *attach, const struct attach_kind *kind,
		       const struct link_multi *link)
{
	struct attach_hold hold = { .pid = link->pid, .image = kind->image };
	struct link_multi half = *link;
	int err;

	if (!link->cnt)
		return 0;
	hold.addr = last_address(kind, link);
	hold.fd = apart_link(bpf_program__fd(kind->program), kind->type, link);
	if (hold.fd >= 0)
		return keep_multi(attach, hold);
	if (!refusal_is(hold.fd))
		return hold.fd;
	if (link->cnt == 1)
		return refuse(attach, kind, link->pid, link->cookies[0], hold.fd);
	half.cnt /= 2;
	err = attach_link(attach, kind, &half);
	half.offsets += half.cnt;
	half.cookies += half.cnt;
	half.cnt = link->cnt - half.cnt;
	return err ? err : attach_link(attach, kind, &half);
}

static int attach_part(struct attach *attach, const struct group *group, __u32 from, __u32 n,
		       const struct bpf_program *program, int type, __u32 flags)
{
	const struct attach_kind kind = { .image = group->image, .program = program, .type = type };
	const struct link_multi link = {
		.path = group->path,
		.offsets = group->offsets + from,
		.cookies = group->cookies + from,
		.cnt = n,
		.flags = flags,
		.pid = group->pid,
	};

	return attach_link(attach, &kind, &link);
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

/*
 * Say which number the probe at an offset of a file in a process stands for, where no
 * cookie does. Only the offset is looked up: two files of a process with a function at the
 * same one cannot be told apart. 0 or -errno.
 */
static int name_offset(const struct attach *attach, pid_t pid, uint64_t offset, enum mw_at what,
		       __u64 number)
{
	const struct mw_probe_at at = { .offset = offset, .pid = pid, .what = what };
	__u32 value = number, old;

	if (attach->probe_at_fd < 0)
		return 0;
	if (!bpf_map_lookup_elem(attach->probe_at_fd, &at, &old) && old != value)
		return -EEXIST;
	return bpf_map_update_elem(attach->probe_at_fd, &at, &value, BPF_ANY) ? -errno : 0;
}

static int attach_perf(struct attach *attach, const struct attach_programs *programs,
		       const struct group *group)
{
	const struct attach_kind kind = { .image = group->image };
	int err = 0;

	for (__u32 i = 0; i < group->n && !err; i++) {
		LIBBPF_OPTS(bpf_uprobe_opts, opts, .retprobe = true);

		err = name_offset(attach, group->pid, group->offsets[i], MW_AT_ROW,
				  group->cookies[i] & ((1u << MW_COOKIE_ROW_BITS) - 1));
		if (attach->probe_at_fd < 0)
			opts.bpf_cookie = group->cookies[i];
		if (!err && i < group->returning)
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
		if (refusal_is(err))
			err = refuse(attach, &kind, group->pid, group->cookies[i], err);
	}
	return err;
}

typedef int (*attach_fn)(struct attach *, const struct attach_programs *, const struct group *);

static const attach_fn by_tier[] = {
	[TIER_PERF] = attach_perf,
	[TIER_MULTI] = attach_multi,
	[TIER_SESSION] = attach_session,
};

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
	else if (err == -EEXIST)
		log_error("cannot attach %u probes in %s: another file of the process has one at the "
			  "same offset, and this kernel (before 5.15) has no cookies to tell them apart",
			  group->n, image->path);
	else if (err && err != -ESRCH)
		log_error("cannot attach %u probes in %s by %s links: %s", group->n, image->path,
			  tier_name(attach->tier), strerror(-err));
	return err;
}

/* Whether all of n probes are refused, from a number of refusals on: then it is an error. */
static int all_refused(struct attach *attach, size_t from, size_t n)
{
	if (attach->refusals.n - from < n)
		return 0;
	attach->refusals.n = from;
	return attach->refusals.at[from].error;
}

/* Those for which there is no place are refused before the kernel could. */
static int refuse_unplaced(struct attach *attach, pid_t pid, const struct findings *findings)
{
	int err = 0;

	for (size_t i = 0; i < findings->n && !err; i++) {
		const struct found *found = &findings->at[i];
		const struct attach_kind kind = { .image = found->image };

		if (found->error)
			err = refuse(attach, &kind, pid, found->row, found->error);
	}
	return err;
}

bool attach_refused(const struct attach *attach, pid_t pid, const struct found *found)
{
	const struct refusal refusal = { .pid = pid, .image = found->image, .number = found->row };

	return refusals_have(&attach->refusals, &refusal);
}

int attach_probes(struct attach *attach, pid_t pid, const struct findings *findings)
{
	const size_t refused = attach->refusals.n;
	int err = 0;
	size_t n = 0;

	if (!err)
		err = refuse_unplaced(attach, pid, findings);
	for (size_t i = 0; i < findings->n && !err; i++) {
		const struct image *image = findings->at[i].image;
		bool first = true;

		for (size_t j = 0; j < i; j++)
			first = first && findings->at[j].image != image;
		for (int family = 0; family < MW_FAMILY_MAX && first && !err; family++)
			err = attach_group(attach, pid, findings, image, family);
		n += findings->at[i].shares < 0;
	}
	if (err || !n)
		return err;
	err = all_refused(attach, refused, n);
	if (err)
		log_error("none of %zu probes can be put into process %d: %s", n, (int)pid,
			  refusal_why(err));
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

/* A perf event each. */
static int attach_intsites_perf(struct attach *attach, const struct attach_kind *kind,
				const struct link_multi *link)
{
	int err = 0;

	for (__u32 i = 0; i < link->cnt && !err; i++) {
		LIBBPF_OPTS(bpf_uprobe_opts, opts);

		err = name_offset(attach, link->pid, link->offsets[i], MW_AT_SITE, link->cookies[i]);
		if (attach->probe_at_fd < 0)
			opts.bpf_cookie = link->cookies[i];
		if (!err)
			err = keep_link(attach, link->pid, kind->image,
					bpf_program__attach_uprobe_opts(
						attach->int_site, link->pid, link->path,
						link->offsets[i], &opts));
		if (refusal_is(err))
			err = refuse(attach, kind, link->pid, link->cookies[i], err);
	}
	return err;
}

int attach_intsites(struct attach *attach, pid_t pid, const struct image *image, uint64_t bias,
		    const struct intsites *sites, uint32_t first)
{
	unsigned long *offsets __free = calloc(sites->n + 1, sizeof(*offsets));
	__u64 *cookies __free = calloc(sites->n + 1, sizeof(*cookies));
	const struct attach_kind kind = { image, attach->int_site, LINK_MULTI, sites, first, bias };
	const size_t refused = attach->refusals.n;
	char path[32];
	struct link_multi link = { .path = path, .offsets = offsets, .cookies = cookies, .pid = pid };
	int err = 0;

	if (!offsets || !cookies)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", image->fd);
	link.cnt = number_sites(sites, first, offsets, cookies);
	if (!link.cnt)
		return 0;
	if (attach->tier >= TIER_MULTI)
		err = attach_link(attach, &kind, &link);
	else
		err = attach_intsites_perf(attach, &kind, &link);
	return err ? err : all_refused(attach, refused, link.cnt);
}

int attach_place(struct attach *attach, pid_t pid, const struct image *image,
		 struct bpf_program *program, uint64_t offset, uint64_t addr)
{
	struct attach_hold hold = { .pid = pid, .image = image, .addr = addr };
	char path[32];
	const struct link_multi link = {
		.path = path,
		.offsets = (unsigned long[]){ offset },
		.cnt = 1,
		.pid = pid,
	};

	snprintf(path, sizeof(path), "/proc/self/fd/%d", image->fd);
	if (attach->tier < TIER_MULTI)
		return keep_link(attach, pid, image,
				 bpf_program__attach_uprobe(program, false, pid, link.path, offset));
	hold.fd = apart_link(bpf_program__fd(program), LINK_MULTI, &link);
	return hold.fd < 0 ? hold.fd : keep_multi(attach, hold);
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
