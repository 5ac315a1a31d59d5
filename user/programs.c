// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* programs.c - the BPF programs and maps in the kernel. */
#include "programs.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clean.h"
#include "base/log.h"
#include "mwbpf.skel.h"
#include "probe/link.h"

#define PROC_PID_INIT_INO 0xeffffffcU /* include/linux/proc_ns.h: the initial pid namespace */

#define SCRATCHES 1024 /* threads that are in a probe at the same moment: 2.8 kB each */

struct programs {
	struct mwbpf_bpf *skel;
	const struct tier_report *tier;
	unsigned cpus;
};

/* libbpf's talk is one level quieter than ours. */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char *line __free = NULL;
	int len = vasprintf(&line, format, args);

	while (len > 0 && line[len - 1] == '\n')
		line[--len] = '\0';
	if (len >= 0)
		log_line(level == LIBBPF_WARN ? LOG_DETAIL : LOG_TRACE, "%s", line);
	return 0;
}

/* Each family's three programs, of which a tier uses two or one. */
static void families(struct mwbpf_bpf *skel, struct attach_programs programs[MW_FAMILY_MAX])
{
	programs[MW_FAMILY_ALLOC] = (struct attach_programs){
		skel->progs.alloc_session, skel->progs.alloc_enter, skel->progs.alloc_leave
	};
	programs[MW_FAMILY_PYLONG] = (struct attach_programs){
		skel->progs.pylong_session, skel->progs.pylong_enter, skel->progs.pylong_leave
	};
}

static void select_programs(struct mwbpf_bpf *skel, const struct programs_options *options)
{
	struct attach_programs by_family[MW_FAMILY_MAX];
	bool session = options->tier->tier == TIER_SESSION;
	int multi = options->tier->tier >= TIER_MULTI ? LINK_MULTI : 0;

	families(skel, by_family);
	for (int family = 0; family < MW_FAMILY_MAX; family++) {
		const struct attach_programs *p = &by_family[family];
		bool wanted = options->families & 1u << family;

		bpf_program__set_autoload(p->session, wanted && session);
		bpf_program__set_autoload(p->enter, wanted);
		bpf_program__set_autoload(p->leave, wanted && !session);
		bpf_program__set_expected_attach_type(p->session, LINK_SESSION);
		bpf_program__set_expected_attach_type(p->enter, multi);
		bpf_program__set_expected_attach_type(p->leave, multi);
	}
	bpf_program__set_autoload(skel->progs.int_site, options->families & 1u << MW_FAMILY_PYLONG);
	bpf_program__set_expected_attach_type(skel->progs.int_site, multi);
	bpf_program__set_autoload(skel->progs.returns_test, true);
	bpf_program__set_expected_attach_type(skel->progs.returns_test, multi);
	bpf_program__set_autoload(skel->progs.syscall_enter, true);
	bpf_program__set_autoload(skel->progs.syscall_exit, true);
}

/* In a pid namespace of our own, BPF must give pids as we and /proc do. */
static void set_pid_namespace(struct mw_config *config)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino == PROC_PID_INIT_INO)
		return;
	config->pidns_ino = st.st_ino;
}

static int configure(struct programs *programs, const struct programs_options *options)
{
	struct mwbpf_bpf *skel = programs->skel;
	/* every kernel with multi links (6.6) keeps state with tasks (5.12) */
	bool task_storage = options->tier->tier >= TIER_MULTI;
	bool has_cookie = options->tier->tier >= TIER_MULTI || options->tier->cookies;
	int err;

	skel->rodata->mw_config.has_task_storage = task_storage;
	skel->rodata->mw_config.has_cookie = has_cookie;
	skel->rodata->mw_config.take_python = options->python;
	skel->rodata->mw_config.take_native = options->native;
	skel->rodata->mw_config.max_depth = options->max_depth;
	set_pid_namespace(&skel->rodata->mw_config);
	select_programs(skel, options);
	err = bpf_map__set_max_entries(skel->maps.mw_ring, options->buffer);
	if (!err && has_cookie)
		err = bpf_map__set_max_entries(skel->maps.mw_probe_at, 1);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.mw_thread_table,
					       task_storage ? 1 : options->threads);
	if (!err)
		err = bpf_map__set_autocreate(skel->maps.mw_threads, task_storage);
	if (!err && (options->python || options->native))
		err = bpf_map__set_max_entries(skel->maps.mw_scratch, SCRATCHES);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.mw_counters, programs->cpus);
	return err;
}

int programs_load(const struct programs_options *options, struct programs **out)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct programs *programs = calloc(1, sizeof(*programs));
	int cpus = libbpf_num_possible_cpus(), err = -ENOMEM;

	*out = NULL;
	if (!programs)
		return -ENOMEM;
	libbpf_set_print(print_libbpf);
	/* before 5.11 BPF memory counts against this limit; later it does not matter */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	programs->tier = options->tier;
	programs->cpus = cpus > 0 ? cpus : 1;
	programs->skel = mwbpf_bpf__open();
	if (programs->skel)
		err = configure(programs, options);
	if (!err)
		err = mwbpf_bpf__load(programs->skel);
	if (err) {
		log_error("the kernel does not take the BPF programs: %s%s", strerror(-err),
			  err == -ENOMEM ? ": try a smaller --buffer" : " (see -v for its reasons)");
		programs_free(programs);
		return err;
	}
	programs->skel->bss->mw_stacks = options->native;
	*out = programs;
	return 0;
}

void programs_free(struct programs *programs)
{
	if (!programs)
		return;
	mwbpf_bpf__destroy(programs->skel);
	free(programs);
}

void programs_arm(struct programs *programs, enum mw_arm arm)
{
	__atomic_store_n(&programs->skel->bss->mw_armed, arm, __ATOMIC_SEQ_CST);
}

int programs_set_target(struct programs *programs, pid_t pid, uint32_t bits)
{
	__u32 key = pid, value = bits | MW_TARGET;

	return bpf_map_update_elem(bpf_map__fd(programs->skel->maps.mw_targets), &key, &value,
				   BPF_ANY)
		       ? -errno
		       : 0;
}

bool programs_has_intsites(const struct programs *programs)
{
	return bpf_program__fd(programs->skel->progs.int_site) >= 0;
}

int programs_set_intsite(struct programs *programs, uint32_t number, uint8_t reg)
{
	/* from the number in instructions to the word in struct pt_regs */
	static const uint8_t words[16] = { 10, 11, 12, 5, 19, 4, 13, 14, 9, 8, 7, 6, 3, 2, 1, 0 };
	const struct mw_intsite site = { .word = words[reg & 15] };

	return bpf_map_update_elem(bpf_map__fd(programs->skel->maps.mw_intsites), &number, &site,
				   BPF_ANY)
		       ? -errno
		       : 0;
}

int programs_set_pylayout(struct programs *programs, pid_t pid, const struct mw_pylayout *layout)
{
	__u32 key = pid;

	if (bpf_map_update_elem(bpf_map__fd(programs->skel->maps.mw_pylayouts), &key, layout,
				BPF_ANY))
		return -errno;
	__atomic_store_n(&programs->skel->bss->mw_stacks, 1, __ATOMIC_SEQ_CST);
	return 0;
}

void programs_forget_pylayout(struct programs *programs, pid_t pid)
{
	__u32 key = pid;

	bpf_map_delete_elem(bpf_map__fd(programs->skel->maps.mw_pylayouts), &key);
}

int programs_attach_tracepoints(struct programs *programs, struct attach *attach,
				const char **syscalls)
{
	struct mwbpf_bpf *skel = programs->skel;
	struct bpf_program *const process[] = { skel->progs.process_fork, skel->progs.process_exec,
						skel->progs.process_exit };
	int err;

	for (size_t i = 0; i < sizeof(process) / sizeof(*process); i++) {
		err = attach_program(attach, process[i]);
		if (err) {
			log_error("cannot watch processes (%s): %s",
				  bpf_program__name(process[i]), strerror(-err));
			return err;
		}
	}
	err = attach_syscalls(attach, skel->progs.syscall_enter, skel->progs.syscall_exit);
	*syscalls = "tracepoints";
	if (err) {
		log_warn("changes of the memory map are only seen by reading it again: no system call "
			 "tracepoints (%s)",
			 strerror(-err));
		*syscalls = "none: the map is read again when an address is not in it";
	}
	return 0;
}

void programs_for_probes(const struct programs *programs, struct attach *attach)
{
	attach->tier = programs->tier->tier;
	attach->probe_at_fd = programs->tier->tier == TIER_PERF && !programs->tier->cookies
				      ? bpf_map__fd(programs->skel->maps.mw_probe_at)
				      : -1;
	families(programs->skel, attach->programs);
	attach->int_site = programs->skel->progs.int_site;
	attach->returns_test = programs->skel->progs.returns_test;
}

uint64_t programs_skipped(const struct programs *programs)
{
	struct bpf_program *program;
	uint64_t skipped = 0;

	bpf_object__for_each_program(program, programs->skel->obj) {
		struct bpf_prog_info info = { 0 };
		__u32 len = sizeof(info);
		int fd = bpf_program__fd(program);

		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len))
			skipped += info.recursion_misses;
	}
	return skipped;
}

int programs_ring_fd(const struct programs *programs)
{
	return bpf_map__fd(programs->skel->maps.mw_ring);
}

int programs_counters_fd(const struct programs *programs)
{
	return bpf_map__fd(programs->skel->maps.mw_counters);
}

unsigned programs_cpus(const struct programs *programs)
{
	return programs->cpus;
}
