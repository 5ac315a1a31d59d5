# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Ints made by arithmetic and kept; their addresses are what this program says of itself."""
import sys

OPERATIONS = [
    ("add", lambda i: i + 70000),
    ("subtract", lambda i: -i - 70000),
    ("multiply", lambda i: (i + 300) * 7919),
    ("divide", lambda i: (i + 70000) * 99 // 3),
    ("modulo", lambda i: (i + 70000) * 99 % 99999999),
    ("shift", lambda i: (i + 300) << 20),
    ("and", lambda i: (i + 70000) & 0xFFFFFFF),
    ("negate", lambda i: -(i + 70000)),
    ("large", lambda i: (i + 1) ** 40 + 2**64),
    ("parse", lambda i: int(str(i + 70000))),
    ("length", lambda i: len(b"x" * (i + 2000))),
]

print("ready", flush=True)
sys.stdin.readline()
kept = [(name, [make(i) for i in range(200)]) for name, make in OPERATIONS]
for name, made in kept:
    print("ints", name, *(hex(id(value)) for value in made))
print("done", flush=True)
sys.stdin.readline()
