# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Leaks at one line, holds a cache made at another, and makes and frees at a third.
import os
import sys

kept, cache = [], []


def leak(size):
    kept.append(bytearray(size))  # the leak


def hold(size):
    cache.append(bytearray(size))  # the cache


def churn(size):
    bytearray(size)  # freed at once


def main():
    hold(3000000)
    for _ in range(int(sys.argv[1])):
        leak(40000)
        for _ in range(3):
            churn(50000)
    hold(77776)  # the last
    print("ready", flush=True)
    sys.stdin.readline()
    os._exit(0)  # nothing is freed on the way out


main()
