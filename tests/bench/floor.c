// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * floor.c - the least that probes can cost: programs that only return 0, at the places
 * and by the kind of link that mwbpf would use.
 *
 *	floor slid|naive PID
 *
 * "naive" puts them on the functions' first byte instead. Prints "ready" when they are
 * attached, and stays until stdin is closed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "probe/find.h"
#include "probe/link.h"
#include "probe/tier.h"

static int load(int attach_type)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	int fd;

	opts.expected_attach_type = attach_type;
	fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", insns, 2, &opts);
	return fd < 0 ? -errno : fd;
}

/* As mwbpf: one byte is probed once, whatever functions share it. */
static int attach(const struct findings *findings, const struct image *image, pid_t pid,
		  bool naive, bool returns, int type, __u32 flags)
{
	unsigned long offsets[MW_PROBE_MAX];
	char path[32];
	struct link_multi link = { .path = path, .offsets = offsets, .flags = flags, .pid = pid };
	int prog;

	for (size_t i = 0; i < findings->n; i++) {
		const struct found *found = &findings->at[i];

		if (found->image == image && probe_rows[found->row].returns == returns &&
		    found->shares < 0)
			offsets[link.cnt++] = naive ? found->symbol.offset : found->offset;
	}
	if (!link.cnt)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", image->fd);
	prog = load(type);
	if (prog < 0)
		return prog;
	/* the link keeps the program, and the process's end ends the link */
	return link_multi(prog, type, &link);
}

static int attach_image(const struct findings *findings, const struct image *image, pid_t pid,
			bool naive)
{
	struct tier_report tier;
	int got;

	tier_detect(TIER_SESSION, &tier);
	if (tier.tier < TIER_MULTI)
		return -EOPNOTSUPP;
	got = attach(findings, image, pid, naive, false, LINK_MULTI, 0);
	if (got < 0)
		return got;
	if (tier.tier == TIER_SESSION)
		return attach(findings, image, pid, naive, true, LINK_SESSION, 0);
	got = attach(findings, image, pid, naive, true, LINK_MULTI, LINK_RETURN);
	return got < 0 ? got : attach(findings, image, pid, naive, true, LINK_MULTI, 0);
}

static int attach_all(pid_t pid, bool naive)
{
	static struct images images;
	static struct findings findings;
	struct maps maps;
	int err = maps_read(pid, &maps);

	if (!err)
		err = find_probes(&images, pid, &maps, ~0u, &findings);
	if (!err && !findings.n)
		err = -ENOENT;
	for (size_t i = 0; i < findings.n && !err; i++) {
		bool first = true;
		int got;

		for (size_t j = 0; j < i; j++)
			first = first && findings.at[j].image != findings.at[i].image;
		if (!first)
			continue;
		got = attach_image(&findings, findings.at[i].image, pid, naive);
		err = got < 0 ? got : 0;
	}
	return err;
}

int main(int argc, char **argv)
{
	pid_t pid = argc == 3 ? atoi(argv[2]) : 0;
	char byte;
	int err;

	/* without a pid a link would trap every process */
	if (pid <= 0 || (strcmp(argv[1], "slid") && strcmp(argv[1], "naive"))) {
		fprintf(stderr, "usage: floor slid|naive PID\n");
		return 2;
	}
	err = attach_all(pid, !strcmp(argv[1], "naive"));
	if (err) {
		fprintf(stderr, "floor: cannot attach to %d: %s\n", (int)pid, strerror(-err));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
