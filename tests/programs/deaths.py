# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""deaths.py - code objects that die and are replaced at the same address.

Waits for a line on stdin. Says "made SIZE LINE CODE" for each block: made by one
instruction of a code object that no other has, on a line that no other has.
"""
import sys
import time
from collections import deque

alive = deque(maxlen=4)
print("ready", flush=True)
sys.stdin.readline()
for i in range(120):
    code = compile("\n" * i + "x = bytes(%d)\n" % (40000 + i), "made.py", "exec")
    print("made", 40033 + i, i + 1, id(code))
    exec(code, {})
    alive.append(code)
    del code
    time.sleep(0.004)
print("done", flush=True)
sys.stdin.readline()
