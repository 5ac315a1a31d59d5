/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * maps.h - /proc/PID/maps as the kernel gives it, in address order.
 */
#ifndef MWBPF_MAPS_H
#define MWBPF_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mapping {
	uint64_t start, end; /* half-open */
	uint64_t file_off;   /* bytes */
	uint64_t dev;	     /* makedev(major, minor) */
	uint64_t inode;	     /* 0: no file */
	int prot;	     /* PROT_READ | PROT_WRITE | PROT_EXEC */
	bool shared;
	const char *name; /* path or [name]; "" for none; newlines as the kernel escapes them */
};

struct maps {
	struct mapping *at;
	size_t n;
	char *text; /* holds the names */
};

/*
 * Read the map of a process. 0; -ESRCH when the process is gone or has no memory
 * left; -EBADMSG for a line that is not as documented (proc(5)); -ENOMEM.
 */
int maps_read(pid_t pid, struct maps *maps);

/* As maps_read, from text of len bytes allocated with malloc, which becomes maps'. */
int maps_parse(char *text, size_t len, struct maps *maps);

void maps_clear(struct maps *maps);

/* The mapping that holds addr; NULL for a hole. */
const struct mapping *maps_find(const struct maps *maps, uint64_t addr);

#endif
