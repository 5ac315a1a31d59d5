/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * returns.h - whether a return probe would hurt a process, tried out on one of our own.
 */
#ifndef MWBPF_RETURNS_H
#define MWBPF_RETURNS_H

#include <bpf/libbpf.h>

#include "probe/tier.h"

/*
 * From 6.11 a probed function returns through a system call, which a seccomp filter that
 * does not know it answers with death; kernels since early 2025 let it pass. A child of
 * ours under such a filter returns from a probed function: 0 when it lives, -EKEYREJECTED
 * when it was killed, other -errno when it could not be tried. leave is a loaded program.
 */
int returns_pass_seccomp(enum tier tier, const struct bpf_program *leave);

/*
 * A user shadow stack (6.6) and return probes agree since 6.11, which is when the system
 * call above came. 0 when the kernel has it, -ENOSYS when not.
 */
int returns_pass_shadow_stack(void);

#endif
