# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The first and the last of the ints that are there once and for all, and the one after."""
import sys


def is_kept(number):
    return int(str(number)) is int(str(number))


first = next(number for number in range(0, -10000, -1) if not is_kept(number - 1))
last = next(number for number in range(10000) if not is_kept(number + 1))
for label, number in ("first", first), ("last", last), ("next", last + 1):
    print("%s:\t%#x\t%d" % (label, id(int(str(number))), number))
print("waiting", flush=True)
sys.stdin.readline()
