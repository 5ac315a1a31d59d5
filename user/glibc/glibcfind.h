/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * glibcfind.h - the arenas of a process, found in the data of its files.
 */
#ifndef MWBPF_GLIBCFIND_H
#define MWBPF_GLIBCFIND_H

#include "glibc/glibcheap.h"

/*
 * Add every main arena of a process with these segments to heap->arenas, each before the
 * others of its circle, and find heap->params; of an arena only its state is filled. Pages
 * that are not resident are taken to be zero; residents NULL: all are read. 0; -ENOENT:
 * there is no arena; -ENOMEM; as mem_read. What was added stays, for glibcheap_clear.
 */
int glibcfind_arenas(pid_t pid, const struct segments *segments, const struct residents *residents,
		     struct glibcheap *heap);

#endif
