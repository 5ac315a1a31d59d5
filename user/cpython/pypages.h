/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * pypages.h - pages of a process that are kept while it is read from one object to the next:
 * objects that know each other lie close together, and a page costs little more than a word.
 */
#ifndef MWBPF_CPYTHON_PYPAGES_H
#define MWBPF_CPYTHON_PYPAGES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pypages;

/* NULL without memory. The caller's, ended by pypages_free. */
struct pypages *pypages_new(pid_t pid);
void pypages_free(struct pypages *pages);

/* As mem_read, but what is there may be as it was when its page was first read. */
int pypages_read(struct pypages *pages, uint64_t addr, void *buf, size_t len);

/* Read the page at an address anew when it is asked for. */
void pypages_forget(struct pypages *pages, uint64_t addr);
void pypages_forget_all(struct pypages *pages);

#endif
