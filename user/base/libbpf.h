/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * libbpf.h - what is to be set before anything of BPF is used.
 */
#ifndef MWBPF_LIBBPF_H
#define MWBPF_LIBBPF_H

/*
 * What libbpf says is in our log, one level quieter; and no limit on locked memory, which
 * kernels before 5.11 count BPF's against. More than once is fine.
 */
void libbpf_begin(void);

#endif
