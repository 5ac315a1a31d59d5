#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""damage.py SEED FILE OUT: a copy of an ELF file that runs as before, its debug sections damaged."""
import random
import struct
import sys

seed, path, out = sys.argv[1:]
data = bytearray(open(path, "rb").read())
rng = random.Random(int(seed))
shoff, = struct.unpack_from("<Q", data, 0x28)
shnum, shstrndx = struct.unpack_from("<2xHH", data, 0x3a)
sections = [struct.unpack_from("<IIQQQQ", data, shoff + 64 * i) for i in range(shnum)]
names = sections[shstrndx][4]


def name(section):
	start = names + section[0]
	return bytes(data[start:data.index(0, start)])


debug = [section for section in sections if name(section).startswith(b".debug_") and section[5]]
for _ in range(rng.choice((1, 5, 50, 500))):
	_, _, _, _, offset, size = rng.choice(debug)
	data[offset + rng.randrange(size)] = rng.choice((0, 1, 0x7f, 0x80, 0xff, rng.randrange(256)))
open(out, "wb").write(data)
