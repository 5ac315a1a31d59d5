#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""forge.py FILE KEEP: leaves only the first KEEP sites in a file of the cache of int sites,
and makes its hash right again, as nobody but its owner could (user/probe/sitecache.c)."""
import struct
import sys

MASK = 2**64 - 1
HEAD, RECORD, N_AT, KEY_AT, CHECK_AT = 104, 32, 12, 16, 40


def siphash(key, data):
	"""SipHash-2-4: Aumasson and Bernstein, 2012."""
	k0, k1 = key
	v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

	def rotate(x, by):
		return (x << by | x >> 64 - by) & MASK

	def rounds(n):
		for _ in range(n):
			v[0] = v[0] + v[1] & MASK
			v[2] = v[2] + v[3] & MASK
			v[1], v[3] = rotate(v[1], 13) ^ v[0], rotate(v[3], 16) ^ v[2]
			v[0] = rotate(v[0], 32)
			v[2] = v[2] + v[1] & MASK
			v[0] = v[0] + v[3] & MASK
			v[1], v[3] = rotate(v[1], 17) ^ v[2], rotate(v[3], 21) ^ v[0]
			v[2] = rotate(v[2], 32)

	whole = len(data) - len(data) % 8
	words = list(struct.unpack("<%dQ" % (whole // 8), data[:whole]))
	words.append(int.from_bytes(data[whole:], "little") | (len(data) & 0xff) << 56)
	for word in words:
		v[3] ^= word
		rounds(2)
		v[0] ^= word
	v[2] ^= 0xff
	rounds(4)
	return v[0] ^ v[1] ^ v[2] ^ v[3]


def main():
	keep = int(sys.argv[2])
	with open(sys.argv[1], "rb") as file:
		data = bytearray(file.read())
	key = struct.unpack_from("<2Q", data, KEY_AT)
	(check,) = struct.unpack_from("<Q", data, CHECK_AT)
	struct.pack_into("<Q", data, CHECK_AT, 0)
	assert siphash(key, data) == check, "the file is laid out in another way"
	del data[HEAD + keep * RECORD:]
	struct.pack_into("<I", data, N_AT, keep)
	struct.pack_into("<Q", data, CHECK_AT, siphash(key, data))
	with open(sys.argv[1], "wb") as file:
		file.write(data)


main()
