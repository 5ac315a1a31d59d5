// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* maps.c - /proc/PID/maps as the kernel gives it, in address order. */
#include "target/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "base/clean.h"

/* A number in base up to the delimiter, which is stepped over; false if malformed. */
static bool number(char **p, int base, char delimiter, uint64_t *value)
{
	char *end;

	if (**p == '-' || **p == '+' || **p == ' ')
		return false;
	errno = 0;
	*value = strtoull(*p, &end, base);
	if (end == *p || *end != delimiter || errno)
		return false;
	*p = end + 1;
	return true;
}

/*
 * One line, NUL-terminated:
 * 7f8eeb48d000-7f8eeb603000 rw-p 00000000 00:00 0                          [heap]
 */
static int parse_line(char *p, struct mapping *m)
{
	uint64_t major, minor;

	if (!number(&p, 16, '-', &m->start) || !number(&p, 16, ' ', &m->end) || strlen(p) < 5 ||
	    p[4] != ' ' || m->start >= m->end)
		return -EBADMSG;
	m->prot = (p[0] == 'r' ? PROT_READ : 0) | (p[1] == 'w' ? PROT_WRITE : 0) |
		  (p[2] == 'x' ? PROT_EXEC : 0);
	m->shared = p[3] == 's';
	p += 5;
	if (!number(&p, 16, ' ', &m->file_off) || !number(&p, 16, ':', &major) ||
	    !number(&p, 16, ' ', &minor))
		return -EBADMSG;
	m->dev = makedev(major, minor);
	errno = 0;
	m->inode = strtoull(p, &p, 10);
	if (errno || (*p && *p != ' '))
		return -EBADMSG;
	m->name = p + strspn(p, " ");
	return 0;
}

int maps_parse(char *text, size_t len, struct maps *maps)
{
	size_t lines = 0;
	char *p = text, *end = text + len;
	int err;

	*maps = (struct maps){ .text = text };
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	maps->at = calloc(lines + 1, sizeof(*maps->at));
	if (!maps->at) {
		maps_clear(maps);
		return -ENOMEM;
	}
	while (p < end) {
		char *newline = memchr(p, '\n', end - p);

		if (!newline)
			break;
		*newline = '\0';
		err = parse_line(p, &maps->at[maps->n]);
		if (!err && maps->n && maps->at[maps->n].start < maps->at[maps->n - 1].end)
			err = -EBADMSG;
		if (err) {
			maps_clear(maps);
			return err;
		}
		maps->n++;
		p = newline + 1;
	}
	return 0;
}

/* The whole of a file of /proc, whose size is not known. NULL: -errno in *err. */
static char *read_all(int fd, size_t *len, int *err)
{
	size_t cap = 64 << 10;
	char *text = malloc(cap), *bigger;
	ssize_t got;

	*len = 0;
	*err = -ENOMEM;
	while (text) {
		got = read(fd, text + *len, cap - *len - 1);
		if (got <= 0)
			break;
		*len += got;
		if (cap - *len > 4096)
			continue;
		cap *= 2;
		bigger = realloc(text, cap);
		if (!bigger) {
			free(text);
			return NULL;
		}
		text = bigger;
	}
	if (text && got < 0) {
		*err = -errno;
		free(text);
		return NULL;
	}
	if (text)
		text[*len] = '\0';
	return text;
}

static int read_once(pid_t pid, struct maps *maps)
{
	char path[64], *text;
	int fd __fd = -1;
	size_t len;
	int err;

	*maps = (struct maps){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	text = read_all(fd, &len, &err);
	if (!text)
		return err;
	if (!len) {
		free(text);
		return -ESRCH;
	}
	return maps_parse(text, len, maps);
}

int maps_read(pid_t pid, struct maps *maps)
{
	int err = -EBADMSG;

	/* the kernel gives it page by page: what grows meanwhile may overlap what was read */
	for (int tries = 0; tries < 10 && err == -EBADMSG; tries++)
		err = read_once(pid, maps);
	return err;
}

void maps_clear(struct maps *maps)
{
	free(maps->at);
	free(maps->text);
	*maps = (struct maps){ 0 };
}

const struct mapping *maps_find(const struct maps *maps, uint64_t addr)
{
	size_t lo = 0, hi = maps->n; /* the first mapping ending after addr is in [lo, hi] */

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (maps->at[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < maps->n && maps->at[lo].start <= addr ? &maps->at[lo] : NULL;
}
