// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* check.c - whether this kernel and these privileges are enough. */
#include "check.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/log.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF	    39
#endif

static bool has(uint64_t effective, int capability)
{
	return effective >> capability & 1;
}

static uint64_t effective_capabilities(void)
{
	FILE *status __file = fopen("/proc/self/status", "re");
	unsigned long long effective = 0;
	char line[256];

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "CapEff: %llx", &effective) == 1)
			break;
	return effective;
}

int check_privileges(void)
{
	uint64_t effective = effective_capabilities();
	bool admin = has(effective, CAP_SYS_ADMIN);
	const struct {
		const char *name;
		bool there;
	} needed[] = {
		{ "CAP_BPF", admin || has(effective, CAP_BPF) },
		{ "CAP_PERFMON", admin || has(effective, CAP_PERFMON) },
		{ "CAP_SYS_PTRACE", has(effective, CAP_SYS_PTRACE) },
	};
	char missing[128] = "";

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!needed[i].there) {
			strcat(missing, missing[0] ? ", " : "");
			strcat(missing, needed[i].name);
		}
	if (!missing[0])
		return 0;
	log_error("not enough privileges, %s missing: run it as root, with sudo", missing);
	return -EPERM;
}

#define FILES_NEEDED 64

int check_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_max >= FILES_NEEDED)
		return 0;
	log_error("only %llu open files are allowed, %d are needed: raise the limit (ulimit -n)",
		  (unsigned long long)limit.rlim_max, FILES_NEEDED);
	return -EMFILE;
}

int check_kernel(const struct tier_report *tier)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		log_error("this kernel has no type information (/sys/kernel/btf/vmlinux): it needs "
			  "to be built with CONFIG_DEBUG_INFO_BTF");
		return -ENOTSUP;
	}
	if (tier->tier == TIER_NONE) {
		log_error("no way to attach probes: %s", tier->why[TIER_PERF]);
		return -ENOTSUP;
	}
	if (tier->tier == TIER_PERF && !has(effective_capabilities(), CAP_SYS_ADMIN)) {
		log_error("CAP_SYS_ADMIN missing: this kernel has only perf uprobes (%s)",
			  tier->why[TIER_MULTI]);
		return -EPERM;
	}
	return 0;
}
