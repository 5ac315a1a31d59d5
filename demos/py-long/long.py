# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Ints from text, around the last of the small ones; all are kept."""
import sys

print("waiting", flush=True)
sys.stdin.readline()
last = 256 if sys.version_info < (3, 15) else 1024
kept = [int(text) for text in map(str, (1, last - 1, last, last + 1, last + 2, 1231231))]
for number in kept:
    print("%d:\t%#x" % (number, id(number)))
print("waiting", flush=True)
sys.stdin.readline()
