/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * sitecache.h - the int sites of interpreters that were searched before, in files.
 *
 * A probe on a byte that does not begin an instruction ruins the program it is in, so
 * that a file is believed only when everything the search would go by is what it went by
 * then: code, data, unwind tables, relocations, and mwbpf itself. The build id is no more
 * than the file's name, for whoever can make a program can give it any.
 */
#ifndef MWBPF_SITECACHE_H
#define MWBPF_SITECACHE_H

#include "probe/intcode.h"

/* What int_sites() is given: equal inputs, equal sites. */
struct sitecache_input {
	const struct elf_file *elf;
	const struct int_image *image;
	const struct int_text *data;
	size_t n_data;
};

/*
 * Find the sites in the directory, a descriptor of store_open(). *out is then as
 * int_sites() leaves it. 0; -ENOENT: they are not there, or not to be trusted; -ENOMEM.
 */
int sitecache_load(int dir, const struct sitecache_input *input, struct intsites *out);

/* Keep them. 0 or -errno. */
int sitecache_store(int dir, const struct sitecache_input *input, const struct intsites *sites);

#endif
