# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Ints by many means, exactly N by each, kept; their addresses are what this program says.

means.py FILE [WARM]: runs each means WARM times, says "ready", waits for a line, makes them in
ROUNDS rounds, says "done", waits for another line. FILE gets a line of JSON for each round of
each means: its name, whether the interpreter makes other ints on the way, the sizes of the
blocks that are made before and after it, which nothing else has, and the addresses and values of
its ints. CPython 3.6 and later; what a version does not have is left out.

Before the first round the interpreter's list of free ints is empty, before the others full,
where it has one.
"""
import array
import bisect
import ctypes
import datetime
import decimal
import gc
import io
import itertools
import json
import marshal
import math
import os
import pickle
import random
import re
import statistics
import struct
import sys
import threading
import time
import zlib

N, ROUNDS = 100, 3
FIRST, STEP = 200003, 16
block, HEADER = bytes, 33  # with the 0 behind it
if "t" in getattr(sys, "abiflags", ""):  # free-threaded: bytes are not made by malloc
    block, HEADER = ctypes.CDLL(None).malloc, 0
    block.argtypes, block.restype = [ctypes.c_size_t], None  # an address would be an int


class Sub(int):
    pass


# What the means work on is there before. All are larger than ints that exist once and for all.
END, LARGE_END = 70000 + N, (1 << 70) + 1 + N
ones = [70001 + 3 * i for i in range(N)]
twos = [90001 + 7 * i for i in range(N)]
pairs = list(zip(ones, twos))
by_small = [(each, 3 + i % 11) for i, each in enumerate(ones)]
large = [3 ** 90 + 5 ** 60 * i for i in range(N)]
by_large = list(zip(large, reversed(large)))
large_by_one = list(zip(large, ones))
large_by_small = [(each, 3 + i % 11) for i, each in enumerate(large)]
for_divmod = [(a * b + 50000, b) for a, b in large_by_one[: N // 2]]
negative = [-each for each in ones]
above = [(each, 1 << 20) for each in ones]
below = [(each, (1 << 17) - 1) for each in ones]
modulus = 3 ** 50
doubles = [each + 0.25 for each in ones]
texts = [str(each) for each in ones]
long_texts = [str(each) for each in large]
raw = [b"%d" % each for each in ones]
subs = [Sub(each) for each in ones]
decimals = [decimal.Decimal(each) for each in ones]
longs = [ctypes.c_longlong(each) for each in ones]
means_of = [[each, each + 2] for each in ones]
letters = "a" * 5000 + "b"
bytes_of_it = bytearray(b"a" * 5000 + b"b")
nothing = [None] * 3000 + [True]
rising = list(range(5000))
packed = array.array("q", ones)
day = datetime.date(2020, 2, 3)
stream = io.BytesIO(bytes_of_it)
stream.seek(4000)
match = re.compile("b").search(letters)
wide = 1 << 5000
literals = "[" + ",".join(texts) + "]"
pickled, pickled_large = pickle.dumps(ones, 2), pickle.dumps(large, 2)
marshalled, marshalled_large = marshal.dumps(ones), marshal.dumps(large)


def times(make):
    return [make() for _ in itertools.repeat(None, N)]


def loop():
    made = []
    for each in range(70000, END):
        made.append(each)
    return made


def in_place():
    made, number = [], ones[0]
    for step in twos:
        number += step
        made.append(number)
    return made


# Whether a means makes its ints only, or others besides, which it drops; or none at all.
ONLY, MORE, NONE = "only", "more", "none"

MEANS = [
    ("literals", MORE, lambda: eval(literals)),
    ("a + b", ONLY, lambda: [a + b for a, b in pairs]),
    ("a + b, large", ONLY, lambda: [a + b for a, b in by_large]),
    ("a += b", ONLY, in_place),
    ("a - b", ONLY, lambda: [a - b for a, b in pairs]),
    ("a - b, large", ONLY, lambda: [a - b for a, b in large_by_one]),
    ("a * b", ONLY, lambda: [a * b for a, b in by_small]),
    ("a * b, large", ONLY, lambda: [a * b for a, b in by_large]),
    ("a // b", ONLY, lambda: [a // b for a, b in by_small]),
    ("a // b, large", MORE, lambda: [a // b for a, b in large_by_one]),
    ("a % b", ONLY, lambda: [b % a for a, b in pairs]),
    ("divmod", MORE, lambda: [each for a, b in for_divmod for each in divmod(a, b)]),
    ("a ** b", MORE, lambda: [a ** b for a, b in by_small]),
    ("pow(a, b, c)", MORE, lambda: [pow(a, b, modulus) for a, b in by_small]),
    ("a << b", ONLY, lambda: [a << b for a, b in by_small]),
    ("a >> b", ONLY, lambda: [a >> b for a, b in large_by_small]),
    ("a & b", ONLY, lambda: [a & b for a, b in below]),
    ("a | b", ONLY, lambda: [a | b for a, b in pairs]),
    ("a ^ b", ONLY, lambda: [a ^ b for a, b in above]),
    ("-a", ONLY, lambda: [-a for a in ones]),
    ("~a", ONLY, lambda: [~a for a in ones]),
    ("abs", ONLY, lambda: [abs(a) for a in negative]),
    ("range", ONLY, loop),
    ("list(range)", ONLY, lambda: list(range(70000, END))),
    ("range, large", MORE, lambda: list(range(1 << 70, LARGE_END))[1:]),
    ("sum", ONLY, lambda: [sum(each) for each in pairs]),
    ("int(str)", ONLY, lambda: [int(each) for each in texts]),
    ("int(str), large", MORE, lambda: [int(each) for each in long_texts]),
    ("int(str, 16)", ONLY, lambda: [int(each, 16) for each in texts]),
    ("int(bytes)", ONLY, lambda: [int(each) for each in raw]),
    ("from_bytes", ONLY, lambda: times(lambda: int.from_bytes(b"12345", "little"))),
    ("len", ONLY, lambda: times(lambda: len(bytes_of_it))),
    ("hash", ONLY, lambda: [hash(each) for each in texts]),
    ("id", ONLY, lambda: [id(each) for each in texts]),
    ("enumerate", ONLY, lambda: [i for i, _ in enumerate(texts, 70000)]),
    ("str.find", ONLY, lambda: times(lambda: letters.find("b"))),
    ("list.index", ONLY, lambda: times(lambda: nothing.index(True))),
    ("bytes.count", ONLY, lambda: times(lambda: bytes_of_it.count(b"a"))),
    ("ord", ONLY, lambda: times(lambda: ord("\U0001f40d"))),
    ("bit_length", ONLY, lambda: times(wide.bit_length)),
    ("json", MORE, lambda: json.loads(literals)),
    ("pickle", ONLY, lambda: pickle.loads(pickled)),
    ("pickle, large", ONLY, lambda: pickle.loads(pickled_large)),
    ("marshal", ONLY, lambda: marshal.loads(marshalled)),
    ("marshal, large", ONLY, lambda: marshal.loads(marshalled_large)),
    ("struct", ONLY, lambda: list(struct.unpack("=100q", packed))),
    ("array", ONLY, lambda: list(packed)),
    ("memoryview", ONLY, lambda: memoryview(packed).tolist()),
    ("ctypes", ONLY, lambda: [each.value for each in longs]),
    ("addressof", ONLY, lambda: [ctypes.addressof(each) for each in longs]),
    ("getrandbits", ONLY, lambda: times(lambda: random.getrandbits(60))),
    ("randrange", MORE, lambda: times(lambda: random.randrange(1 << 40, 1 << 41))),
    ("time_ns", ONLY, lambda: times(time.time_ns)),
    ("int(float)", ONLY, lambda: [int(each) for each in doubles]),
    ("round", ONLY, lambda: [round(each) for each in doubles]),
    ("floor", ONLY, lambda: [math.floor(each) for each in doubles]),
    ("gcd", ONLY, lambda: [math.gcd(a, a) for a in ones]),
    ("factorial", ONLY, lambda: times(lambda: math.factorial(12))),
    ("int(Decimal)", ONLY, lambda: [int(each) for each in decimals]),
    ("statistics", MORE, lambda: [statistics.mean(each) for each in means_of]),
    ("itertools.count", ONLY, lambda: list(itertools.islice(itertools.count(70000), N))),
    ("bisect", ONLY, lambda: times(lambda: bisect.bisect(rising, 3000))),
    ("crc32", ONLY, lambda: [zlib.crc32(each) for each in raw]),
    ("toordinal", ONLY, lambda: times(day.toordinal)),
    ("tell", ONLY, lambda: times(stream.tell)),
    ("match.start", ONLY, lambda: times(match.start)),
    ("get_ident", ONLY, lambda: times(threading.get_ident)),
    ("os.stat", MORE, lambda: times(lambda: os.stat(os.__file__).st_size)),
    ("getsizeof", MORE, lambda: times(lambda: sys.getsizeof(bytes_of_it))),
    ("int(subclass)", ONLY, lambda: [int(each) for each in subs]),
    ("subclass + int", ONLY, lambda: [a + b for a, b in zip(subs, twos)]),
    ("subclass(int)", NONE, lambda: [Sub(each) for each in ones]),
]
if os.getpid() > 2000:
    MEANS.append(("getpid", ONLY, lambda: times(os.getpid)))
if "t" in getattr(sys, "abiflags", ""):  # constants are there once and for all
    MEANS = [means for means in MEANS if means[0] != "literals"]
if sys.version_info < (3, 7):
    MEANS = [means for means in MEANS if means[0] != "time_ns"]

rounds = [(name, others, make, FIRST + STEP * 2 * i) for i, (name, others, make) in
    enumerate(MEANS * ROUNDS)]
said = []


def run(begin, end, make):
    kept.append(block(begin))
    made = make()
    kept.append(block(end))
    return made


for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 0):
    for means in MEANS:
        means[2]()
if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)
print("ready", flush=True)
sys.stdin.readline()
kept = []
gc.disable()
for number, (name, others, make, size) in enumerate(rounds):
    begin, end = size - HEADER, size + STEP - HEADER
    spare = list(range(70000, 71000))
    if number >= len(MEANS):
        del spare
    made = run(begin, end, make)
    assert len({id(each) for each in made}) == N and all(isinstance(each, int) for each in made), name
    assert all(type(each) is (Sub if others == NONE else int) for each in made), name
    assert not any(-10 < each < 2000 for each in made), name
    kept.append(made)
    said.append((name, others, size, made))
with open(sys.argv[1], "w") as out:
    for name, others, size, made in said:
        out.write(json.dumps({"means": name, "others": others, "begin": size, "end": size + STEP,
            "addresses": ["%#x" % id(each) for each in made],
            "values": [int.__str__(each) for each in made]}) + "\n")
print("done", flush=True)
sys.stdin.readline()
