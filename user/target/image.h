/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * image.h - the files a target has mapped, each opened and read once.
 */
#ifndef MWBPF_IMAGE_H
#define MWBPF_IMAGE_H

#include "base/hash.h"
#include "target/elf.h"
#include "target/maps.h"

struct image {
	uint64_t dev, inode;
	char *path;	      /* as the target sees it */
	int fd;		      /* the very file that is mapped, also when deleted since; -1 */
	struct elf_file *elf; /* NULL when it is not a readable ELF file of this machine */
	int error;	      /* why not: -errno of opening or elf_open */
};

struct images {
	struct hash by_file;
	bool exhausted; /* a file could not be opened because too many are */
};

/*
 * The image of a file mapping of a process; NULL for a mapping without a file and
 * when memory runs out. Owned by images.
 */
struct image *images_get(struct images *images, pid_t pid, const struct mapping *m);

void images_clear(struct images *images);

#define IMAGE_BIASES 4

/*
 * The addresses where the image's vaddr 0 can lie if this is one of its mappings: one for
 * each PT_LOAD it may show (two that share a page of the file, or RELRO, leave a choice),
 * the likeliest last. Returns how many; 0 for what is not ELF.
 */
size_t image_biases(const struct image *image, const struct mapping *m,
		    uint64_t biases[IMAGE_BIASES]);

#endif
