// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* programs.c - the BPF programs and maps in the kernel. */
#include "programs.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/libbpf.h"
#include "base/log.h"
#include "mwbpf-ring.skel.h"
#include "mwbpf.skel.h"
#include "probe/link.h"

#define PROC_PID_INIT_INO 0xeffffffcU /* include/linux/proc_ns.h: the initial pid namespace */

/*
 * --buffer in slots: a power of two, of 80 bytes each. Beside them a ring for the longer
 * records: maps, processes, and stacks, which are sent once.
 */
#define BYTES_PER_SLOT 64
#define SLOTS_LEAST    64
#define RING_SHARE     4

struct programs {
	struct mwbpf_bpf *skel;
	const struct tier_report *tier;
	unsigned cpus;
	bool slots;	  /* events are in slots, not in the ring */
	uint32_t n_slots; /* a power of two */
	pid_t layouts[MW_PYLAYOUTS]; /* whose each entry is; 0: free, and the first unused */
	uint32_t epoch;
	const struct mw_deaths *deaths; /* mapped; NULL: without stacks */
};

/* Each family's three programs, of which a tier uses two or one. */
static void families(struct mwbpf_bpf *skel, enum tier tier,
		     struct attach_programs programs[MW_FAMILY_MAX])
{
	programs[MW_FAMILY_ALLOC] = (struct attach_programs){
		skel->progs.alloc_session, skel->progs.alloc_enter, skel->progs.alloc_leave
	};
	programs[MW_FAMILY_PYLONG] = (struct attach_programs){
		skel->progs.pylong_session, skel->progs.pylong_enter, skel->progs.pylong_leave
	};
	/* what has no return to see is free alone */
	if (tier == TIER_SESSION)
		programs[MW_FAMILY_ALLOC].enter = skel->progs.alloc_free;
}

static void select_programs(struct mwbpf_bpf *skel, const struct programs_options *options)
{
	struct attach_programs by_family[MW_FAMILY_MAX];
	bool session = options->tier->tier == TIER_SESSION;
	int multi = options->tier->tier >= TIER_MULTI ? LINK_MULTI : 0;

	families(skel, options->tier->tier, by_family);
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
	/* every constructor's return is seen: by sessions this one has nothing to do */
	if (session)
		bpf_program__set_autoload(skel->progs.pylong_enter, false);
	bpf_program__set_autoload(skel->progs.int_site, options->families & 1u << MW_FAMILY_PYLONG);
	bpf_program__set_expected_attach_type(skel->progs.int_site, multi);
	bpf_program__set_autoload(skel->progs.code_dies, options->python);
	bpf_program__set_expected_attach_type(skel->progs.code_dies, multi);
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

/*
 * Every kernel with multi links (6.6) has the atomic instructions for slots (5.12). The
 * other object has the same maps and programs: it is opened by the same skeleton.
 */
static struct mwbpf_bpf *open_skeleton(bool slots)
{
	struct mwbpf_bpf *skel = calloc(1, sizeof(*skel));
	int err = skel ? mwbpf_bpf__create_skeleton(skel) : -ENOMEM;

	if (!err && !slots)
		skel->skeleton->data = (void *)mwbpf_ring_bpf__elf_bytes(&skel->skeleton->data_sz);
	if (!err)
		err = bpf_object__open_skeleton(skel->skeleton, NULL);
	if (!err)
		return skel;
	if (skel)
		mwbpf_bpf__destroy(skel);
	errno = -err;
	return NULL;
}

/* Slots take most of the events; the ring is then for what is seldom. */
static int set_buffer(struct programs *programs, uint64_t bytes)
{
	struct mwbpf_bpf *skel = programs->skel;
	uint32_t slots = bytes / BYTES_PER_SLOT, page = sysconf(_SC_PAGESIZE);
	uint64_t ring = bytes / RING_SHARE > page ? bytes / RING_SHARE : page;
	int err;

	if (!programs->slots)
		return bpf_map__set_max_entries(skel->maps.mw_ring, bytes);
	programs->n_slots = slots > SLOTS_LEAST ? slots : SLOTS_LEAST;
	skel->rodata->mw_config.slots_mask = programs->n_slots - 1;
	err = bpf_map__set_max_entries(skel->maps.mw_slots, programs->n_slots);
	return err ? err : bpf_map__set_max_entries(skel->maps.mw_ring, ring);
}

/* The table of threads is for few of many where most have an entry of their own. */
static int set_threads(struct programs *programs, uint32_t threads)
{
	struct mwbpf_bpf *skel = programs->skel;
	int err = 0;

	if (programs->slots)
		err = bpf_map__set_map_flags(skel->maps.mw_thread_table, BPF_F_NO_PREALLOC);
	else
		err = bpf_map__set_max_entries(skel->maps.mw_threads, 1);
	return err ? err : bpf_map__set_max_entries(skel->maps.mw_thread_table, threads);
}

static int configure(struct programs *programs, const struct programs_options *options)
{
	struct mwbpf_bpf *skel = programs->skel;
	bool has_cookie = options->tier->tier >= TIER_MULTI || options->tier->cookies;
	int err;

	skel->rodata->mw_config.has_cookie = has_cookie;
	skel->rodata->mw_config.take_python = options->python;
	skel->rodata->mw_config.take_native = options->native;
	skel->rodata->mw_config.take_caller = options->caller;
	skel->rodata->mw_config.max_depth = options->max_depth;
	set_pid_namespace(&skel->rodata->mw_config);
	select_programs(skel, options);
	err = set_buffer(programs, options->buffer);
	if (!err && has_cookie)
		err = bpf_map__set_max_entries(skel->maps.mw_probe_at, 1);
	if (!err)
		err = set_threads(programs, options->threads);
	if (!err && (options->python || options->native))
		err = bpf_map__set_max_entries(skel->maps.mw_scratch,
					       programs->cpus * MW_SCRATCH_LEVELS);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.mw_counters, programs->cpus);
	return err;
}

static void map_deaths(struct programs *programs)
{
	void *at = mmap(NULL, sizeof(*programs->deaths), PROT_READ, MAP_SHARED,
			bpf_map__fd(programs->skel->maps.mw_deaths), 0);

	programs->deaths = at == MAP_FAILED ? NULL : at;
}

int programs_load(const struct programs_options *options, struct programs **out)
{
	struct programs *programs = calloc(1, sizeof(*programs));
	int cpus = libbpf_num_possible_cpus(), err;

	*out = NULL;
	if (!programs)
		return -ENOMEM;
	libbpf_begin();
	programs->tier = options->tier;
	programs->cpus = cpus > 0 ? cpus : 1;
	programs->slots = options->tier->tier >= TIER_MULTI;
	programs->skel = open_skeleton(programs->slots);
	err = programs->skel ? configure(programs, options) : -errno;
	if (!err)
		err = mwbpf_bpf__load(programs->skel);
	if (err) {
		log_error("the kernel does not take the BPF programs: %s%s", strerror(-err),
			  err == -ENOMEM ? ": try a smaller --buffer" : " (see -v for its reasons)");
		programs_free(programs);
		return err;
	}
	programs->skel->bss->mw_stacks = options->native;
	programs->skel->bss->mw_targets_changes = 1; /* 0 is a thread that has not looked yet */
	if (options->python)
		map_deaths(programs);
	*out = programs;
	return 0;
}

void programs_free(struct programs *programs)
{
	if (!programs)
		return;
	if (programs->deaths)
		munmap((void *)programs->deaths, sizeof(*programs->deaths));
	mwbpf_bpf__destroy(programs->skel);
	free(programs);
}

void programs_arm(struct programs *programs, enum mw_arm arm)
{
	__atomic_store_n(&programs->skel->bss->mw_armed, arm, __ATOMIC_SEQ_CST);
}

/* Change some bits of a target. 0 or -errno. */
static int set_bits(struct programs *programs, pid_t pid, uint32_t mask, uint32_t bits)
{
	int fd = bpf_map__fd(programs->skel->maps.mw_targets);
	__u32 key = pid, value = 0;

	bpf_map_lookup_elem(fd, &key, &value);
	value = (value & ~mask) | bits | MW_TARGET;
	if (bpf_map_update_elem(fd, &key, &value, BPF_ANY))
		return -errno;
	__atomic_add_fetch(&programs->skel->bss->mw_targets_changes, 1, __ATOMIC_SEQ_CST);
	return 0;
}

int programs_set_target(struct programs *programs, pid_t pid, uint32_t bits)
{
	return set_bits(programs, pid, (1u << MW_TARGET_LAYOUT) - 1, bits);
}

bool programs_has_intsites(const struct programs *programs)
{
	return bpf_program__fd(programs->skel->progs.int_site) >= 0;
}

/* From the number of a register in instructions to its word in struct pt_regs. */
static __u8 register_word(uint8_t reg)
{
	static const __u8 words[16] = { 10, 11, 12, 5, 19, 4, 13, 14, 9, 8, 7, 6, 3, 2, 1, 0 };

	return words[reg & 15];
}

int programs_set_intsite(struct programs *programs, uint32_t number, const struct intsite *site,
			 unsigned ob_type, bool tagged)
{
	const struct mw_intsite value = {
		.word = register_word(site->reg),
		.digit = site->digit == INTSITE_LATER ? MW_LATER : register_word(site->digit),
		.sizes = site->sizes >= INTSITE_MEMORY ? MW_IN_OBJECT : register_word(site->sizes),
		.flags = (site->untouched ? MW_SITE_UNTOUCHED : 0) | (tagged ? MW_SITE_TAGGED : 0) |
			 (site->filled ? MW_SITE_FILLED : 0),
		.ob_type = ob_type,
	};
	int fd = bpf_map__fd(programs->skel->maps.mw_intsites);

	return bpf_map_update_elem(fd, &number, &value, BPF_ANY) ? -errno : 0;
}

static uint32_t layout_entry(const struct programs *programs, pid_t pid)
{
	uint32_t entry = 1;

	while (entry < MW_PYLAYOUTS && programs->layouts[entry] != pid)
		entry++;
	return entry;
}

const struct mw_deaths *programs_deaths(const struct programs *programs)
{
	return programs->deaths;
}

int programs_set_pylayout(struct programs *programs, pid_t pid, const struct mw_pylayout *layout)
{
	struct mw_pylayout stamped = *layout;
	__u32 entry = layout_entry(programs, pid);

	if (entry == MW_PYLAYOUTS)
		entry = layout_entry(programs, 0);
	if (entry == MW_PYLAYOUTS)
		return -ENOSPC;
	stamped.epoch = ++programs->epoch;
	if (bpf_map_update_elem(bpf_map__fd(programs->skel->maps.mw_pylayouts), &entry, &stamped,
				BPF_ANY))
		return -errno;
	programs->layouts[entry] = pid;
	__atomic_store_n(&programs->skel->bss->mw_stacks, 1, __ATOMIC_SEQ_CST);
	return set_bits(programs, pid, ~0u << MW_TARGET_LAYOUT, entry << MW_TARGET_LAYOUT);
}

void programs_forget_pylayout(struct programs *programs, pid_t pid)
{
	uint32_t entry = layout_entry(programs, pid);

	if (entry == MW_PYLAYOUTS)
		return;
	set_bits(programs, pid, ~0u << MW_TARGET_LAYOUT, 0);
	programs->layouts[entry] = 0;
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
	families(programs->skel, attach->tier, attach->programs);
	attach->int_site = programs->skel->progs.int_site;
	attach->code_dies = programs->skel->progs.code_dies;
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

void programs_ring(const struct programs *programs, struct ring_source *source)
{
	*source = (struct ring_source){ .ring_fd = bpf_map__fd(programs->skel->maps.mw_ring) };
	if (!programs->slots)
		return;
	source->slots_fd = bpf_map__fd(programs->skel->maps.mw_slots);
	source->n_slots = programs->n_slots;
	source->positions = &programs->skel->bss->mw_positions;
}

int programs_counters_fd(const struct programs *programs)
{
	return bpf_map__fd(programs->skel->maps.mw_counters);
}

unsigned programs_cpus(const struct programs *programs)
{
	return programs->cpus;
}
