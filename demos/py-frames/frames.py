# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The same ints in a module and in two functions, of which one calls the other."""
import sys


def p_mem(label, value):
    print("%s:\t%#x\t%d" % (label, id(value), id(value)))


def two_stack_frame():
    a = 1
    e = 1
    x = 1231231
    t = 1231231
    for name, value in sorted(locals().items()):
        p_mem("two_stack_frame." + name, value)
    print("waiting", flush=True)
    sys.stdin.readline()


def one_stack_frame():
    a = 1
    b = 2
    x = 1231231
    for name, value in sorted(locals().items()):
        p_mem("one_stack_frame." + name, value)
    two_stack_frame()


a = 1
x = 1231231
p_mem("a", a)
p_mem("x", x)
one_stack_frame()
