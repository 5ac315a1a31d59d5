# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# census.py FILE: writes how many objects of some types it has, says ready, and waits.
#
# FILE has a JSON object: the name of a type -> how many there are. "exact" are those of types
# of its own; "collected" what the garbage collector says of types all of whose objects it has.
import gc
import os
import sys


class Plain:
	def __init__(self, n):
		self.n = n


class Slotted:
	__slots__ = ("n",)


class Kept(list):
	pass


class Named(str):
	pass


class Bare:
	__slots__ = ()


class Blob(bytes):
	"""Too large for pymalloc, and unknown to the garbage collector."""
	__slots__ = ()


class Large:
	__slots__ = tuple("slot%d" % n for n in range(100))


def count():
	"""No comprehension, which is a function more, and nothing global: 3.15 looks behind those."""
	found = dict.fromkeys(("function", "module", "property", "Plain", "staticmethod",
		"classmethod", "getset_descriptor", "Large", "type"), 0)
	for x in gc.get_objects():
		if type(x).__name__ in found:
			found[type(x).__name__] += 1
	return found


plain = [Plain(n) for n in range(777)]
slotted = [Slotted() for _ in range(333)]
kept = [Kept((1, 2, 3)) for _ in range(222)]
named = [Named("name %d" % n) for n in range(111)]
bare = [Bare() for _ in range(99)]
large = [Large() for _ in range(88)]
blobs = [Blob(b"x" * (700 + n)) for n in range(66)] + [Blob(300000) for _ in range(5)]
complexes = [complex(n, n) for n in range(1234)]
gone = [Plain(n) for n in range(5000)]
del gone
exact = {"Plain": 777, "Slotted": 333, "Kept": 222, "Named": 111, "Bare": 99, "Large": 88, "Blob": 71,
	"complex": 1234}
said = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
gc.collect()
gc.disable()
collected = count()
os.write(said, ("%r" % {"exact": exact, "collected": collected}).replace("'", '"').encode())
os.write(1, b"ready\n")
sys.stdin.readline()
