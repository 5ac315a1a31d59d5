# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A recursion, ten deep, almost as deep as it may be, and deeper; each level makes an int."""
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


print("waiting", flush=True)
sys.stdin.readline()
limit = sys.getrecursionlimit()
my_rec_one(10)
print("--")
my_rec_one(limit - 30, "8")
try:
    my_rec_one(2 * limit, "9")
except RecursionError:
    traceback = sys.exc_info()[2]
levels = 0
while traceback:
    levels += 1
    traceback = traceback.tb_next
print("limit:\t%d\t%d" % (limit, levels))
