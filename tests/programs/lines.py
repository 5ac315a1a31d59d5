# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Blocks of sizes that nothing else has, made at lines this program knows."""
import ctypes
import sys
import threading

kept = []
MORE = 1  # bytes that a bytearray has
if "t" in getattr(sys, "abiflags", ""):  # free-threaded: none are made by malloc
    bytearray, MORE = ctypes.CDLL(None).malloc, 0
    bytearray.argtypes, bytearray.restype = [ctypes.c_size_t], None


def here(label, size):
    """The caller's function and line, as the interpreter says."""
    frame = sys._getframe(1)
    code = frame.f_code
    name = getattr(code, "co_qualname", code.co_name)
    print("at %d %s (lines.py:%d)" % (size, name, frame.f_lineno), flush=True)
    return size - MORE


def plain():
    kept.append(bytearray(here("plain", 30011)))


class Kind:
    def method(self):
        kept.append(bytearray(here("method", 30022)))

    @staticmethod
    def static():
        kept.append(bytearray(here("static", 30033)))


def generator():
    while True:
        yield bytearray(here("generator", 30044))


def deep(n):
    if n:
        return deep(n - 1)
    return bytearray(here("deep", 30055))


def across():
    # from Python through C (sorted) into Python
    sorted([2, 1], key=lambda x: kept.append(bytearray(here("lambda", 30066))) or x)


def worker():
    kept.append(bytearray(here("worker", 30077)))


async def coroutine():
    kept.append(bytearray(here("coroutine", 30088)))


# kept: of a code object that is gone nobody can say the line
made = compile("kept.append(bytearray(here('exec', 30099)))", "lines.py", "exec")


def run():
    plain()
    Kind().method()
    Kind.static()
    kept.append(next(generator()))
    kept.append(deep(40))
    across()
    thread = threading.Thread(target=worker)
    thread.start()
    thread.join()
    try:
        coroutine().send(None)
    except StopIteration:
        pass
    exec(made, globals())


print("ready", flush=True)
for line in sys.stdin:
    run()
    print("done", flush=True)
