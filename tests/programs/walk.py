# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# walk.py FILE: writes where its frames and variables are, says ready, then on stderr what
# pymalloc has, and waits to be killed.
#
# A line of FILE is a JSON array: ["frame", tid, depth, function, file, line, id of the frame],
# ["variable", tid, depth, name, class, value or null, id, body or null], the same with "global" or
# "attribute", ["small", the greatest int there is once and for all], ["static", name, id],
# ["types", how many are no objects on the heap].
# All threads wait where they say they are. Runs on Python 3.6.
import array
import collections
import enum
import json
import os
import signal
import sys
import threading
import weakref

said = []
waiting = threading.Semaphore(0)
end = threading.Lock()
end.acquire()
big = 10 ** 40
counted = object()
times = [counted] * 1000
numbers = [12, 257, 12, -5, 256, 1231231, 1231231.5, 2 ** 31, -2 ** 70]


def tid():
	if hasattr(threading, "get_native_id"):
		return threading.get_native_id()
	return int(os.readlink("/proc/thread-self").rpartition("/")[2])


class Number(int):
	pass


class Text(str):
	pass


class Real(float):
	__slots__ = ()


class Data(bytes):
	pass


class Row(collections.namedtuple("Row", "x y")):
	pass


class Items(list):
	pass


class Color(enum.Enum):
	RED = 1
	BLUE = "blue"


class Code(enum.IntEnum):
	FOUND = 302


def value_of(x):
	"""As mwbpf puts it into words; None: not asked for."""
	named = {type(value_of), type(x for x in ()), type(value_of.__get__(1))}
	if isinstance(x, bool) or x in (None, Ellipsis, NotImplemented):
		return repr(x)
	if isinstance(x, weakref.ref):
		of = x()
		return "dead" if of is None else "to %s at %#x" % (type(of).__name__, id(of))
	if isinstance(x, enum.Enum):
		return "%s: %r" % (x.name, x.value)
	for base in (int, float, complex, str, bytes, range):
		if isinstance(x, base):
			return base.__repr__(x)
	if x is said: # grows
		return None
	if isinstance(x, (list, tuple, dict, set, frozenset)):
		return "%d item%s" % (len(x), "" if len(x) == 1 else "s")
	if type(x) in named:
		return x.__qualname__
	if isinstance(x, type) or type(x) in (type(len), type(os)):
		return x.__name__
	return None


def body_of(x):
	"""What there must be where mwbpf says that its items or bytes are; None: anything, or nothing."""
	if x is said: # grows
		return None
	if isinstance(x, list):
		return b"".join(id(each).to_bytes(8, "little") for each in x[:50]).hex()
	if isinstance(x, dict):
		return [id(each) for each in list(x)[:50]]
	if isinstance(x, (set, frozenset)) and len(x) > 8: # in a table that is no part of it
		return [id(each) for each in x]
	if isinstance(x, bytearray):
		return x.hex()
	if type(x).__name__ == "array":
		return x.tobytes().hex()
	return x.encode("latin-1").hex() if type(x) is Text and max(x) < "\u0100" else None


def say(kind, depth, name, x):
	said.append([kind, tid(), depth, name, type(x).__name__, value_of(x), id(x), body_of(x)])


def note(frame):
	"""Each frame of this thread from this one on, and what Python says of its locals."""
	depth = 0
	while frame:
		code = frame.f_code
		said.append(["frame", tid(), depth, getattr(code, "co_qualname", code.co_name),
			code.co_filename, frame.f_lineno, id(frame)])
		names = frame.f_locals
		for name in list(names):
			say("global" if names is frame.f_globals else "variable", depth, name,
				names[name])
		for name in getattr(names.get("self"), "fields", ()):
			say("attribute", depth, name, getattr(names["self"], name))
		frame = frame.f_back
		depth += 1


def note_statics():
	last = 0
	while int(str(last + 1)) is int(str(last + 1)):
		last += 1
	said.append(["small", last])
	types, new = set(), [object]
	while new:
		one = new.pop()
		if one not in types:
			types.add(one)
			new += type.__subclasses__(one)
	# Py_TPFLAGS_HEAPTYPE
	said.append(["types", len([each for each in types if not each.__flags__ & 1 << 9])])
	for x in (None, True, False, Ellipsis, NotImplemented):
		said.append(["static", repr(x), id(x)])


def others_wait():
	"""All other threads are in futex(2), done with whatever they freed on the way there."""
	own = str(tid())
	for task in os.listdir("/proc/self/task"):
		with open("/proc/self/task/%s/syscall" % task) as file:
			if task != own and not file.read().startswith("202 "):
				return False
	return True


def ready():
	while not others_wait():
		pass
	note_statics()
	with open(sys.argv[1], "w") as file:
		for each in said:
			print(json.dumps(each), file=file)
	print("ready", flush=True)


def stop(others=None):
	for _ in range(others or 0):
		waiting.acquire()
	note(sys._getframe())
	ready() or sys._debugmallocstats() or signal.pause() if others else waiting.release() or end.acquire()


class Point:
	fields = ("x", "y", "name")

	def __init__(self, x, y):
		self.x = x
		self.y = y
		self.name = "a point at %d" % x

	def method(self, n):
		again = self.x
		bound = self.method
		return values(n)


class Slots:
	__slots__ = ("left", "unset", "right")
	fields = ("left", "right")

	def __init__(self):
		self.left = "left"
		self.right = 2.5

	def method(self):
		return Point(1, 1231233).method(7)


class Late:
	"""Its attributes are in a dict that was asked for."""

	fields = ("here", "there")

	def __init__(self):
		self.here = 1
		self.__dict__["there"] = 12345678901

	def method(self):
		return Slots().method()


def values(n):
	a, b, c, d, e = numbers[:5]
	x, y, z, t = numbers[5:]
	nothing, yes, no, dots, never = None, True, False, Ellipsis, NotImplemented
	short, wide, wider, empty = "Hello", "Жук", "a\U0001f41c", ""
	lines, quotes, odds = "a\tb\n\x1b[31m\\d", "it's", "'\"\x85\udc80\xe9"
	some, bytes_ = b"some \x00\xff bytes", b""
	small, tiny, inf, whole, nan = 1e-5, -0.0, float("inf"), 1e16, 3.14e300
	cx, cy = complex(1, -2.5), complex(0, 3)
	list_, tuple_, dict_, set_, frozen = [1, 2], (1,), {}, {1, 2, 3}, frozenset((1,))
	numbered, text, span = Number(77), Text("of a class"), range(-1, 2000, 3)
	wide_text, real, data, row, items = Text("Ж"), Real(1.25), Data(b"of"), Row(1, 2), Items("abc")
	counts, bytes_long = array.array("l", [11, 22, 33]), bytearray(b"bytes of a bytearray")
	wide_set, row_set = set(range(1000, 1040)), {Row}
	weak, dead = weakref.ref(row_set), weakref.ref(Items())
	red, blue, found = Color.RED, Color.BLUE, Code.FOUND
	module, type_, builtin, local = os, Point, len, values
	odd, spaced = type("", (), {})(), type("two words", (), {})()
	kept = object()
	many = [kept] * 5
	huge = big
	hidden = 7
	return closures(kept, n)


def closures(first, second):
	inner, shared = 1000 + second, [second]

	def read():
		return first, inner

	def write(more):
		nonlocal shared
		shared = shared + [more, read]
		return suspended(more)

	return write(5)


def counter(n):
	for i in range(n):
		yield i + 1000


def suspended(more):
	paused = counter(3)
	third = next(paused)
	return list(generated(more))


def generated(more):
	twice = more * 2
	yield from deeper(twice)


def deeper(n):
	squares = [k * k * 1000 for k in range(3)]
	yield body(n)


def body(n):
	class Body:
		first = n * 100003
		second = "in a class"
		third = comprehended(n)
	return Body


def comprehended(n):
	odd = sorted([5, 3], key=lambda k: k if k != 3 else recursive(n, 3))
	return [each for each in odd]


def recursive(n, left, *args, option="one", **more):
	if left:
		return recursive(n, left - 1, left, n, option="two", more=n)
	return stop(2)


def worker(name):
	mine = [name] * 3
	point = Late()
	stop()


def unbound():
	early = 1
	del early
	stay = "still here"
	if not stay:
		never = 1
	stop()


for target, args in ((worker, ("Worker",)), (unbound, ())):
	threading.Thread(target=target, args=args, daemon=True).start()
Late().method()
