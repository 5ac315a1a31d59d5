/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * guard.h - how user space notices that a code object died, and was perhaps replaced,
 * after the BPF programs saw it.
 *
 * Where its deallocator is probed, the guard of a frame is the number of code objects
 * that had died at addresses of its slot: while that is so, it lives. Elsewhere
 * (MW_PY_GUARD_ALL) it is a checksum of the object's immutable pointers, which a
 * successor made of the same strings can have too.
 */
#ifndef MWBPF_GUARD_H
#define MWBPF_GUARD_H

#include <mwbpf/pylayout.h>

struct mw_deaths {
	__u32 at[16384];
	__u32 shown[16384]; /* which of the slot's code objects was sent last: mw_shown() */
};

static inline __attribute__((always_inline)) __u32 mw_death_slot(__u64 code)
{
	return (__u32)((__u32)(code >> 4) * 0x9e3779b1U) >> 18;
}

/*
 * What the checksum is of, from code_filename on: filename, name, (qualname,) line table: neighbours
 * in every version, never changed. Words that a version has not are 0.
 */
#define MW_GUARD_WORDS 4

static inline __attribute__((always_inline)) __u32 mw_guard_bytes(const struct mw_pylayout *layout)
{
	return layout->code_qualname ? 32 : 24;
}

static inline __attribute__((always_inline)) __u64 mw_mix(__u64 hash, __u64 value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

/* Stands for a code object of a process; never 0. */
static inline __attribute__((always_inline)) __u32 mw_shown(__u64 code, __u32 guard, __u32 epoch)
{
	return (__u32)mw_mix(code ^ (__u64)guard << 32, epoch) | 1;
}

/* Never 0, which stands for words that could not be read. */
static inline __attribute__((always_inline)) __u32 mw_guard(const __u64 words[MW_GUARD_WORDS])
{
	__u64 hash = 0;

	for (int i = 0; i < MW_GUARD_WORDS; i++)
		hash = mw_mix(hash, words[i]);
	return (__u32)hash | 1;
}

#endif
