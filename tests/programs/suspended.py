# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# suspended.py FILE: writes what stands still in it, says ready, and waits to be killed.
#
# A line of FILE is a JSON array: ["generator", id, class, state, function, file, line, id of
# what it awaits or null, depth or null, id of its task or null], ["variable", id of the
# generator, name, class, value or null, id], ["behind", id of a generator, id of what is behind
# what it awaits], ["count", how many there are]. Runs on Python 3.6.
import asyncio
import gc
import inspect
import json
import sys

said = []
kept = []


class Awaitable:
	"""Waits in a generator of its own, as libraries do that have no coroutines."""

	def __await__(self):
		own = pause()
		return (yield from own.__await__())


async def pause():
	await asyncio.sleep(3600)


def numbers(first, step):
	text = "number %d" % first
	pair = (first, step)
	while True:
		got = yield first * 1000
		first += step


def delegating(n):
	here = n * 1000003
	yield from numbers(n, 7)


def once_more(n):
	deep = [n] * 5
	inner = delegating
	yield from inner(n)


def holding(other):
	"""What is on its stack is a generator, which it does not wait for."""
	before = 2.5
	sum(((other, (yield 1))[1], 2))


def shared(n):
	cell = n * 11
	def read():
		return cell, free
	free = read
	yield read


def finished():
	yield 1


# too large for pymalloc
exec("def wide():\n\t%s\n\tyield" % "\n\t".join("local%d = %d" % (n, n * 1001) for n in range(80)))


async def numbered(n):
	label = "async %d" % n
	for i in range(n):
		yield i
		await asyncio.sleep(3600)


async def leaf(n):
	first, second = n * 1001, "leaf %d" % n
	await asyncio.sleep(3600)


async def branch(n):
	third = {n: "three"}
	await leaf(n)


async def iterating(source):
	async for each in source:
		doubled = each * 2000


async def waiting(task):
	other = "for a task"
	await task


async def by_hand():
	await Awaitable()


async def never():
	pass


def value_of(x):
	if type(x) in (int, float, str):
		return repr(x)
	if type(x) in (list, tuple, dict):
		return "%d item%s" % (len(x), "" if len(x) == 1 else "s")
	return None


# as inspect has them, by what the three kinds call them
FRAME = {"generator": "gi_frame", "coroutine": "cr_frame", "async_generator": "ag_frame"}
AWAITS = {"generator": "gi_yieldfrom", "coroutine": "cr_await", "async_generator": "ag_await"}
RUNNING = {"generator": "gi_running", "coroutine": "cr_running"}


def is_created(x):
	if inspect.iscoroutine(x):
		return inspect.getcoroutinestate(x) == inspect.CORO_CREATED
	return inspect.isgenerator(x) and inspect.getgeneratorstate(x) == inspect.GEN_CREATED


def is_suspended(x):
	kind = type(x).__name__
	# ag_running stays set while what an asynchronous generator awaits is waited for
	return kind in FRAME and bool(getattr(x, FRAME[kind])) and not (
		kind in RUNNING and getattr(x, RUNNING[kind]))


def describe(x, depth, task):
	kind = type(x).__name__
	frame = getattr(x, FRAME[kind])
	awaits = getattr(x, AWAITS[kind])
	state = "created" if is_created(x) else "suspended"
	said.append(["generator", id(x), kind, state, x.__qualname__, frame.f_code.co_filename,
		frame.f_lineno, None if awaits is None else id(awaits), depth, task and id(task)])
	names = frame.f_locals
	for name in list(names):
		said.append(["variable", id(x), name, type(names[name]).__name__,
			value_of(names[name]), id(names[name])])
	return awaits


def chain(x, task=None):
	"""x and what it waits for, the innermost first."""
	links = [x]
	while True:
		awaits = getattr(links[-1], AWAITS[type(links[-1]).__name__])
		if type(awaits).__name__ not in AWAITS:
			break
		links.append(awaits)
	# what stands for another one does not say for which
	known = type(awaits).__name__ in ("NoneType", "FutureIter")
	for depth, each in enumerate(reversed(links)):
		describe(each, depth if known else None, task if each is x else None)


def make_generators():
	for maker in (lambda: numbers(5, 3), lambda: delegating(6), lambda: once_more(7),
			lambda: shared(8), wide):
		kept.append(maker())
		next(kept[-1])
	kept.append(holding(numbers(1, 2)))
	next(kept[-1])
	kept.append(numbers(9, 9)) # not begun
	kept.append(never())
	done = finished()
	list(done)
	kept.append(done)
	for each in kept:
		if getattr(each, FRAME[type(each).__name__]):
			chain(each)


async def main():
	make_generators()
	loop = asyncio.get_event_loop()
	tasks = [loop.create_task(each) for each in (leaf(1), branch(2), iterating(numbered(3)),
		by_hand())]
	for _ in range(3):
		await asyncio.sleep(0)
	tasks.append(loop.create_task(waiting(tasks[0])))
	for _ in range(3):
		await asyncio.sleep(0)
	coroutines = [task.get_coro() if hasattr(task, "get_coro") else task._coro for task in tasks]
	for coroutine, task in zip(coroutines, tasks):
		chain(coroutine, task)
	by_hand_awaits = coroutines[3].cr_await
	said.append(["behind", id(by_hand_awaits), id(by_hand_awaits.gi_frame.f_locals["own"])])
	for coroutine, name in ((coroutines[2], "source"), (coroutines[4], "task")):
		said.append(["behind", id(coroutine), id(coroutine.cr_frame.f_locals[name])])
	gc.collect()
	gc.disable()
	said.append(["count", len([x for x in gc.get_objects() if is_suspended(x)])])
	with open(sys.argv[1], "w") as file:
		for each in said:
			print(json.dumps(each), file=file)
	print("ready", flush=True)
	sys.stdin.readline()


asyncio.get_event_loop().run_until_complete(main()) if sys.version_info < (3, 7) else \
	asyncio.run(main())
