# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""manytables.py: writes into the interpreter's data, where nothing else is, pointers to tables
of pymalloc's arenas that it makes up, each longer than the one before. All their arenas are
one and the same. Prints "ready" with how many it made."""
import ctypes
import mmap
import struct
import sys

ARENAS = 262144
OBJECT = struct.Struct("<QQIIQQQ")  # struct arena_object, Objects/obmalloc.c
POOL = 16384


def word(addr):
	return ctypes.c_uint64.from_address(addr).value


def a_pool():
	kept = [object() for _ in range(100000)]
	for one in kept:
		pool = id(one) & -POOL
		index = ctypes.c_uint32.from_address(pool + 32).value
		if index < 16:
			return pool, kept
	sys.exit("no pool of the first arenas")


def free_words():
	"""Behind the last variable of the interpreter's file, up to the end of the page."""
	exe = last = None
	for line in open("/proc/self/maps"):
		part = line.split()
		start, end = (int(x, 16) for x in part[0].split("-"))
		if len(part) > 5 and part[5] == sys.executable_file:
			exe = end
		elif exe == start and "w" in part[1] and len(part) == 5:
			exe = last = end
	at = last
	while not word(at - 8) and last - at < 4096:
		at -= 8
	return range(at, last, 8)


sys.executable_file = __import__("os").path.realpath("/proc/self/exe")
pool, kept = a_pool()
table = mmap.mmap(-1, ARENAS * OBJECT.size)
table[:] = OBJECT.pack(pool, pool + 64 * POOL, 0, 64, 0, 0, 0) * ARENAS
base = ctypes.addressof(ctypes.c_char.from_buffer(table))
words = free_words()
for n, at in enumerate(words):
	ctypes.c_uint64.from_address(at).value = base + (len(words) - n) * OBJECT.size
print("ready", len(words), flush=True)
sys.stdin.readline()
