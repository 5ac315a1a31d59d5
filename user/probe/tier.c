// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* tier.c - how probes attach on this kernel, found by asking it. */
#include "probe/tier.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "probe/link.h"

static const char *const names[] = {
	[TIER_NONE] = "none",
	[TIER_PERF] = "perf",
	[TIER_MULTI] = "multi",
	[TIER_SESSION] = "session",
};

const char *tier_name(enum tier tier)
{
	return names[tier];
}

int tier_from_name(const char *name)
{
	for (int tier = TIER_PERF; tier <= TIER_SESSION; tier++)
		if (!strcmp(name, names[tier]))
			return tier;
	return -1;
}

/* A kprobe program that returns 0, or calls bpf_get_attach_cookie first. fd or -errno. */
static int load_trivial(int attach_type, bool cookie)
{
	const struct bpf_insn with_cookie[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_attach_cookie },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	int fd;

	opts.expected_attach_type = attach_type;
	fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", with_cookie + !cookie,
			   3 - !cookie, &opts);
	return fd < 0 ? -errno : fd;
}

/*
 * Multi links need a kernel that filters by process: 6.6.0 to 6.6.34 and 6.9.0 to 6.9.4
 * filter by thread and lose all others' events. The fix (46ba0e49b642) came with the
 * check of the pid argument, which refuses -1 before it looks at the path.
 */
static const char *try_multi(int attach_type)
{
	const struct link_multi bad_path = { .path = "/", .cnt = 1, .offsets = &(unsigned long){ 0 } };
	struct link_multi bad_pid = bad_path;
	int prog = load_trivial(attach_type, false);
	int path_err, pid_err;

	if (prog < 0)
		return "the kernel does not load such programs";
	bad_pid.pid = (__u32)-1;
	path_err = link_multi(prog, attach_type, &bad_path);
	pid_err = link_multi(prog, attach_type, &bad_pid);
	close(prog);
	if (path_err >= 0 || pid_err >= 0)
		return "the kernel's answers to the feature test are not understood";
	if (path_err != -EBADF)
		return "the kernel does not make such links";
	if (pid_err != -EINVAL)
		return "the kernel filters by thread instead of by process";
	return NULL;
}

void tier_detect(enum tier limit, struct tier_report *report)
{
	const char *missing;
	int prog = load_trivial(0, true);

	*report = (struct tier_report){ .tier = TIER_NONE, .cookies = prog >= 0 };
	if (prog >= 0)
		close(prog);
	missing = access("/sys/bus/event_source/devices/uprobe/type", R_OK)
			  ? "the kernel has no uprobes (CONFIG_UPROBE_EVENTS)"
			  : NULL;
	report->why[TIER_PERF] = missing ? missing : "works";
	if (!missing)
		report->tier = TIER_PERF;
	for (int tier = TIER_MULTI; tier <= TIER_SESSION; tier++) {
		if (tier > (int)limit) {
			report->why[tier] = "not wanted";
			continue;
		}
		missing = try_multi(tier == TIER_MULTI ? LINK_MULTI : LINK_SESSION);
		report->why[tier] = missing ? missing : "works";
		if (!missing)
			report->tier = tier;
	}
}
