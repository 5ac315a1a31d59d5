# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""deep.py - blocks of the C library's malloc, made below so many Python frames.

Reads "DEPTH BLOCKS" lines; answers with nanoseconds of its thread's CPU time a block,
which is one malloc and one free. Of "int N" with those an int takes: each is new, and
goes when the next comes.
"""
import sys
import time

START = 10 ** 6


def make(blocks):
    start = time.thread_time_ns()
    for _ in range(blocks):
        bytes(1000)
    return (time.thread_time_ns() - start) / blocks


def below(depth, blocks):
    return below(depth - 1, blocks) if depth > 2 else make(blocks)


def ints(n):
    start = time.thread_time_ns()
    for _ in range(START, START + n):
        pass
    return (time.thread_time_ns() - start) / n


print("ready", flush=True)
for line in sys.stdin:
    depth, blocks = line.split()
    blocks = int(blocks)
    if depth == "int":
        took = ints(blocks)
    elif depth == "1":
        # in this frame, the only one
        start = time.thread_time_ns()
        for _ in range(blocks):
            bytes(1000)
        took = (time.thread_time_ns() - start) / blocks
    else:
        took = below(int(depth) - 1, blocks)
    print(took, flush=True)
