# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""mappings.py FILE: memory that others may share, mapped so and for itself alone. Says of each
the address and what it is, then "ready". FILE is made, and removed."""
import ctypes
import mmap
import os
import sys


def show(kind, fd, flags):
	memory = mmap.mmap(fd, 8192, flags=flags)
	memory[0] = 1
	kept.append(memory)
	print("%#x" % ctypes.addressof(ctypes.c_char.from_buffer(memory)), kind)


kept = []
nameless = os.memfd_create("nameless")
named = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
os.unlink(sys.argv[1])
for fd in nameless, named:
	os.ftruncate(fd, 8192)
zero = os.open("/dev/zero", os.O_RDWR)
for fd, private in (nameless, "file"), (named, "file"), (zero, "anon"):
	show(private, fd, mmap.MAP_PRIVATE)
	show("shared", fd, mmap.MAP_SHARED)
print("ready", flush=True)
sys.stdin.readline()
