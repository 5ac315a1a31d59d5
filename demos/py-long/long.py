# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Ints from text, around the end of the small ones; all are kept."""
import sys

kept = [int(text) for text in "1 255 256 257 258 1231231".split()]
for number in kept:
    print("%d:\t%#x" % (number, id(number)))
print("waiting", flush=True)
sys.stdin.readline()
