# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Blocks and ints made in subinterpreters, at lines and addresses that they say themselves.

interpreters.py FOLDER: says "ready", waits for a line, and starts them: one in the main
thread, and when that has ended three in threads of their own, the last of which the main
thread has made. Each writes NAME.said as stacks.py does and NAME.ints, addresses, into the
folder, says "done NAME SIZE", its last block, and waits for a line until it ends. "hidden" is
true of a block where nothing tells in which interpreter the thread is. "none" when this
CPython has no subinterpreters to offer.
"""
import os
import sys
import threading

SIZES = {"main": 50011, "first": 60011, "second": 70011, "third": 80011}
GO = 3  # bytes of the line that is waited for

SCRIPT = """
import json, os, sys, threading

HEADER = 33  # of bytes, with the 0 behind it
said, kept, ints = [], [], []
try:
    import ctypes
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]
except ImportError:  # not every version's may be imported here
    libc = None


def here(how, hidden=False):
    frame, frames = sys._getframe(1), []
    while frame:
        code = frame.f_code
        frames.append([getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno])
        frame = frame.f_back
    size = SIZE + 16 * len(said)
    # before 3.10, only a thread's first state is known to be the one it is in
    hidden = hidden and sys.version_info < (3, 12) or sys.version_info < (3, 10) and \
        threading.current_thread() is threading.main_thread()
    said.append({"how": NAME + ": " + how, "size": size, "stack": frames, "hidden": hidden})
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
if libc:
    kept.append(libc.malloc(here("malloc without the GIL", hidden=True)))
with open(NAME + ".said", "w") as file:
    file.writelines(json.dumps(each) + "\\\\n" for each in said)
with open(NAME + ".ints", "w") as file:
    file.writelines("%#x\\\\n" % id(each) for each in ints)
os.write(1, b"done %s %d\\\\n" % (NAME.encode(), said[-1]["size"]))
os.read(0, GO)
""".replace("\\\\", "\\")


def interpreters():
    """Two functions: one makes an interpreter, the other runs a script in it and ends it."""
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
            return None, None
        return lambda: None, lambda interpreter, script: _testcapi.run_in_subinterp(script)
    # an isolated one may have threads, and has a GIL of its own, from 3.12
    isolated = {"isolated": False} if (3, 9) <= sys.version_info < (3, 12) else {}

    def run(interpreter, script):
        failed = module.run_string(interpreter, script)
        if failed:
            raise RuntimeError(failed)
        # 3.11 waits for ever when another thread has made it
        if interpreter is not elsewhere:
            module.destroy(interpreter)

    return lambda: module.create(**isolated), run


make, run = interpreters()
if not run:
    print("none\nready", flush=True)
    sys.exit()
elsewhere = 0
os.chdir(sys.argv[1])
print("ready", flush=True)
os.read(0, GO)


def start(name, interpreter=None):
    run(interpreter or make(), "NAME, SIZE, GO = %r, %d, %d\n" % (name, SIZES[name], GO) + SCRIPT)


start("main")
elsewhere = make()
threads = [threading.Thread(target=start, args=args) for args in
    (("first",), ("second",), ("third", elsewhere))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("done all", flush=True)
os.read(0, GO)
os._exit(0)
