# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Some small integers, and some that are not small."""
import sys


def p_mem(label, value):
    print("%s:\t%#x\t%d" % (label, id(value), id(value)))


a = 1
b = 2
c = 3
d = 5
e = 1
x = 1231231
y = 1231232
z = 1231233
t = 1231233
for name in "abcdexyzt":
    p_mem(name, globals()[name])
print("waiting", flush=True)
sys.stdin.readline()
