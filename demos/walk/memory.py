# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Where are the variables being stored? An ordinary program, which prints the addresses."""
import threading


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


def p_mem(label, value):
    print(f"{label}\t{id(value):#x}", flush=True)


def numbers(text):
    return [int(word) for word in text.split()]


a, b, e = numbers("1 2 1")
x, y, z = numbers("1231231 1231232 1231233")
p_mem("a = 1", a)
p_mem("b = 2", b)
p_mem("e = 1 again", e)
p_mem("x = 1231231", x)
p_mem("y = 1231232", y)
p_mem("z = 1231233", z)

large = numbers("9" * 1400)[0]  # more than 512 bytes of digits: too large for pymalloc
p_mem("a number of 1400 digits", large)

page = bytes(bytearray(100_000))  # below malloc's mmap threshold
p_mem("100 kB of bytes", page)
image = bytes(bytearray(5_000_000))  # above it
p_mem("5 MB of bytes", image)


def worker():
    p_mem("100 kB made by a thread", bytes(bytearray(100_000)))


thread = threading.Thread(target=worker)
thread.start()
thread.join()
