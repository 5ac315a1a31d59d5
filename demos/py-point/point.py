# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A Point that says when it is deleted, and one that comes after it."""
import sys


class Point:
    def __init__(self, x, y):
        self._x = x
        self._y = y

    def __del__(self):
        print("__del__:\t%#x" % id(self))


p1 = Point(1, 32)
print("p1:\t%#x" % id(p1))
print("waiting", flush=True)
sys.stdin.readline()
alias = p1
del p1
print("waiting", flush=True)
sys.stdin.readline()
del alias
print("waiting", flush=True)
sys.stdin.readline()
p2 = Point(2, 33)
print("p2:\t%#x" % id(p2))
print("waiting", flush=True)
sys.stdin.readline()
