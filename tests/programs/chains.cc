// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* chains.cc - as chains.c, in C++: names that are mangled, and blocks made by new. */
#include <functional>
#include <string>
#include <vector>

#include "say.h"

#define NOINLINE __attribute__((noinline))

namespace shop {

struct Base {
	virtual ~Base() {}
	virtual void make(unsigned long size) = 0;
};

template <typename T> struct Maker : Base {
	T kept;
	NOINLINE void make(unsigned long size) override
	{
		BLOCK(size);
		made = new char[size + 1];
		made = nullptr;
	}
};

template <typename T, int N> NOINLINE void repeat(T &&what, unsigned long size)
{
	for (int i = 0; i < N; i++)
		what(size + i);
	made = nullptr;
}

class Shop {
	std::vector<std::string> names;

public:
	NOINLINE explicit Shop(unsigned long size) { BLOCK(size); }
	NOINLINE ~Shop() { BLOCK(51002); }
	NOINLINE Shop &operator+=(const std::string &name)
	{
		BLOCK(50000 + name.size());
		return *this;
	}
	static NOINLINE void work(Base &base, unsigned long size)
	{
		base.make(size);
		made = nullptr;
	}
};

} // namespace shop

namespace {

NOINLINE void hidden(unsigned long size)
{
	BLOCK(size);
}

} // namespace

int main()
{
	shop::Maker<std::vector<int>> maker;

	say_ready();
	{
		shop::Shop shop(51001);
		shop += "abc";
	}
	shop::Shop::work(maker, 52001);
	shop::repeat<void (*)(unsigned long), 2>(hidden, 53001);
	shop::repeat<std::function<void(unsigned long)>, 1>(
		[](unsigned long size) { BLOCK(size); }, 54001);
	printf("done\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
