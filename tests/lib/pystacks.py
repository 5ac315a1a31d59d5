#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""pystacks.py FILE [sleep|spin|fork]: threads that say where they are, and stay there.

FILE gets "thread TID" and then, innermost first, the frames of each: function, file and line,
between tabs. Then "ready PID" is written to stdout. sleep: all threads sleep; spin: the main
thread runs with the GIL; fork: a child of the process with one thread sleeps. CPython 3.6 and
later. What a thread says and where it waits is one line, as a frame has one line at a time.
"""
import functools
import os
import sys
import threading
import time

OUT = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
MODE = sys.argv[2] if len(sys.argv) > 2 else "sleep"
LONG = 1000  # seconds; the test ends it
started = threading.Semaphore(0)


def say():
	frame = sys._getframe(1)
	lines = ["thread " + os.readlink("/proc/thread-self").split("/")[-1]]
	while frame:
		code = frame.f_code
		name = getattr(code, "co_qualname", code.co_name)
		lines.append("%s\t%s\t%d" % (name, code.co_filename, frame.f_lineno))
		frame = frame.f_back
	os.write(OUT, "".join(line + "\n" for line in lines).encode("utf-8", "surrogateescape"))


def ready():
	return b"ready %d\n" % os.getpid()


def stay():
	if MODE == "spin":
		return say(), os.write(1, ready()), any(iter(int, 1))
	return say(), os.write(1, ready()), time.sleep(LONG)


def decorator(function):
	@functools.wraps(function)
	def inner(*args):
		return function(
			*args
		)
	return inner


class C:
	def method(self, then):
		return [
			x for x in [1]
			if (lambda: self.fixed(then))()
		]

	@staticmethod
	def fixed(then):
		return sorted([1, 2], key=lambda x: C.of_class(then))

	@classmethod
	@decorator
	def of_class(cls, then):
		return cls().attribute(then)

	@property
	def attribute(self):
		return functools.partial(self.__call__, 1)

	def __call__(self, one, then):
		return list(map(self.generator, [then]))[0]

	def generator(self, then):
		def numbers():
			yield 1
			yield from more()

		def more():
			yield then()
		return list(numbers())


def recurse(depth, then):
	if depth:
		return recurse(depth - 1,
			then)
	return then()


def dynamic(name, file, then):
	"""A function of that name, of a file of that name, behind 300 empty lines."""
	scope = {"then": then}
	source = "\n" * 300 + "def %s():\n\treturn (then(\n\t))\n" % name
	exec(compile(source, file, "exec"), scope)
	return scope[name]()


async def coroutine(then):
	async def awaited():
		return then()
	return await awaited()


def run(then):
	try:
		coroutine(then).send(None)
	except StopIteration:
		pass


def all_of_it(then):
	c = C()
	recurse(50, lambda: c.method(
		lambda: dynamic("жук", "<динамика>", lambda: dynamic("f", "latin-\xe9\xff.py",
			lambda: dynamic("\U00020000", "astral-\U0001f40d.py", lambda: dynamic("_",
				"raw-\udcff\udc80.py", lambda: run(then)))))))


def wait():
	say(), started.release(), time.sleep(LONG)


def thread(target):
	threading.Thread(target=target, daemon=True).start()
	started.acquire()


def main():
	thread(wait)
	thread(lambda: all_of_it(wait))
	if MODE == "fork" and os.fork():
		os.wait()
		return
	if MODE == "fork":
		os.ftruncate(OUT, 0)
	all_of_it(stay)


main()
