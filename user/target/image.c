// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* image.c - the files a target has mapped, each opened and read once. */
#include "target/image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/page.h"

/* Whether the process still has that file there: it may unmap it at any time. */
static bool still_mapped(pid_t pid, const struct mapping *m)
{
	const struct mapping *now;
	struct maps maps;
	bool same;

	if (maps_read(pid, &maps))
		return false;
	now = maps_find(&maps, m->start);
	same = now && now->inode == m->inode && now->dev == m->dev;
	maps_clear(&maps);
	return same;
}

/*
 * map_files leads to the mapped inode itself, whatever has become of its path; it
 * needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN. The path, seen from the target's
 * root, may by now be another file: its inode number must be the mapped one. That of
 * map_files must be, too, for another file may be mapped there by now; but there are file
 * systems that give stat and the map different numbers.
 */
static int open_mapped(pid_t pid, const struct mapping *m)
{
	char path[PATH_MAX + 64];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", (int)pid,
		 (unsigned long long)m->start, (unsigned long long)m->end);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && (fstat(fd, &st) || st.st_ino != m->inode) && !still_mapped(pid, m)) {
		close(fd);
		return -ESTALE;
	}
	if (fd >= 0 || errno == EMFILE || errno == ENFILE)
		return fd >= 0 ? fd : -errno;
	snprintf(path, sizeof(path), "/proc/%d/root%s", (int)pid, m->name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_ino != m->inode) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}

static void image_open(struct images *images, struct image *image, pid_t pid,
		       const struct mapping *m)
{
	image->fd = open_mapped(pid, m);
	if (image->fd < 0) {
		image->error = image->fd;
		image->fd = -1;
	} else {
		image->error = elf_open(image->fd, &image->elf);
	}
	images->exhausted |= image->error == -EMFILE || image->error == -ENFILE;
	/* only an ELF file is probed: do not hold data files open */
	if (!image->elf && image->fd >= 0) {
		close(image->fd);
		image->fd = -1;
	}
}

static struct image *image_new(struct images *images, pid_t pid, const struct mapping *m)
{
	struct image *image = calloc(1, sizeof(*image));

	if (!image)
		return NULL;
	image->dev = m->dev;
	image->inode = m->inode;
	image->path = strdup(m->name);
	if (image->path) {
		image_open(images, image, pid, m);
		return image;
	}
	free(image);
	return NULL;
}

struct image *images_get(struct images *images, pid_t pid, const struct mapping *m)
{
	uint64_t key = hash_mix(m->dev) ^ m->inode;
	struct image *image;

	if (!m->inode || m->name[0] != '/')
		return NULL;
	while ((image = hash_get(&images->by_file, key))) {
		if (image->dev == m->dev && image->inode == m->inode) {
			/* it was unmapped before it could be opened, and is mapped again */
			if (image->error == -ESTALE || image->error == -ENOENT)
				image_open(images, image, pid, m);
			return image;
		}
		key++;
	}
	image = image_new(images, pid, m);
	if (image && hash_set(&images->by_file, key, image)) {
		elf_free(image->elf);
		free(image->path);
		free(image);
		return NULL;
	}
	return image;
}

void images_clear(struct images *images)
{
	struct image *image;
	size_t at = 0;

	while ((image = hash_next(&images->by_file, &at, NULL))) {
		if (image->fd >= 0)
			close(image->fd);
		elf_free(image->elf);
		free(image->path);
		free(image);
	}
	hash_clear(&images->by_file);
}

/* Whether a mapping with these permissions can be of this PT_LOAD: RELRO takes W away. */
static bool may_be_of(const struct elf_load *load, const struct mapping *m)
{
	if (m->prot & PROT_EXEC && !(load->flags & PF_X))
		return false;
	if (m->prot & PROT_WRITE && !m->shared && !(load->flags & PF_W))
		return false;
	return m->file_off >= PAGE_DOWN(load->offset) &&
	       m->file_off < load->offset + load->filesz;
}

size_t image_biases(const struct image *image, const struct mapping *m,
		    uint64_t biases[IMAGE_BIASES])
{
	const struct elf_load *load;
	size_t n, found = 0;

	if (!image || !image->elf)
		return 0;
	load = elf_loads(image->elf, &n);
	for (size_t i = 0; i < n && found < IMAGE_BIASES; i++)
		if (may_be_of(&load[i], m))
			biases[found++] =
				m->start - (m->file_off - load[i].offset + load[i].vaddr);
	return found;
}
