# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Blocks of sizes that nothing else has, made at lines that this program says itself.

stacks.py FILE: says "ready", waits for a line, and makes them. FILE gets a line of JSON for
each: its size, the frames by sys._getframe(), innermost first, and how it was made. Says
"done" and waits for another line; then makes those of atexit, says "done again", and waits
for the signal that ends it. CPython 3.6 and later.
"""
import asyncio
import atexit
import contextlib
import ctypes
import functools
import gc
import itertools
import json
import os
import re
import signal
import sys
import threading
import weakref

FIRST, STEP = 40007, 16  # sizes that nothing else asks for
HEADER = 33  # of bytes, with the 0 behind it

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
if "t" in getattr(sys, "abiflags", ""):  # free-threaded: bytes are not made by malloc
    bytes, HEADER = libc.malloc, 0
pythonapi_malloc = ctypes.PyDLL(None).malloc
pythonapi_malloc.restype = ctypes.c_void_p
pythonapi_malloc.argtypes = [ctypes.c_size_t]

sizes = itertools.count(FIRST, STEP)
said = []
kept = []


def frames(frame):
    while frame:
        code = frame.f_code
        name = getattr(code, "co_qualname", code.co_name)
        yield [name, code.co_filename, frame.f_lineno]
        frame = frame.f_back


def here(how):
    """The next size, noted down with the stack of the caller, in whose line it must be used."""
    size = next(sizes)
    said.append({"how": how, "size": size, "stack": list(frames(sys._getframe(1)))})
    return size


def block(how):
    """For where nothing more than a call can be: made in this line, below the caller's."""
    kept.append(bytes(here(how) - HEADER))


# Calls


def nested():
    def inner():
        def innermost():
            kept.append(bytes(here("nested call") - HEADER))

        innermost()

    return inner(
    )


def many_lines(*args, **named):
    return (
        kept.append(
            bytes(here("call of many lines") - HEADER)
        ),
        [

            arg for arg in args
        ],
    )


def recursion(depth):
    if depth:
        return recursion(depth - 1)
    kept.append(bytes(here("recursion of %d" % 20) - HEADER))


def one(depth):
    return other(depth - 1) if depth else block("mutual recursion")


def other(depth):
    return one(depth - 1) if depth else block("mutual recursion")


def in_blocks():
    for _ in range(2):
        with contextlib.suppress(ZeroDivisionError):
            try:
                block("loop, with and try")
                1 / 0
            finally:
                block("finally")
    try:
        raise KeyError
    except KeyError:
        block("except")
    assert block("assert") is None, block
    return [block("list"), {block("dict"): block("dict")}, "%s" % block("string")]


def often(i):
    if i % 4000 == 3999:
        block("called often")
    return i


def hot():
    total = 0
    for i in range(12000):
        total += often(i) % 7
        if i % 5000 == 4999:
            kept.append(bytes(here("hot loop") - HEADER))


def calls():
    nested()
    many_lines(
        1,
        2,
        name=3,
    )
    recursion(20)
    one(7)
    in_blocks()
    hot()


# Generators and coroutines


def generator():
    for _ in range(2):
        got = yield bytes(here("generator") - HEADER)
        kept.append(got)


def delegating():
    yield from generator()
    yield from (bytes(here("generator expression") - HEADER) for _ in range(2))


@contextlib.contextmanager
def manager():
    block("entered")
    yield
    block("left")


def generators():
    kept.extend(generator())
    kept.extend(delegating())
    running = delegating()
    kept.append(next(running))
    kept.append(running.send(
        bytes(here("argument of send") - HEADER)))
    running.close()
    with manager():
        pass


class Waiting:
    def __await__(self):
        kept.append(bytes(here("__await__") - HEADER))
        yield


async def awaited(depth):
    if depth:
        await awaited(depth - 1)
    else:
        kept.append(bytes(here("coroutine") - HEADER))


async def agenerator():
    for _ in range(2):
        yield bytes(here("asynchronous generator") - HEADER)
        await asyncio.sleep(0)


class Acontext:
    async def __aenter__(self):
        block("__aenter__")

    async def __aexit__(self, *_):
        block("__aexit__")


async def coroutines():
    await awaited(3)
    async for each in agenerator():
        kept.append(each)
    kept.append([each async for each in agenerator()])
    async with Acontext():
        await asyncio.gather(awaited(1), awaited(2))
    asyncio.get_event_loop().call_soon(block, "call_soon")
    await asyncio.sleep(0)


def by_hand():
    coroutine = awaited(2)
    try:
        coroutine.send(None)
    except StopIteration:
        pass

    async def waits():
        await Waiting()

    coroutine = waits()
    coroutine.send(None)
    coroutine.close()


def asynchronous():
    by_hand()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(coroutines())
    loop.close()


# Classes and decorators


def decorator(function):
    @functools.wraps(function)
    def inner(*args):
        return function(
            *args
        )

    block("decorator")
    return inner


def with_argument(how):
    kept.append(bytes(here("decorator's argument") - HEADER))
    return decorator


class Meta(type):
    def __new__(mcs, name, bases, scope):
        block("metaclass")
        return super().__new__(mcs, name, bases, scope)

    def __call__(cls, *args):
        block("metaclass __call__")
        return super().__call__(*args)


class Descriptor:
    def __set_name__(self, owner, name):
        block("__set_name__")

    def __get__(self, instance, owner):
        return block("__get__")


def classes():
    class Body(metaclass=Meta):
        kept.append(bytes(here("class body") - HEADER))
        for _ in [1]:
            kept.append(bytes(here("loop in a class body") - HEADER))

        class Inner:
            kept.append([bytes(here("class body in one") - HEADER) for _ in [1]])

        described = Descriptor()

        def __init_subclass__(cls):
            block("__init_subclass__")

        def __init__(self):
            block("__init__")

        def method(self, argument=bytes(here("default argument") - HEADER)):
            block("method")

        @staticmethod
        @with_argument("argument")
        def static():
            block("static method")

        @classmethod
        def of_class(cls):
            block("class method")

        @property
        @decorator
        def attribute(self):
            block("property")

        def __call__(self):
            block("__call__")

        def __getattr__(self, name):
            block("__getattr__")

        def __getitem__(self, key):
            block("__getitem__")

        def __add__(self, other):
            block("__add__")

        def __lt__(self, other):
            block("__lt__")
            return False

        def __len__(self):
            return block("__len__") or 7

        def __hash__(self):
            return block("__hash__") or 7

        def __iter__(self):
            yield block("__iter__")

        def __str__(self):
            return block("__str__") or "str"

        def __del__(self):
            block("__del__")

    class Derived(Body):
        pass

    body = Derived()
    body.method(), Body.static(), body.of_class(), body.attribute, body.described, body()
    body.absent, body[1], body + 1, len(body), {body: 1}, list(body), str(body), [*body]
    sorted([body, body])
    "{}".format(body), "%s" % body, f"{body}"
    del body
    gc.collect()


def comprehensions():
    kept.append([bytes(here("list comprehension") - HEADER) for _ in range(2)])
    kept.append({_: bytes(here("dict comprehension") - HEADER) for _ in range(2)})
    kept.append({id(bytes(here("set comprehension") - HEADER)) for _ in range(2)})
    kept.append([
        [
            bytes(here("comprehension in one") - HEADER)
            for _ in "1"
        ] for _ in "12"
    ])
    kept.append((lambda: [bytes(here("comprehension in a lambda") - HEADER) for _ in "1"])())


# Code that is not in this file

SCOPE = {"here": here, "kept": kept, "block": block, "many": many_lines, "HEADER": HEADER,
    "bytes": bytes}
CODES = []  # kept: of a code object that is gone nobody can say the line


def execute(source, file, kind="exec"):
    CODES.append(compile(source, file, kind))
    return (exec if kind == "exec" else eval)(CODES[-1], SCOPE)


def executed():
    line = "kept.append(bytes(here('exec') - HEADER))"
    execute(line, "<string>")
    execute("\n" * 300 + line + "\n" * 5000 + line + "\nfor _ in '12': " + line, "/tmp/динамика-é.py")
    execute("def жук():\n\n\tclass Ёж:\n\t\tdef ß(self):\n\t\t\t" + line + "\n\tЁж().ß()\nжук()",
        "astral-\U0001f40d.py")
    execute("def long():\n" + "".join(" x = %d\n" % i for i in range(300)) + " " + line + "\nlong()", "")
    execute("(block('eval'),\n\nblock('eval'))", "quote\"and\\backslash", "eval")
    # lines that go down: the table's differences are negative
    execute("many(\n\n\n1,\n\n[\nblock('down')\n\n\n\nfor _ in '12'\n]\n)" + "\n" * 200 + "block('up')",
        "down")
    with open(os.path.join(os.path.dirname(sys.argv[1]), "stacks_module.py"), "w") as file:
        file.write("import stacks_main, sys\n\nstacks_main.block('import')\ncode = sys._getframe().f_code\n")
    sys.modules["stacks_main"] = sys.modules["__main__"]
    sys.path.insert(0, os.path.dirname(sys.argv[1]))
    sys.dont_write_bytecode = True
    __import__("stacks_module")


# C that calls Python


def on_trace(frame, event, argument):
    sys.settrace(None)
    block("trace function")


def c_callbacks():
    key = functools.cmp_to_key(lambda a, b: block("comparison") or a - b)
    sorted([2, 1], key=lambda x: kept.append(bytes(here("sort key") - HEADER)) or x)
    [2, 1].sort(key=key)
    min([1, 2], key=functools.partial(lambda how, x: block(how) or x, "partial"))
    functools.reduce(lambda a, b: block("reduce"), [1, 2, 3])
    list(map(block, ["map", "map"]))
    list(filter(lambda x: block("filter"), [1, 2]))
    list(iter(lambda: block("iter"), None))
    list(itertools.starmap(lambda x: block("starmap"), [(1,)]))
    re.sub("[ab]", lambda match: block("re.sub") or "x", "abc")
    json.loads("[{}]", object_hook=lambda x: block("object_hook"))
    json.dumps([Waiting()], default=lambda x: block("default"))
    functools.lru_cache(None)(lambda: block("lru_cache"))()
    functools.partial(functools.partial(nested))()
    weakref.ref(Waiting(), lambda _: block("weak reference"))
    call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(
        lambda a, b: block("ctypes callback") or 0)
    libc.qsort((ctypes.c_int * 2)(2, 1), 2, ctypes.sizeof(ctypes.c_int), call)
    signal.signal(signal.SIGUSR1, lambda *_: block("signal handler"))
    os.kill(os.getpid(), signal.SIGUSR1)
    for _ in range(100):
        pass
    sys.settrace(on_trace)
    nested()
    sys.settrace(None)


# Malloc called by C, with and without the GIL; threads


def c_calls():
    kept.append(libc.malloc(here("malloc without the GIL")))
    kept.append(pythonapi_malloc(here("malloc with the GIL")))


def worker(depth):
    if depth:
        return worker(depth - 1)
    block("thread")
    c_calls()


THREAD = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)


@THREAD
def native(argument):
    block("thread of C")
    kept.append(libc.malloc(here("malloc in a thread of C")))


def pthread(start, argument):
    thread = ctypes.c_ulong()
    libc.pthread_create(ctypes.byref(thread), None, start, ctypes.c_void_p(argument))
    libc.pthread_join(thread, None)


def no_python():
    """A thread that is not Python's calls malloc: it has no frames, whatever runs beside it."""
    size = next(sizes)
    said.append({"how": "malloc in a thread without Python", "size": size, "stack": []})
    pthread(libc.malloc, size)


def threads():
    many = [threading.Thread(target=worker, args=(depth,)) for depth in range(4)]
    for thread in many:
        thread.start()
    for thread in many:
        thread.join()
    pthread(native, 0)
    no_python()


def deep(depth):
    if depth:
        return deep(depth - 1)
    block("deep recursion")


def run():
    calls()
    generators()
    asynchronous()
    classes()
    comprehensions()
    executed()
    c_callbacks()
    c_calls()
    threads()
    deep(100)
    deep(300)


@atexit.register
def at_exit():
    block("atexit")
    done("done again")
    signal.pause()


def done(word):
    with open(sys.argv[1], "w") as out:
        out.writelines(json.dumps(each) + "\n" for each in said)
    print(word, flush=True)


print("ready", flush=True)
sys.stdin.readline()
run()
done("done")
sys.stdin.readline()
