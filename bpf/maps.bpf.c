// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* maps.bpf.c - the one definition of every map and global of the programs. */
#include "stack.bpf.h"

struct mw_slots_map mw_slots SEC(".maps");
struct mw_ring_map mw_ring SEC(".maps");
struct mw_intsites_map mw_intsites SEC(".maps");
struct mw_counters_map mw_counters SEC(".maps");
struct mw_targets_map mw_targets SEC(".maps");
struct mw_threads_map mw_threads SEC(".maps");
struct mw_thread_table_map mw_thread_table SEC(".maps");
struct mw_probe_at_map mw_probe_at SEC(".maps");

struct mw_scratch_map mw_scratch SEC(".maps");
struct mw_sent_map mw_sent SEC(".maps");
struct mw_pylayouts_map mw_pylayouts SEC(".maps");
struct mw_deaths_map mw_deaths SEC(".maps");

const volatile struct mw_config mw_config = { .has_cookie = 1,
					     .max_depth = MW_STACK_DEPTH };

#define NA MW_NA
const volatile struct mw_probe_spec mw_probe_specs[MW_PROBE_SPECS] = {
#define PROBE(name, symbol, family, role, kind, size, count, pointer, align) \
	[MW_PROBE_##name] = { MW_ROLE_##role, MW_##kind, size, count, pointer, align },
#include <mwbpf/probes.def>
#undef PROBE
};

_Static_assert(MW_PROBE_MAX <= MW_PROBE_SPECS, "mw_probe_specs holds every row of probes.def");

const volatile __u64 mw_new_thread[sizeof(struct mw_thread) / 8] = {};
const volatile __u32 mw_never = 0;

__u32 mw_armed = 0;
__u32 mw_stacks = 0;
__u32 mw_targets_changes = 0;
__u32 mw_lost_total = 0;
__u32 mw_spilled = 0;
struct mw_positions mw_positions __attribute__((aligned(128))) = {};

/* GPL: bpf_probe_read_user and the other tracing helpers are for GPL programs only. */
char LICENSE[] SEC("license") = "Dual BSD/GPL";
