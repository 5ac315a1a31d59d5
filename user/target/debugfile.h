/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * debugfile.h - the separate file with the debug information of an ELF file.
 *
 * Looked for as gdb does: by build-id below the debug directories, then by .gnu_debuglink
 * beside the file, in .debug beside it and below the debug directories; each as the target
 * sees its files, and as we see ours.
 */
#ifndef MWBPF_DEBUGFILE_H
#define MWBPF_DEBUGFILE_H

#include "target/elf.h"

/*
 * path: of the ELF file as the target sees it; dir: a debug directory to look in before
 * /usr/lib/debug, NULL: none. What is opened belongs to the file: it has the same build-id,
 * or the checksum of the link. The descriptor is the caller's; -ENOENT.
 */
int debugfile_open(const struct elf_file *elf, pid_t pid, const char *path, const char *dir);

/*
 * The file that dwz moved common parts of several debug files to (.gnu_debugaltlink), by
 * its absolute path or by build-id, which the caller has to compare; fd is of the file with
 * the debug information. As above.
 */
int debugfile_open_common(int fd, pid_t pid, const char *dir);

/*
 * The file that the compiler moved debug information of a unit to (-gsplit-dwarf), which the
 * caller has to compare: at its absolute path, or beside the ELF file (its path as the
 * target sees it; NULL: not known). As above.
 */
int debugfile_open_split(pid_t pid, const char *path, const char *beside);

/* A file that is larger is not looked at. */
#define DEBUGFILE_MAX (4ULL << 30) /* bytes */

#endif
