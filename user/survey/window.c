// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* window.c - a process's memory read from low to high addresses, in pieces. */
#include "survey/window.h"

#include "base/page.h"
#include "target/mem.h"

void window_init(struct window *window, pid_t pid)
{
	window->pid = pid;
	window->error = 0;
	window_forget(window);
}

void window_forget(struct window *window)
{
	window->start = 0;
	window->len = 0;
	window->piece = PAGE;
}

static int fill(struct window *window, uint64_t start, size_t len)
{
	const int err = mem_read(window->pid, start, window->bytes, len);

	window->start = start;
	window->len = err ? 0 : len;
	return err;
}

static bool goes_on(const struct window *window, uint64_t addr)
{
	return window->len && addr >= window->start && addr - window->start <= window->len + PAGE;
}

const void *window_at(struct window *window, uint64_t addr, size_t len)
{
	const uint64_t start = PAGE_DOWN(addr);
	size_t need;

	if (addr >= window->start && addr - window->start <= window->len &&
	    len <= window->len - (addr - window->start))
		return window->bytes + (addr - window->start);
	if (len > WINDOW_MOST / 2 || addr > UINT64_MAX - WINDOW_MOST)
		return NULL;
	need = PAGE_UP(addr + len) - start;
	window->piece = goes_on(window, addr) ? 2 * window->piece : PAGE;
	if (window->piece > WINDOW_MOST)
		window->piece = WINDOW_MOST;
	/* what lies behind may not be mapped */
	if (window->piece <= need || fill(window, start, window->piece))
		window->error = fill(window, start, need);
	return window->len ? window->bytes + (addr - start) : NULL;
}
