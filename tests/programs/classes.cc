// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * classes.cc - objects of C++ that say where they are, in the words of members.c; then it waits
 * for input to end.
 */
#include <cstdio>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __clang__
#define noipa __attribute__((noinline))
#else
#define noipa __attribute__((noinline, noclone))
#endif
#define keep(name) __asm__ volatile("" : : "r"(&name) : "memory")
#define VAR(name, format, ...)                                                                \
	printf("VAR %ld %s %s %p %zu " format "\n", syscall(SYS_gettid), __func__, #name, \
	       (void *)&name, sizeof(name), __VA_ARGS__)
#define PART(name, path, part, format, ...)                                                     \
	printf("PART %ld %s %s %s %p %td %zu " format "\n", syscall(SYS_gettid), __func__, #name, path, \
	       (void *)&(name part), (char *)&(name part) - (char *)&name, sizeof(name part), __VA_ARGS__)

namespace space {
long in_a_space = 71;
static int in_a_space_too = 72;
}

struct Base {
	int base;
	static int shared;
};

int Base::shared = 73;

struct Top {
	virtual ~Top() = default;
	int top = 20;
};

struct Shared : virtual Top {
	int shared_one = 21;
	int shared_two = 22;
};

struct Left : virtual Shared {
	int left = 23;
};

struct Right : virtual Shared {
	int right = 24;
};

struct Both : Left, Right {
	int both = 25;
};

/* Objects that were not constructed: where their base is, is not said, or is wrong. */
union Raw {
	const long *table;
	Both both;
	Raw(const long *to) : table(to) {}
	~Raw() {}
};

class Derived : public Base {
	short hidden = 9;

public:
	bool flag = true;
	noipa int wait(const Base &other, int &&moved);
};

noipa int Derived::wait(const Base &other, int &&moved)
{
	const Base *place = &other;
	char byte = 'w';

	printf("VALUE %ld wait this - %p\n", syscall(SYS_gettid), (void *)this);
	printf("VALUE %ld wait other - %p\n", syscall(SYS_gettid), (const void *)&other);
	printf("VALUE %ld wait moved - %p\n", syscall(SYS_gettid), (void *)&moved);
	VAR(place, "%p", (const void *)place);
	printf("POINTS %ld wait place - derived objects\n", syscall(SYS_gettid));
	printf("POINTS %ld wait this - derived objects\n", syscall(SYS_gettid));
	keep(place);
	printf("ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	keep(place);
	keep(moved);
	return hidden + other.base;
}

noipa static int objects()
{
	Derived derived;
	Both both;
	Both two[2];
	static const long before[4] = { -8, -8, -8, -8 };
	Raw raw(nullptr), wrong(before + 4);
	int result;

	derived.base = 8;
	PART(derived, "base", .base, "%d", derived.base);
	PART(derived, "flag", .flag, "%s", "true");
	PART(both, "left", .left, "%d", both.left);
	PART(both, "right", .right, "%d", both.right);
	PART(both, "both", .both, "%d", both.both);
	PART(both, "shared_one", .shared_one, "%d", both.shared_one);
	PART(both, "top", .top, "%d", both.top);
	PART(both, "shared_two", .shared_two, "%d", both.shared_two);
	keep(raw);
	keep(wrong);
	two[1].shared_two = 26;
	PART(two, "[1].shared_two", [1].shared_two, "%d", two[1].shared_two);
	keep(both);
	keep(two);
	printf("GLOBAL - in_a_space %p %zu\n", (void *)&space::in_a_space, sizeof(long));
	printf("GLOBAL - in_a_space_too %p %zu\n", (void *)&space::in_a_space_too, sizeof(int));
	printf("GLOBAL - shared %p %zu\n", (void *)&Base::shared, sizeof(int));
	keep(derived);
	result = derived.wait(derived, 5);
	keep(derived);
	keep(both);
	keep(two);
	keep(raw);
	keep(wrong);
	return result;
}

int main()
{
	return objects() != 17;
}
