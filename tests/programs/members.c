// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * members.c - functions that say what their variables are made of, and where each part lies.
 *
 *     members LIBRARY
 *
 * Lines of words, the first of which says what it is about (below); then two threads wait for
 * input to end. LIBRARY is members.so: a function there waits, too. Built by several
 * compilers, without and with optimization.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* that it is used: optimization leaves it where it is */
#define keep(name) __asm__ volatile("" : : "r"(&name) : "memory")
#ifdef __clang__
#define noipa __attribute__((noinline))
#else
#define noipa __attribute__((noinline, noclone))
#endif

/* what is not needed any more is not in a register by chance */
#define forget() __asm__ volatile("" : : : "rbx", "r12", "r13", "r14", "r15")

/* VAR THREAD FUNCTION NAME ADDRESS SIZE VALUE */
#define say(name, format, ...) \
	printf("VAR %ld %s %s %p %zu " format "\n", syscall(SYS_gettid), __func__, #name, \
	       (void *)&name, sizeof(name), __VA_ARGS__)
/* PART THREAD FUNCTION NAME PATH ADDRESS OFFSET SIZE VALUE; "." before a member is not said */
#define say_part(name, path, part, format, ...) \
	printf("PART %ld %s %s %s %p %td %zu " format "\n", syscall(SYS_gettid), __func__, #name, path, \
	       (void *)&name part, (char *)&name part - (char *)&name, sizeof(name part), __VA_ARGS__)
/* VALUE THREAD FUNCTION NAME PATH VALUE: of one that may have no address; "-": of all of it */
#define say_value(name, path, format, ...) \
	printf("VALUE %ld %s %s %s " format "\n", syscall(SYS_gettid), __func__, name, path, __VA_ARGS__)
/* LATER ...: the same, when it may be gone by now, and only the caller's call tells */
#define say_entry(name, format, ...) \
	printf("ENTRY %ld %s %s - " format "\n", syscall(SYS_gettid), __func__, name, __VA_ARGS__)
/* BITS THREAD FUNCTION NAME PATH BIT WIDTH VALUE: found by setting all bits of it, and no other */
#define say_bits(name, field, format, value)                                                 \
	do {                                                                                 \
		__typeof__(name) probe_;                                                     \
		unsigned at_, n_;                                                            \
		memset(&probe_, 0, sizeof(probe_));                                          \
		probe_.field = -1;                                                           \
		find_bits(&probe_, sizeof(probe_), &at_, &n_);                               \
		printf("BITS %ld %s %s %s %u %u " format "\n", syscall(SYS_gettid), __func__, #name, \
		       #field, at_, n_, value);                                              \
	} while (0)

static void find_bits(const void *bytes, size_t size, unsigned *at, unsigned *n)
{
	const unsigned char *byte = bytes;

	*at = *n = 0;
	for (unsigned i = 0; i < 8 * size; i++)
		if (byte[i / 8] >> i % 8 & 1) {
			if (!*n)
				*at = i;
			++*n;
		}
}

enum colour { RED, GREEN, BLUE = 7 };
enum sign { BELOW = -1, ABOVE = 1 };

struct flags {
	unsigned low : 3;
	int negative : 5;
	unsigned long wide : 40;
	bool yes : 1;
	enum colour colour : 3;
	unsigned : 2;
	signed char small;
	unsigned last : 9;
};

/* one field lies in nine bytes */
struct __attribute__((packed)) packed {
	unsigned long first : 61;
	unsigned long across : 60;
	int behind : 7;
};

struct point {
	int x, y;
};

struct deep {
	struct {
		struct point from;
		short both[2];
	} one;
	struct point *to;
};

union number {
	int whole;
	float fraction;
	unsigned char bytes[4];
};

struct mixed {
	struct deep deep;
	union number number;
	struct {
		int nameless;
		union {
			int inner;
			char byte;
		};
	};
	struct point points[2];
	long table[2][3];
	char rows[2][4];
	const char *text;
	void (*function)(void);
	enum sign sign;
	long many[40];
	double ratio;
};

struct pair {
	long first, second;
};

struct mixed global = { .deep = { .one = { .from = { 21, 22 } } }, .ratio = 0.125 };
static struct point inner_static = { 31, 32 };
static _Thread_local struct point own = { 41, 42 };
_Thread_local long own_too __attribute__((aligned(128))) = 43;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t all_said;
static void (*wait_in_library)(void (*)(void));

static noipa void wait_for_end(void)
{
	register long in_rbx __asm__("rbx") = 4711; /* through what does not save it */
	char byte;

	__asm__ volatile("" : "+r"(in_rbx));
	say_value("in_rbx", "-", "%ld", in_rbx);
	fflush(stdout);
	pthread_mutex_unlock(&lock);
	pthread_barrier_wait(&all_said);
	if (syscall(SYS_gettid) == getpid()) {
		printf("ready\n");
		fflush(stdout);
	}
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	__asm__ volatile("" : : "r"(in_rbx));
}

static noipa void wait_outside(void)
{
	if (wait_in_library && syscall(SYS_gettid) == getpid())
		wait_in_library(wait_for_end);
	else
		wait_for_end();
	__asm__ volatile("");
}

/* A structure in registers, as it is passed. */
static noipa long split(struct pair pair, int shift)
{
	long sum;

	say_value("pair", "first", "%ld", pair.first);
	say_value("pair", "second", "%ld", pair.second);
	wait_outside();
	sum = (pair.first << shift) + pair.second;
	__asm__ volatile("" : "+r"(sum));
	return sum;
}

/* What it is called with is not needed any more when it waits. */
static noipa void entered(long given, int other, const char *text)
{
	say_entry("given", "%ld", given);
	say_entry("other", "%d", other);
	printf("ENTRY %ld %s text - %p \"%s\"\n", syscall(SYS_gettid), __func__, (void *)text, text);
	forget();
	split((struct pair){ 1234567890123, -5 }, 2);
	__asm__ volatile("");
}

/* What it was called with is passed on; it is gone, too. */
static noipa void passes_on(long given, int other)
{
	say_entry("given", "%ld", given);
	say_entry("other", "%d", other);
	entered(given + 1, 77, "a text");
	__asm__ volatile("");
}

static noipa void arrays(int n)
{
	int numbers[n];
	struct point points[n - 2];
	int shadowed = 1;

	for (int i = 0; i < n; i++)
		numbers[i] = 100 + i;
	memset(points, 0, (size_t)(n - 2) * sizeof(*points));
	points[1].y = 55;
	printf("VLA %ld %s numbers %p %zu int[%d] {100, 101, 102, 103, 104}\n", syscall(SYS_gettid),
	       __func__, (void *)numbers, sizeof(numbers), n);
	printf("VLA %ld %s points %p %zu struct point[%d] {{...}, {...}, {...}}\n", syscall(SYS_gettid),
	       __func__, (void *)points, sizeof(points), n - 2);
	printf("PART %ld %s points [1].y %p 12 4 55\n", syscall(SYS_gettid), __func__,
	       (void *)&points[1].y);
	say(shadowed, "%d", shadowed);
	{
		int shadowed = 2;

		say(shadowed, "%d", shadowed);
		passes_on(1000 + shadowed, n);
		keep(shadowed);
	}
	keep(numbers);
	keep(points);
	keep(shadowed);
}

static noipa void bits(void)
{
	struct flags flags = { 5, -7, 0x9876543210, true, BLUE, -3, 300 };
	struct packed packed = { 0x1234567890abcdef, 0x0fedcba987654321, -50 };

	say_bits(flags, low, "%u", flags.low);
	say_bits(flags, negative, "%d", flags.negative);
	say_bits(flags, wide, "%lu", (unsigned long)flags.wide);
	say_bits(flags, yes, "%s", flags.yes ? "true" : "false");
	say_bits(flags, colour, "BLUE (%d)", flags.colour);
	say_part(flags, "small", .small, "%d", flags.small);
	say_bits(flags, last, "%u", flags.last);
	say_bits(packed, first, "%lu", (unsigned long)packed.first);
	say_bits(packed, across, "%lu", (unsigned long)packed.across);
	say_bits(packed, behind, "%d", packed.behind);
	arrays(5);
	keep(flags);
	keep(packed);
}

/* The call that returns here was another one's: what called this did so by a jump. */
static noipa void jumped_to(long given)
{
	say_entry("given", "%ld", given);
	forget();
	bits();
	__asm__ volatile("");
}

static noipa void jumps(long given)
{
	jumped_to(given + 1000);
}

static noipa void pong(long given, int n);

/* The second time it is in the frame of the first call, and not called with what that says. */
static noipa void ping(long given, int n)
{
	if (n) {
		pong(given + 1, n - 1);
		return;
	}
	say_entry("given", "%ld", given);
	forget();
	jumps(11);
	__asm__ volatile("");
}

static noipa void pong(long given, int n)
{
	ping(given + 1, n - 1);
}

static noipa void members(void)
{
	static int calls = 3;
	struct mixed mixed = { .deep = { .one = { { 1, 2 }, { 3, 4 } }, .to = &inner_static },
			       .number = { .whole = 0x3f000000 },
			       .nameless = 5,
			       .inner = 'A',
			       .points = { { 6, 7 }, { 8, 9 } },
			       .table = { { 11, 12, 13 }, { 14, 15, 16 } },
			       .rows = { "abc", "def" },
			       .text = "text",
			       .function = members,
			       .sign = BELOW,
			       .ratio = 0.5 };

	say_part(mixed, "deep.one.from.y", .deep.one.from.y, "%d", mixed.deep.one.from.y);
	say_part(mixed, "deep.one.both[1]", .deep.one.both[1], "%d", mixed.deep.one.both[1]);
	say_part(mixed, "deep.to", .deep.to, "%p", (void *)mixed.deep.to);
	say_part(mixed, "number.fraction", .number.fraction, "%g", (double)mixed.number.fraction);
	say_part(mixed, "number.whole", .number.whole, "%d", mixed.number.whole);
	say_part(mixed, "nameless", .nameless, "%d", mixed.nameless);
	say_part(mixed, "inner", .inner, "%d", mixed.inner);
	say_part(mixed, "byte", .byte, "'%c'", mixed.byte);
	say_part(mixed, "points[1].x", .points[1].x, "%d", mixed.points[1].x);
	say_part(mixed, "table[1][2]", .table[1][2], "%ld", mixed.table[1][2]);
	say_part(mixed, "table[1]", .table[1], "{%ld, 15, 16}", mixed.table[1][0]);
	say_part(mixed, "rows[1]", .rows[1], "\"%s\"", mixed.rows[1]);
	say_part(mixed, "text", .text, "%p \"text\"", (void *)mixed.text);
	say_part(mixed, "function", .function, "%p", (void *)mixed.function);
	say_part(mixed, "many[7]", .many[7], "%ld", mixed.many[7]);
	say_part(mixed, "sign", .sign, "BELOW (%d)", mixed.sign);
	say_part(mixed, "ratio", .ratio, "%g", mixed.ratio);
	say(calls, "%d", calls);
	ping(100, 2);
	keep(calls);
	keep(mixed);
}

/* Optimization leaves the first parameter out: nothing but the call tells of it. */
static __attribute__((noinline)) void left_out(long unused, int used)
{
	(void)unused;
	say_value("used", "-", "%d", used);
	members();
	__asm__ volatile("" : : "r"(used));
}

/* GLOBAL NAME ADDRESS SIZE, STATIC FUNCTION ..., OWN THREAD ... */
static void say_globals(void)
{
	printf("GLOBAL - global %p %zu\n", (void *)&global, sizeof(global));
	printf("GLOBAL - inner_static %p %zu\n", (void *)&inner_static, sizeof(inner_static));
	{
		static struct point calls = { 51, 52 };

		printf("GLOBAL say_globals calls %p %zu\n", (void *)&calls, sizeof(calls));
		keep(calls);
	}
}

static noipa void *run(void *arg)
{
	long passed = 4712;

	__asm__ volatile("" : "+r"(passed)); /* no constant */
	pthread_mutex_lock(&lock);
	own.x += arg != NULL;
	printf("OWN %ld own %p %zu {x = %d, y = 42}\n", syscall(SYS_gettid), (void *)&own, sizeof(own),
	       own.x);
	printf("OWN %ld own_too %p %zu %ld\n", syscall(SYS_gettid), (void *)&own_too, sizeof(own_too),
	       own_too);
	if (arg) {
		wait_for_end();
	} else {
		say_globals();
		printf("ENTRY %ld left_out unused - 4712\n", syscall(SYS_gettid));
		left_out(passed, 5);
		__asm__ volatile("" : : "r"(passed));
	}
	keep(own);
	keep(own_too);
	return NULL;
}

int main(int argc, char **argv)
{
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	pthread_t thread;

	if (library)
		*(void **)&wait_in_library = dlsym(library, "wait_in_library");
	pthread_barrier_init(&all_said, NULL, 2);
	pthread_create(&thread, NULL, run, "a thread");
	run(NULL);
	return 0;
}
