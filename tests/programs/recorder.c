// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * recorder.c - an allocator in front of libc's that counts what passes, as LD_PRELOAD.
 *
 * At exit it writes "recorded ALLOCS FREES BYTES FAILED" to the descriptor that
 * RECORDER_FD names. It counts as valgrind does, and never allocates itself: its numbers
 * must be those of the program.
 */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_size_t allocs, frees, bytes, failed;

/* What is asked for while the real functions are being looked up: never given back. */
static char early[4096] __attribute__((aligned(16)));
static size_t early_used;

#define REAL(name) real(&name##_real, #name)
static void *malloc_real, *calloc_real, *realloc_real, *free_real, *memalign_real;

static void *real(void **function, const char *name)
{
	if (!*function)
		*function = dlsym(RTLD_NEXT, name);
	return *function;
}

static void *made(void *block, size_t size)
{
	if (block) {
		allocs++;
		bytes += size;
	} else {
		failed++;
	}
	return block;
}

void *malloc(size_t size)
{
	return made(((void *(*)(size_t))REAL(malloc))(size), size);
}

void *calloc(size_t count, size_t size)
{
	static int looking;

	if (!calloc_real && looking) { /* dlsym itself */
		early_used += (count * size + 15) & ~15UL;
		return early_used <= sizeof(early) ? early + early_used - ((count * size + 15) & ~15UL)
						   : NULL;
	}
	looking = 1;
	return made(((void *(*)(size_t, size_t))REAL(calloc))(count, size), count * size);
}

void *realloc(void *block, size_t size)
{
	void *moved = ((void *(*)(void *, size_t))REAL(realloc))(block, size);

	if (!moved && block && !size) { /* glibc: the block is freed */
		frees++;
		return NULL;
	}
	if (moved && block)
		frees++;
	return made(moved, size);
}

void *reallocarray(void *block, size_t count, size_t size)
{
	size_t all;

	if (!__builtin_mul_overflow(count, size, &all))
		return realloc(block, all);
	failed++;
	errno = ENOMEM;
	return NULL;
}

void free(void *block)
{
	if (!block || ((char *)block >= early && (char *)block < early + sizeof(early)))
		return;
	frees++;
	((void (*)(void *))REAL(free))(block);
}

void *memalign(size_t alignment, size_t size)
{
	return made(((void *(*)(size_t, size_t))REAL(memalign))(alignment, size), size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
	void *made_block;

	if (alignment % sizeof(void *) || !alignment || alignment & (alignment - 1)) {
		failed++;
		return EINVAL;
	}
	made_block = memalign(alignment, size);
	if (!made_block)
		return ENOMEM;
	*block = made_block;
	return 0;
}

void *valloc(size_t size)
{
	return memalign(sysconf(_SC_PAGESIZE), size);
}

void *pvalloc(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *block = ((void *(*)(size_t, size_t))REAL(memalign))(page, (size + page - 1) & -page);

	return made(block, size);
}

/* glibc's snprintf does not allocate for numbers. */
__attribute__((destructor)) static void write_down(void)
{
	const char *fd = getenv("RECORDER_FD");
	char text[128];
	int len = snprintf(text, sizeof(text), "recorded %zu %zu %zu %zu\n", allocs, frees, bytes,
			   failed);

	if (fd && write(atoi(fd), text, len) != len)
		abort();
}
