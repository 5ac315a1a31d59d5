/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * clean.h - cleanup at the end of a scope, for what one function owns.
 *
 * Not for anything that is also released at an exit label.
 */
#ifndef MWBPF_CLEAN_H
#define MWBPF_CLEAN_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void clean_free(void *at)
{
	free(*(void **)at);
}

static inline void clean_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void clean_file(FILE *const *file)
{
	if (*file)
		fclose(*file);
}

static inline void clean_dir(DIR *const *dir)
{
	if (*dir)
		closedir(*dir);
}

#define __free __attribute__((cleanup(clean_free)))
#define __fd   __attribute__((cleanup(clean_fd)))
#define __file __attribute__((cleanup(clean_file)))
#define __dir  __attribute__((cleanup(clean_dir)))

#endif
