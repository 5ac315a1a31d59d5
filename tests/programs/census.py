# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# census.py FILE: writes how many objects of some types it has, says ready, and waits.
#
# FILE has a JSON object: the name of a type -> how many there are. "exact" are those of types
# of its own; "collected" what the garbage collector says of types all of whose objects it has;
# "bytes" those of the blocks of objects that are in one piece, where pymalloc adds nothing.
import gc
import os
import sys


UNIT = 16


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
bytes_ = {}
if not (hasattr(sys, "gettotalrefcount") or "PYTHONMALLOC" in os.environ or "t" in sys.abiflags):
	# from 3.13 on the values of a Plain are in its block, too, which Python does not say
	for some in (slotted, bare, complexes) + ((plain,) if sys.version_info < (3, 13) else ()):
		# as blocks of pymalloc are: a multiple of 16 bytes (8 before 3.7.4, here never)
		bytes_[type(some[0]).__name__] = sum(-sys.getsizeof(x) // UNIT * -UNIT for x in some)
said = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
gc.collect()
gc.disable()
collected = count()
os.write(said, ("%r" % {"exact": exact, "collected": collected,
	"bytes": bytes_}).replace("'", '"').encode())
os.write(1, b"ready\n")
sys.stdin.readline()
