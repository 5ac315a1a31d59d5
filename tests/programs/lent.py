# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Blocks made without the GIL while another thread runs a thread state that this one made.

lent.py FOLDER LIBRARY: says "ready", waits for a line, makes them, says "done", and waits for
a line until it ends. The main thread makes two interpreters: another thread borrows one of
them and is busy in it, and the main thread is without the GIL meanwhile, outside and inside of
the other one. Each of the three writes ROLE.said as stacks.py does and ROLE.ints, lines of an
address and where that int was made, into the folder. "hidden" is true of a block where nothing
tells in which interpreter the thread is. "none" when this CPython has no interpreters that can
be lent.
"""
import json
import os
import sys
import threading

HEADER = 33  # of bytes, with the 0 behind it
SIZES = {"lender": 90011, "inside": 100011, "borrower": 110011}
BLOCKS = 20
GO = 3  # bytes of the line that is waited for

role = globals().get("role", "lender")
folder, library = globals().get("given", sys.argv[1:])
said, kept, ints = [], [], []
try:
    import ctypes
    later = ctypes.CDLL(library).later
    later.restype = ctypes.c_void_p
    later.argtypes = [ctypes.c_uint, ctypes.c_size_t]
except ImportError:  # not every version's may be imported here
    later = None


def here(how, hidden=False):
    frame, frames = sys._getframe(1), []
    while frame:
        code = frame.f_code
        frames.append([getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno])
        frame = frame.f_back
    size = SIZES[role] + 16 * len(said)
    said.append({"how": role + ": " + how, "size": size, "stack": frames, "hidden": hidden})
    return size


def spin():
    for _ in (None,) * 50000:  # no ints
        pass


def without_gil():
    old = sys.version_info < (3, 12)
    for _ in range(BLOCKS if later else 0):
        kept.append(later(3000, here("without the GIL", hidden=old)))


def with_gil():
    # before 3.10, only a thread's first state is known to be the one it is in
    hidden = role != "lender" and sys.version_info < (3, 10)
    for i in range(BLOCKS):
        kept.append(bytes(here("with the GIL", hidden) - HEADER))
        kept.append(int("9" + str(i) * 4)); line = sys._getframe().f_lineno
        name = getattr(sys._getframe().f_code, "co_qualname", "with_gil")
        ints.append("%#x %s (%s:%d)\n" % (id(kept[-1]), name, os.path.basename(__file__), line))
        spin()


def end():
    with open(role + ".said", "w") as file:
        file.writelines(json.dumps(each) + "\n" for each in said)
    with open(role + ".ints", "w") as file:
        file.writelines(ints)


def interpreters():
    """Two functions: one makes an interpreter, the other runs this file in it, in a role."""
    try:
        import _interpreters as module
    except ImportError:
        try:
            import _xxsubinterpreters as module
        except ImportError:
            return None, None
    # an isolated one may have threads, and has a GIL of its own, from 3.12
    isolated = {"isolated": False} if (3, 9) <= sys.version_info < (3, 12) else {}

    def run(interpreter, name):
        script = "role = %r\ngiven = %r\n__file__ = %r\n" % (name, (folder, library), __file__)
        failed = module.run_string(interpreter, script +
            "exec(compile(open(__file__).read(), __file__, 'exec'))\n")
        if failed:
            raise RuntimeError(failed)

    return lambda: module.create(**isolated), run


def lend():
    make, run = interpreters()
    if not make:
        print("none\nready", flush=True)
        return
    os.chdir(folder)
    lent, other = make(), make()
    print("ready", flush=True)
    os.read(0, GO)
    thread = threading.Thread(target=run, args=(lent, "borrower"))
    thread.start()
    while thread.is_alive() and not os.path.exists("busy"):
        pass
    without_gil()
    with_gil()
    run(other, "inside")
    open("enough", "w").close()
    thread.join()
    end()
    print("done", flush=True)
    os.read(0, GO)
    os._exit(0)  # 3.11 waits for ever to end an interpreter that another thread has run


if role == "lender":
    lend()
elif role == "inside":
    without_gil()
    with_gil()
    end()
else:
    with_gil()
    open("busy", "w").close()
    while not os.path.exists("enough"):
        spin()
    end()
