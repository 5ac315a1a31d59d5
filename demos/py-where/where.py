# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Some data of different types, and where it is by the program's own account."""
import sys


class Point:
    def __init__(self, x, y):
        self._x = x
        self._y = y


def p_mem(label, value):
    print("%s:\t%#x\t%d" % (label, id(value), id(value)))


a = 12
b = 24
c = 1231231
hello = "Hello"
world = "World"
p1 = Point(1, 32)
for name in "a", "b", "c", "hello", "world", "p1":
    p_mem(name, globals()[name])
print("waiting", flush=True)
sys.stdin.readline()
