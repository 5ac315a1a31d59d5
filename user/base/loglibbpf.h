/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * loglibbpf.h - what libbpf says, in our log: one level quieter.
 */
#ifndef MWBPF_LOGLIBBPF_H
#define MWBPF_LOGLIBBPF_H

void log_libbpf(void);

#endif
