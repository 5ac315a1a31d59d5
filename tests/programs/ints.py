# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Makes ints by constructors of CPython that it exports, and says "int NAME ADDRESS" of
# each, NAME being what made it; then a large block, "bytes SIZE". Waits for two lines: before
# it begins, and while everything is alive. The first argument is the exit status.
import array
import os
import struct
import sys


def makers():
	# each must make a new object: none of the small ints that exist already
	large = bytearray(12345)
	yield "str", lambda: int("123456789" * 4)
	yield "str_hex", lambda: int("f" * 3000, 16)  # beyond what pymalloc serves
	yield "from_bytes", lambda: int.from_bytes(bytes(range(1, 30)), "little")
	yield "len", lambda: len(large)
	yield "id", lambda: id(large)
	yield "float", lambda: int(1e200)
	yield "ord", lambda: ord("\u20ac")
	yield "array", lambda: array.array("q", [1 << 40])[0]
	yield "unpack", lambda: struct.unpack("Q", b"12345678")[0]
	yield "stat", lambda: os.stat(sys.executable).st_mtime_ns


def main():
	work = list(makers())
	print("ready %d" % os.getpid(), flush=True)
	sys.stdin.readline()
	made = [(name, make()) for name, make in work]
	large = bytearray(10000000)
	for name, value in made:
		print("int %s %#x" % (name, id(value)))
	print("bytes %d" % len(large))
	print("done", flush=True)
	sys.stdin.readline()
	return int(sys.argv[1])


sys.exit(main())
