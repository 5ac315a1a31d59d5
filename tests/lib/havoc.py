#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""havoc.py PID SEED WALK: damage the memory of a stopped process where a walk has been.

Words in and behind frames, objects, slots, thread states and arenas become 0, small, large,
addresses of the same or of other things.
"""
import json
import random
import re
import struct
import sys

pid, seed, path = sys.argv[1:]
rng = random.Random(int(seed))
addresses = []
with open(path) as file:
	for line in file:
		record = json.loads(line)
		if record["type"] in ("frame", "suspended_frame", "variable", "python_thread", "arena", "small_ints"):
			addresses += [int(value, 16) for key, value in record.items()
				if key in ("addr", "slot", "code", "tstate", "table", "body")]
			# and what is in front of it, where the collector's links are
			if "generator" in record:
				addresses += [int(record["generator"]["addr"], 16) - front for front in (0, 16, 32)]
writable = []
with open("/proc/%s/maps" % pid) as file:
	for line in file:
		found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
		if found:
			writable.append((int(found.group(1), 16), int(found.group(2), 16)))


def can_write(address):
	return any(start <= address < end - 8 for start, end in writable)


def word(address):
	return rng.choice((0, 1, 2, 0xff, 2 ** 31, 2 ** 32 - 1, 2 ** 63, 2 ** 64 - 1,
		rng.getrandbits(64), address, address & ~0xfff, rng.choice(addresses),
		rng.choice(addresses) + rng.choice((1, 8, 16)), 2 ** 47 - 8))


with open("/proc/%s/mem" % pid, "r+b", buffering=0) as memory:
	for _ in range(rng.choice((1, 10, 100, 1000))):
		address = (rng.choice(addresses) & ~7) + 8 * rng.randrange(rng.choice((3, 8, 64)))
		if not can_write(address):
			continue
		memory.seek(address)
		memory.write(struct.pack("<Q", word(address)))
