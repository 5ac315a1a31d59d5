// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* jitmap.c - names of code made at run time, from the file that its maker writes for perf. */
#include "place/jitmap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/clock.h"
#include "target/proc.h"
#include "target/root.h"

static int by_start(const void *a, const void *b)
{
	const struct jit_function *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* "7f3a1c0040 2b py::fib:/srv/app.py"; false for a line that is none. */
static bool parse_line(char *line, struct jit_function *function)
{
	char *end;
	uint64_t size;

	function->start = strtoull(line, &end, 16);
	if (end == line || *end != ' ')
		return false;
	line = end + 1;
	size = strtoull(line, &end, 16);
	if (end == line || *end != ' ' || !end[1])
		return false;
	function->end = function->start + size;
	function->name = end + 1;
	return function->end > function->start;
}

void jitmap_parse(struct jitmap *map, char *text, size_t len)
{
	char *line = text, *end;
	size_t lines = 0, number = 0;

	jitmap_clear(map);
	map->text = text;
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	map->at = calloc(lines + 1, sizeof(*map->at));
	/* what has no end yet is still being written */
	while (map->at && (end = memchr(line, '\n', text + len - line))) {
		*end = '\0';
		map->at[map->n].line = number++;
		map->n += parse_line(line, &map->at[map->n]);
		line = end + 1;
	}
	if (map->n)
		qsort(map->at, map->n, sizeof(*map->at), by_start);
}

void jitmap_clear(struct jitmap *map)
{
	free(map->at);
	free(map->text);
	*map = (struct jitmap){ 0 };
}

/* As perf: what another user has put there says nothing of this process. */
static int open_map(pid_t pid, struct stat *st)
{
	char path[64];
	struct stat process;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	if (stat(path, &process))
		return -1;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)proc_inner_tid(pid, pid));
	fd = root_open(pid, path);
	if (fd >= 0 && !fstat(fd, st) && (st->st_uid == process.st_uid || !st->st_uid))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static char *read_all(int fd, size_t size, size_t *len)
{
	char *text = malloc(size + 1);

	*len = 0;
	while (text && *len < size) {
		ssize_t n = pread(fd, text + *len, size - *len, (off_t)*len);

		if (n <= 0)
			break;
		*len += (size_t)n;
	}
	return text;
}

static void look(struct jitmap *map, pid_t pid)
{
	uint64_t now = now_ns();
	struct stat st;
	size_t len;
	char *text;
	int fd __fd = -1;

	if (map->looked_ns && now - map->looked_ns < JITMAP_EVERY_NS)
		return;
	map->looked_ns = now;
	fd = open_map(pid, &st);
	if (fd < 0 || (uint64_t)st.st_size == map->size)
		return;
	text = read_all(fd, st.st_size < JITMAP_MAX ? (size_t)st.st_size : JITMAP_MAX, &len);
	if (!text)
		return;
	jitmap_parse(map, text, len);
	map->size = (uint64_t)st.st_size;
	map->looked_ns = now;
}

static const struct jit_function *find(const struct jitmap *map, uint64_t addr)
{
	size_t lo = 0, hi = map->n; /* the first that starts after addr is in [lo, hi] */

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (map->at[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && addr < map->at[lo - 1].end ? &map->at[lo - 1] : NULL;
}

const char *jitmap_find(struct jitmap *map, pid_t pid, uint64_t addr, uint64_t *start)
{
	const struct jit_function *function = find(map, addr);

	if (!function) {
		look(map, pid);
		function = find(map, addr);
	}
	if (!function)
		return NULL;
	*start = function->start;
	return function->name;
}
