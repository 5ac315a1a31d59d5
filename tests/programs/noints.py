# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Allocates all the time, from a hundred places, and never makes an int.
import itertools

source = "\n".join("def f%d(a, b):\n\treturn a + b" % i for i in range(100))
exec(compile(source, "hundred.py", "exec"))
functions = [globals()["f%d" % i] for i in range(100)]
left, right = b"l" * 700, b"r" * 700


def main():
	for _ in itertools.repeat(None):
		for f in functions:
			f(left, right)


print("ready", flush=True)
main()
