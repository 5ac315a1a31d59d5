# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""deep.py - blocks of the C library's malloc, made below so many Python frames.

Reads "DEPTH BLOCKS" lines; answers with nanoseconds of its thread's CPU time a block,
which is one malloc and one free.
"""
import sys
import time


def make(blocks):
    start = time.thread_time_ns()
    for _ in range(blocks):
        bytes(1000)
    return (time.thread_time_ns() - start) / blocks


def below(depth, blocks):
    return below(depth - 1, blocks) if depth > 2 else make(blocks)


print("ready", flush=True)
for line in sys.stdin:
    depth, blocks = map(int, line.split())
    print(below(depth - 1, blocks) if depth > 2 else make(blocks), flush=True)
