# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""work.py - what a Python program may do, once, and how long it took.

    work.py json|strings|ints|leak|nothing N

Prints "ready", waits for a line, does it N times, prints "took NANOSECONDS CPU", by the monotonic
clock and of its own CPU time, waits for another line, and ends. Under tracemalloc it says what that found.
"""
import json
import sys
import time
import tracemalloc

kept = []


def json_churn(n):
    rows = [{"id": i, "name": "user%d" % i, "tags": ["a", "b", str(i)], "score": i / 3}
            for i in range(100)]
    for _ in range(n):
        json.loads(json.dumps(rows))


def strings(n):
    for i in range(n):
        page = "".join("<li class=item>%d: %s</li>" % (j, "text " * 20) for j in range(20))
        page.replace("<", "&lt;").upper().split(":")
        page.encode().decode()


def ints(n):
    total = 0
    for _ in range(n):
        for i in range(1000, 3000):
            total += i * i
    return total


def leak(n):
    for i in range(n):
        kept.append(bytes(1000))  # leaks
        kept.append(bytearray(2000))  # leaks
        kept.append("x" * (3000 + i % 7))  # leaks


def nothing(n):
    pass


WORKS = {"json": json_churn, "strings": strings, "ints": ints, "leak": leak, "nothing": nothing}

work, count = WORKS[sys.argv[1]], int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
start, cpu = time.monotonic_ns(), time.process_time_ns()
work(count)
took, cpu = time.monotonic_ns() - start, time.process_time_ns() - cpu
if tracemalloc.is_tracing():
    for one in tracemalloc.take_snapshot().statistics("lineno")[:10]:
        print(one)
print("took", took, cpu, flush=True)
sys.stdin.readline()
