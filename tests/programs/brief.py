# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Blocks made by code that is thrown away at once, in a program that ends at once.

brief.py return|_exit|kill: how it ends."""
import ctypes
import os
import signal
import sys

sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
kept = []
MORE = 1  # bytes that a bytearray has
if "t" in getattr(sys, "abiflags", ""):  # free-threaded: none are made by malloc
    bytearray, MORE = ctypes.CDLL(None).malloc, 0
    bytearray.argtypes, bytearray.restype = [ctypes.c_size_t], None


def here(size):
    """The caller's function and line, as the interpreter says."""
    frame = sys._getframe(1)
    code = frame.f_code
    name = getattr(code, "co_qualname", code.co_name)
    print("at %d %s (brief.py:%d)" % (size, name, frame.f_lineno), flush=True)
    return size - MORE


def thrown_away(name, size):
    """One of many functions of which nothing is left."""
    found = {"make": bytearray, "here": here, "kept": kept}
    exec(compile("\n\ndef %s():\n    kept.append(make(here(%d)))\n%s()\n" % (name, size, name),
                 "brief.py", "exec"), found)


kept.append(bytearray(here(30011)))
print("pid %d" % os.getpid(), flush=True)
sys.stdin.readline()
for number in range(20):
    thrown_away("other%d" % number, 20000 + number)
thrown_away("first", 30022)
thrown_away("é_ж", 30033)
thrown_away("long_" * 60, 30044)
exec(compile("\n" * 3000 + "kept.append(bytearray(here(30055)))", "brief.py", "exec"))
kept.append(bytearray(here(30066)))
if sys.argv[1] == "_exit":
    os._exit(0)
if sys.argv[1] == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
