# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A factorial whose calls in tail position become turns of a loop."""
import sys


class Again(Exception):
    def __init__(self, *args, **kwargs):
        self.call = args, kwargs


def recurse(*args, **kwargs):
    raise Again(*args, **kwargs)


def tail_recursive(function):
    def loop(*args, **kwargs):
        while True:
            try:
                return function(*args, **kwargs)
            except Again as again:
                args, kwargs = again.call
    return loop


@tail_recursive
def factorial(n, accumulator=1):
    caller, own = id(sys._getframe(1)), id(sys._getframe())
    print("rec_%d:\t%#x\t%#x" % (n, caller, own))
    if n == 0:
        print("waiting", flush=True)
        sys.stdin.readline()
        return accumulator
    recurse(n - 1, accumulator=accumulator * n)


factorial(10)
