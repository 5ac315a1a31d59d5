// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * space.c - fills and changes its address space, and says what lies where.
 *
 *   space show FILE        makes one of everything, says "kind KIND ADDRESS [TID]" of each,
 *                          then "ready", and waits for a line
 *   space GROUP FILE       says "ready", waits for a line, then changes its map step by step.
 *                          At each step a block of 10000 + STEP bytes is made, then it says
 *                          "step STEP WHAT", the kernel's map as it is, "map LINE" each, and
 *                          "kind KIND ADDRESS [TID]" for what is known. In the end it says
 *                          "done" and waits for another line. Groups: see the table.
 *                          "library" says "opened" and waits for a line in between
 *
 * FILE is any file of at least 16 pages.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#define PAGE 4096UL
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static int variable = 1;	      /* data */
static int nothing;		      /* bss behind the file's bytes */
static char nothings[16 * PAGE];      /* bss in pages of its own */
static const int constant[] = { 7 };  /* rodata */
static const char *file_name;

static void must(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "space: ");
	perror(what);
	exit(3);
}

/* The compiler must not see that a block is not used. */
static void *opaque(void *block)
{
	__asm__ volatile("" : "+r"(block) : : "memory");
	return block;
}

static void wait_line(void)
{
	char c;

	while (read(0, &c, 1) == 1 && c != '\n')
		;
}

static void kind(const char *name, const void *addr)
{
	printf("kind %s %p\n", name, addr);
}

static void *map(void *at, size_t pages, int prot, int flags, int fd)
{
	void *addr = mmap(at, pages * PAGE, prot, flags, fd, 0);

	must(addr != MAP_FAILED, "mmap");
	return addr;
}

static int open_file(void)
{
	int fd = open(file_name, O_RDONLY);

	must(fd >= 0, file_name);
	return fd;
}

static int new_memfd(void)
{
	int fd = memfd_create("mwbpf-test", 0);

	must(fd >= 0 && !ftruncate(fd, 32 * PAGE), "memfd_create");
	return fd;
}

static void *attach_shm(int *id)
{
	void *at;

	*id = shmget(IPC_PRIVATE, 4 * PAGE, IPC_CREAT | 0600);
	must(*id >= 0, "shmget");
	at = shmat(*id, NULL, 0);
	shmctl(*id, IPC_RMID, NULL);
	must(at != (void *)-1, "shmat");
	return at;
}

/*
 * show
 */

static sem_t shown;
static int shown_tid;

/* size in pieces that stay under the threshold for mappings of their own */
static void *last_of(size_t size)
{
	void *block = NULL;

	for (size_t done = 0; done < size; done += 100000)
		block = malloc(100000);
	return block;
}

static void *show_thread(void *arg)
{
	int local = 0;

	shown_tid = syscall(SYS_gettid);
	printf("kind thread-stack %p %d\n", (void *)&local, shown_tid);
	kind("arena", malloc(100));
	/* an arena's second heap: one holds 64 MiB */
	if (arg)
		kind("arena", last_of(70 << 20));
	sem_post(&shown);
	pause();
	return NULL;
}

/* Only of a thread that sleeps can others see where its stack pointer is. */
static void wait_asleep(int tid)
{
	char path[64], c = 'r'; /* "running" */
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
	while (c == 'r') {
		sched_yield();
		fd = open(path, O_RDONLY);
		must(fd >= 0 && read(fd, &c, 1) == 1, path);
		close(fd);
	}
}

static void show(void)
{
	pthread_t thread;
	char name[64];
	int local = 0, fd, id;

	kind("stack", &local);
	kind("data", &variable);
	kind("bss", &nothing);
	kind("bss", nothings + 8 * PAGE);
	kind("rodata", constant);
	kind("text", (void *)show);
	kind("text", dlsym(RTLD_DEFAULT, "mallopt"));
	kind("vdso", (void *)getauxval(AT_SYSINFO_EHDR));
	kind("heap", malloc(100));
	kind("heap", last_of(1 << 20));
	kind("mmap-chunk", malloc(1 << 20));
	kind("mmap-chunk", malloc((1 << 20) + 4096));
	kind("mmap-chunk", memalign(8192, 1 << 20));
	kind("anon", memset(map(NULL, 5, RW, ANON, -1), 1, PAGE));
	kind("anon", map(NULL, 5, PROT_NONE, ANON, -1));
	kind("shared", map(NULL, 4, RW, MAP_SHARED | MAP_ANONYMOUS, -1));
	kind("shared", map(NULL, 4, RW, MAP_SHARED, new_memfd()));
	kind("shared", attach_shm(&id));
	snprintf(name, sizeof(name), "/mwbpf-test-%d", (int)getpid());
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	must(fd >= 0 && !ftruncate(fd, 4 * PAGE), "shm_open");
	shm_unlink(name);
	kind("shared", map(NULL, 4, RW, MAP_SHARED, fd));
	fd = open_file();
	kind("file", map(NULL, 4, PROT_READ, MAP_PRIVATE, fd));
	kind("file", map(NULL, 4, PROT_READ, MAP_SHARED, fd));
	sem_init(&shown, 0, 0);
	for (size_t i = 0; i < 3; i++) {
		must(!pthread_create(&thread, NULL, show_thread, i == 2 ? &thread : NULL),
		     "pthread_create");
		sem_wait(&shown);
		wait_asleep(shown_tid);
	}
	printf("ready %d\n", (int)getpid());
	wait_line();
	_exit(0);
}

/*
 * versions
 */

static int step;

/* A block whose size says the step, then the kernel's map. Nothing may change between. */
static void here(const char *what)
{
	static char text[1 << 18];
	static int fd = -1;
	size_t len = 0;
	ssize_t got;

	must(malloc(10000 + step) != NULL, "malloc");
	if (fd < 0)
		fd = open("/proc/self/maps", O_RDONLY);
	lseek(fd, 0, SEEK_SET);
	while ((got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += got;
	text[len] = '\0';
	printf("step %d %s\n", step++, what);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		printf("map %s\n", line);
}

static char *area; /* 64 pages that nobody else takes */

static void plain(void)
{
	map(area, 16, RW, ANON | MAP_FIXED, -1);
	here("mmap");
	kind("anon", area);
	must(!mprotect(area + 4 * PAGE, 4 * PAGE, PROT_READ), "mprotect");
	here("mprotect of a part");
	kind("anon", area + 5 * PAGE);
	must(!munmap(area + 6 * PAGE, PAGE + 1), "munmap");
	here("munmap of a part, in bytes");
	kind("none", area + 7 * PAGE);
	kind("anon", area + 8 * PAGE);
	must(!syscall(SYS_pkey_mprotect, area + 10 * PAGE, 2 * PAGE, PROT_NONE, -1),
	     "pkey_mprotect");
	here("pkey_mprotect");
	must(!munmap(area + 2 * PAGE, 12 * PAGE), "munmap");
	here("munmap of several");
	kind("none", area + 5 * PAGE);
	map(area, 16, RW, ANON | MAP_FIXED, -1);
	here("mmap over the rest");
	kind("anon", area + 5 * PAGE);
}

static void files(void)
{
	int fd = open_file(), memfd = new_memfd();

	map(area, 8, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd);
	here("a file over anonymous pages");
	kind("file", area);
	kind("anon", area + 8 * PAGE);
	must(!mprotect(area + 2 * PAGE, 2 * PAGE, RW), "mprotect");
	here("part of a file's pages writable");
	kind("file", area + 3 * PAGE);
	map(area + PAGE, 4, RW, ANON | MAP_FIXED, -1);
	here("anonymous pages over a file's");
	kind("file", area);
	kind("anon", area + PAGE);
	kind("file", area + 5 * PAGE);
	map(area, 8, RW, MAP_SHARED | MAP_FIXED, memfd);
	here("memfd");
	kind("shared", area);
	map(area, 8, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1);
	here("shared anonymous");
	kind("shared", area + 7 * PAGE);
	map(area, 4, PROT_EXEC, ANON | MAP_FIXED, -1);
	here("only to be executed");
	kind("anon", area);
	close(fd);
	close(memfd);
}

static void moves(void)
{
	int memfd = new_memfd();
	char *at;

	map(area, 16, RW, ANON | MAP_FIXED, -1);
	munmap(area + 16 * PAGE, 48 * PAGE);
	at = mremap(area, 16 * PAGE, 20 * PAGE, 0);
	must(at == area, "mremap in place");
	here("mremap: grow in place");
	kind("anon", area + 19 * PAGE);
	must(mremap(area, 20 * PAGE, 10 * PAGE, 0) == area, "mremap to less");
	here("mremap: shrink");
	kind("none", area + 10 * PAGE);
	map(area + 10 * PAGE, 1, PROT_READ, MAP_SHARED | MAP_FIXED, memfd);
	at = mremap(area, 10 * PAGE, 30 * PAGE, MREMAP_MAYMOVE);
	must(at != MAP_FAILED && at != area, "mremap elsewhere");
	here("mremap: grow, moved");
	kind("anon", at + 29 * PAGE);
	kind("none", area);
	kind("shared", area + 10 * PAGE);
	at = mremap(at + 10 * PAGE, 5 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area);
	must(at == area, "mremap to a place");
	here("mremap: a middle part to a place");
	kind("anon", area);
	map(area, 4, RW, MAP_SHARED | MAP_FIXED, memfd);
	at = mremap(area, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area + 20 * PAGE);
	must(at == area + 20 * PAGE, "mremap of shared pages");
	here("mremap: shared pages");
	kind("shared", area + 20 * PAGE);
	kind("none", area);
	at = mremap(area + 20 * PAGE, 0, 2 * PAGE, MREMAP_MAYMOVE);
	must(at != MAP_FAILED, "mremap of nothing");
	here("mremap: a second mapping of shared pages");
	kind("shared", at);
	kind("shared", area + 20 * PAGE);
	map(area, 6, RW, ANON | MAP_FIXED, -1);
	at = mremap(area, 6 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	if (at != MAP_FAILED) {
		here("mremap: leave the old pages");
		kind("anon", at);
		kind("anon", area);
	}
	close(memfd);
}

/* Since 6.17 the kernel moves several mappings by one call. */
static void move_several(void)
{
	map(area, 6, RW, ANON | MAP_FIXED, -1);
	map(area + 2 * PAGE, 2, PROT_READ, MAP_PRIVATE | MAP_FIXED, open_file());
	munmap(area + 5 * PAGE, PAGE);
	if (mremap(area, 5 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area + 30 * PAGE) ==
	    MAP_FAILED)
		return;
	here("mremap: several mappings");
	kind("anon", area + 30 * PAGE);
	kind("file", area + 32 * PAGE);
	kind("anon", area + 34 * PAGE);
	kind("none", area + 2 * PAGE);
}

/* Of addresses where nothing is. */
static void failures(void)
{
	munmap(area, 64 * PAGE);
	map(area, 4, RW, ANON | MAP_FIXED, -1);
	must(mmap(NULL, 0, RW, ANON, -1, 0) == MAP_FAILED, "mmap of nothing succeeded");
	must(munmap(area + 1, PAGE), "munmap of half a page succeeded");
	must(mprotect(area + 8 * PAGE, PAGE, PROT_READ), "mprotect of a hole succeeded");
	must(mremap(area + 8 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE) == MAP_FAILED,
	     "mremap of a hole succeeded");
	must(mmap(area, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED,
	     "mmap over something succeeded");
	here("calls that failed");
	kind("anon", area);
	for (int i = 0; i < 8; i++)
		map(area + (20 + 2 * i) * PAGE, 1, RW, ANON | MAP_FIXED, -1);
	here("long ago");
}

/* The kernel changes what comes before the hole, and then fails. */
static void halfway(void)
{
	map(area, 16, RW, ANON | MAP_FIXED, -1);
	munmap(area + 4 * PAGE, 4 * PAGE);
	must(mprotect(area, 12 * PAGE, PROT_READ), "mprotect with a hole succeeded");
	here("mprotect that failed half-way");
	kind("anon", area);
	kind("anon", area + 8 * PAGE);
}

static void breaks(void)
{
	char *at = sbrk(1 << 20);

	must(at != (void *)-1, "sbrk");
	here("brk up");
	kind("heap", at);
	must(sbrk(-(1 << 20)) != (void *)-1, "sbrk");
	here("brk down");
	kind("none", at + (512 << 10));
}

/* What a System V segment's size is, its call does not say. */
static void system_v(void)
{
	char *at;
	int id;

	map(area, 4, RW, ANON | MAP_FIXED, -1);
	at = attach_shm(&id);
	map(area + 8 * PAGE, 4, RW, ANON | MAP_FIXED, -1);
	munmap(area + 16 * PAGE, 4 * PAGE);
	here("shmat");
	kind("shared", at);
	kind("shared", at + 4 * PAGE - 1);
	must(!mprotect(area, 2 * PAGE, PROT_READ), "mprotect");
	here("mprotect after shmat");
	must(!shmdt(at), "shmdt");
	here("shmdt");
	kind("none", at);
	/* and what happens next is not known yet while shmat is looked at */
	at = attach_shm(&id);
	here("shmat again");
	for (int i = 0; i < 8; i++)
		map(area + (40 + 2 * i) * PAGE, 1, RW, ANON | MAP_FIXED, -1);
	here("shmat long ago");
}

static void names(void)
{
	map(area, 4, RW, ANON | MAP_FIXED, -1);
	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, area + PAGE, PAGE, "a name")) {
		printf("unsupported\n");
		return;
	}
	here("a name");
	kind("anon", area + PAGE);
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, area + PAGE, PAGE, NULL);
	here("no name");
	kind("anon", area + PAGE);
}

static void library(void)
{
	void *library, *at;
	int id;

	library = dlopen("libm.so.6", RTLD_NOW);
	must(library != NULL, "libm.so.6");
	here("dlopen");
	at = dlsym(library, "lgamma_r");
	kind("text", at);
	/* which file it is can be seen only while it is mapped */
	printf("opened\n");
	wait_line();
	dlclose(library);
	here("dlclose");
	kind("none", at);
	id = fork();
	if (id == 0)
		_exit(0);
	waitpid(id, NULL, 0);
	here("fork");
}

static pthread_barrier_t turn;

static void *in_thread(void *arg)
{
	char *block = malloc(100);
	int local = 0;

	(void)arg;
	last_of(1 << 20);
	pthread_barrier_wait(&turn);
	here("a thread with an arena");
	kind("arena", block);
	printf("kind thread-stack %p %d\n", (void *)&local, (int)syscall(SYS_gettid));
	return NULL;
}

static void blocks(void)
{
	pthread_t thread;
	char *block = malloc(1 << 20);

	here("a block of its own");
	kind("mmap-chunk", block);
	block = realloc(block, 4 << 20);
	here("which grows");
	kind("mmap-chunk", block);
	kind("mmap-chunk", block + (4 << 20) - 1);
	free(block);
	here("and is freed");
	kind("none", block);
	block = last_of(2 << 20);
	here("the heap grows");
	kind("heap", block);
	malloc_trim(0);
	here("malloc_trim");
	pthread_barrier_init(&turn, NULL, 2);
	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_barrier_wait(&turn);
	pthread_join(thread, NULL);
	here("the thread has ended");
}

/* The first block of all: the heap begins. */
static void cold(void)
{
	here("the heap begins");
	plain();
}

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
	{ "cold", cold },	    { "plain", plain },	      { "files", files },
	{ "moves", moves },	    { "several", move_several }, { "failures", failures },
	{ "halfway", halfway },
	{ "system_v", system_v },   { "names", names },	      { "library", library },
	{ "breaks", breaks },	    { "blocks", blocks },
};

static void versions(void (*run)(void))
{
	area = map(NULL, 64, PROT_NONE, ANON, -1);
	if (run != cold)
		opaque(malloc(10));
	printf("ready %d\n", (int)getpid());
	wait_line();
	run();
	printf("done\n");
	wait_line();
}

int main(int argc, char **argv)
{
	static char buffer[1 << 16];

	setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
	if (argc != 3)
		return 2;
	file_name = argv[2];
	if (!strcmp(argv[1], "show"))
		show();
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (!strcmp(argv[1], groups[i].name)) {
			versions(groups[i].run);
			return 0;
		}
	return 2;
}
