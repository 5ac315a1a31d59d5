# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Blocks and ints made in subinterpreters, at lines and addresses that they say themselves.

interpreters.py FOLDER: says "ready", waits for a line, and starts them: one in the main
thread, and when that has ended two in threads of their own. Each writes NAME.said as
stacks.py does and NAME.ints, addresses, into the folder, says "done NAME", and waits for a
line until it ends. "none" when this CPython has no subinterpreters to offer.
"""
import os
import sys
import threading

SIZES = {"main": 50011, "first": 60011, "second": 70011}
GO = 3  # bytes of the line that is waited for

SCRIPT = """
import json, os, sys, threading

HEADER = 33  # of bytes, with the 0 behind it
said, kept, ints = [], [], []


def here(how):
    frame, frames = sys._getframe(1), []
    while frame:
        code = frame.f_code
        frames.append([getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno])
        frame = frame.f_back
    size = SIZE + 16 * len(said)
    said.append({"how": NAME + ": " + how, "size": size, "stack": frames})
    return size


def generator():
    while True:
        yield bytes(here("generator") - HEADER)


def deep(depth):
    if depth:
        return deep(depth - 1)
    return [bytes(here("recursion") - HEADER) for _ in "12"]


def worker():
    kept.append(deep(10))
    ints.extend([i * 7919 for i in range(1000, 1100)])


def work():
    blocks = generator()
    for _ in range(20):
        kept.append(next(blocks))
        kept.append(deep(3))
        ints.extend([1000 + i for i in range(1000, 1100)])
    sorted([2, 1], key=lambda x: kept.append(bytes(here("sort key") - HEADER)) or x)
    thread = threading.Thread(target=worker)
    thread.start()
    thread.join()


kept.append(bytes(here("module") - HEADER))
work()
with open(NAME + ".said", "w") as file:
    file.writelines(json.dumps(each) + "\\\\n" for each in said)
with open(NAME + ".ints", "w") as file:
    file.writelines("%#x\\\\n" % id(each) for each in ints)
os.write(1, b"done " + NAME.encode() + b"\\\\n")
os.read(0, GO)
""".replace("\\\\", "\\")


def interpreters():
    """A function that runs a script in an interpreter of its own."""
    try:
        import _interpreters as module
    except ImportError:
        try:
            import _xxsubinterpreters as module
        except ImportError:
            module = None
    if not module:
        try:
            import _testcapi
        except ImportError:
            return None
        return _testcapi.run_in_subinterp

    # an isolated one may have threads, and has a GIL of its own, from 3.12
    isolated = {"isolated": False} if (3, 9) <= sys.version_info < (3, 12) else {}

    def run(script):
        interpreter = module.create(**isolated)
        try:
            failed = module.run_string(interpreter, script)
        finally:
            module.destroy(interpreter)
        if failed:
            raise RuntimeError(failed)

    return run


run = interpreters()
if not run:
    print("none\nready", flush=True)
    sys.exit()
os.chdir(sys.argv[1])
print("ready", flush=True)
os.read(0, GO)


def start(name):
    run("NAME, SIZE, GO = %r, %d, %d\n" % (name, SIZES[name], GO) + SCRIPT)


start("main")
threads = [threading.Thread(target=start, args=(name,)) for name in ("first", "second")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("done all", flush=True)
os.read(0, GO)
