// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* debugfile.c - the separate file with the debug information of an ELF file. */
#include "target/debugfile.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clean.h"
#include "target/raw.h"
#include "target/root.h"

#define DEBUG_DIR "/usr/lib/debug"
#define BUILD_ID_MAX 64 /* bytes */

/* By what a file is known to be the right one. */
enum proof { BY_BUILD_ID, BY_CHECKSUM, BY_CALLER, BY_SPLIT };

/* What is looked for, and where. */
struct search {
	const char *build_id; /* in hex, or "" */
	uint32_t checksum;
	enum proof proof;
	pid_t pid;
	const char *dirs[2];
};

/* The checksum of .gnu_debuglink: CRC-32 of the whole file. */
static bool has_checksum(const struct elf_file *elf, uint32_t wanted)
{
	uLong crc = crc32(0, NULL, 0);
	uint64_t offset = 0;
	Bytef buf[65536];
	size_t n;

	while ((n = elf_read(elf, offset, buf, sizeof(buf)))) {
		crc = crc32(crc, buf, (uInt)n);
		offset += n;
	}
	return crc == wanted;
}

#define SPLIT_SECTION ".debug_info.dwo"

static bool read_at(int fd, void *at, size_t size, uint64_t offset)
{
	return pread(fd, at, size, (off_t)offset) == (ssize_t)size;
}

/*
 * Whether it is an object file (elf.h reads what can be loaded) with split debug information;
 * which unit's, is for the caller to see. One with more than 65535 sections, of which the
 * header does not say how many there are, is none.
 */
static bool is_split(int fd)
{
	Elf64_Shdr section, names;
	char name[sizeof(SPLIT_SECTION)];
	Elf64_Ehdr header;

	if (!read_at(fd, &header, sizeof(header), 0) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64 ||
	    header.e_shentsize != sizeof(section) || header.e_shstrndx >= header.e_shnum ||
	    !read_at(fd, &names, sizeof(names),
		     header.e_shoff + header.e_shstrndx * sizeof(names)))
		return false;
	for (size_t i = 0; i < header.e_shnum; i++)
		if (read_at(fd, &section, sizeof(section), header.e_shoff + i * sizeof(section)) &&
		    read_at(fd, name, sizeof(name), names.sh_offset + section.sh_name) &&
		    !memcmp(name, SPLIT_SECTION, sizeof(name)))
			return true;
	return false;
}

static bool is_it(const struct search *search, int fd)
{
	struct elf_file *elf;
	struct stat st;
	bool same;

	if (fstat(fd, &st) || (uint64_t)st.st_size > DEBUGFILE_MAX)
		return false;
	if (search->proof == BY_CALLER)
		return true;
	if (search->proof == BY_SPLIT)
		return is_split(fd);
	if (elf_open(fd, &elf))
		return false;
	if (search->build_id[0] && elf_build_id(elf)[0])
		same = !strcmp(search->build_id, elf_build_id(elf));
	else
		same = search->proof == BY_CHECKSUM && has_checksum(elf, search->checksum);
	elf_free(elf);
	return same;
}

/* In the target's root, then in ours: often the same file. */
static int try(const struct search *search, const char *path)
{
	const pid_t roots[] = { search->pid, 0 };

	for (int i = 0; i < 2; i++) {
		int fd = root_open(roots[i], path);

		if (fd >= 0 && is_it(search, fd))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -ENOENT;
}

static int by_build_id(const struct search *search)
{
	char path[PATH_MAX];
	int fd = -ENOENT;

	for (int i = 0; i < 2 && fd < 0 && strlen(search->build_id) > 2; i++) {
		if (!search->dirs[i])
			continue;
		snprintf(path, sizeof(path), "%s/.build-id/%.2s/%s.debug", search->dirs[i],
			 search->build_id, search->build_id + 2);
		fd = try(search, path);
	}
	return fd;
}

/* A name and, on the next multiple of four, a checksum. */
static bool read_link(const struct elf_file *elf, char name[NAME_MAX + 8], uint32_t *checksum)
{
	Elf64_Shdr section;
	size_t len, at;

	if (!raw_section_named(elf, ".gnu_debuglink", &section) || section.sh_size > NAME_MAX + 8)
		return false;
	len = elf_read(elf, section.sh_offset, name, section.sh_size);
	at = (strnlen(name, len) + 4) & ~(size_t)3;
	if (at + sizeof(*checksum) > len || !name[0] || strchr(name, '/'))
		return false;
	memcpy(checksum, name + at, sizeof(*checksum));
	return true;
}

static int by_link(struct search *search, const struct elf_file *elf, const char *file)
{
	char name[NAME_MAX + 8], path[PATH_MAX];
	const char *slash = strrchr(file, '/');
	int dir = slash ? (int)(slash - file) : 0, fd;

	if (!read_link(elf, name, &search->checksum))
		return -ENOENT;
	search->proof = BY_CHECKSUM;
	snprintf(path, sizeof(path), "%.*s/%s", dir, file, name);
	fd = try(search, path);
	if (fd < 0) {
		snprintf(path, sizeof(path), "%.*s/.debug/%s", dir, file, name);
		fd = try(search, path);
	}
	for (int i = 0; i < 2 && fd < 0; i++) {
		if (!search->dirs[i])
			continue;
		snprintf(path, sizeof(path), "%s%.*s/%s", search->dirs[i], dir, file, name);
		fd = try(search, path);
	}
	return fd;
}

int debugfile_open(const struct elf_file *elf, pid_t pid, const char *path, const char *dir)
{
	struct search search = { .build_id = elf_build_id(elf),
				 .pid = pid,
				 .dirs = { dir, DEBUG_DIR } };
	int fd = by_build_id(&search);

	return fd >= 0 ? fd : by_link(&search, elf, path);
}

/* A path, and behind it the build-id. */
static bool read_common(const struct elf_file *elf, char path[PATH_MAX + BUILD_ID_MAX],
			char hex[2 * BUILD_ID_MAX + 1])
{
	Elf64_Shdr section;
	size_t len, at;

	if (!raw_section_named(elf, ".gnu_debugaltlink", &section) ||
	    section.sh_size > PATH_MAX + BUILD_ID_MAX)
		return false;
	len = elf_read(elf, section.sh_offset, path, section.sh_size);
	at = strnlen(path, len) + 1;
	if (at >= len || len - at > BUILD_ID_MAX)
		return false;
	for (size_t i = 0; at + i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", (uint8_t)path[at + i]);
	return true;
}

int debugfile_open_common(int fd, pid_t pid, const char *dir)
{
	char path[PATH_MAX + BUILD_ID_MAX], hex[2 * BUILD_ID_MAX + 1];
	struct search search = { .build_id = hex,
				 .proof = BY_CALLER,
				 .pid = pid,
				 .dirs = { dir, DEBUG_DIR } };
	struct elf_file *elf;
	bool links;
	int found;

	if (elf_open(fd, &elf))
		return -ENOENT;
	links = read_common(elf, path, hex);
	elf_free(elf);
	if (!links)
		return -ENOENT;
	found = by_build_id(&search);
	return found >= 0 || path[0] != '/' ? found : try(&search, path);
}

int debugfile_open_split(pid_t pid, const char *path, const char *beside)
{
	const struct search search = { .build_id = "", .proof = BY_SPLIT, .pid = pid };
	const char *name = strrchr(path, '/'), *dir = beside ? strrchr(beside, '/') : NULL;
	char moved[PATH_MAX];
	int fd = path[0] == '/' ? try(&search, path) : -ENOENT;

	if (fd >= 0 || !name || !dir)
		return fd;
	return snprintf(moved, sizeof(moved), "%.*s%s", (int)(dir - beside), beside, name) <
			       (int)sizeof(moved) ?
		       try(&search, moved) :
		       -ENOENT;
}
