# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A recursion, ten deep and then almost as deep as it may be; each level makes an int."""
import sys


def my_rec_one(level, first="7"):
    frame = sys._getframe()
    made = int(first + "%05d" % level)
    if level > 0:
        return my_rec_one(level - 1, first) + (made > 0)
    addresses = []
    while frame.f_code is my_rec_one.__code__:
        addresses.append(id(frame))
        frame = frame.f_back
    del frame
    for n, address in enumerate(addresses):
        print("rec_%d:\t%#x\t%d" % (n, address, address))
    print("waiting", flush=True)
    sys.stdin.readline()
    return 0


my_rec_one(10)
print("--")
my_rec_one(sys.getrecursionlimit() - 30, "8")
