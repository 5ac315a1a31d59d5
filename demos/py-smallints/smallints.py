# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The first and the last of the ints that are there once and for all, and the one after."""
import sys

for number in -5, 256, 257:
    print("%d:\t%#x" % (number, id(int(str(number)))))
print("waiting", flush=True)
sys.stdin.readline()
