# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Ints that are kept, and what they are.

values.py: says "ready", waits for a line, makes ints in several threads at a time, large ones, and
some while signals are handled, says of each "int ADDRESS VALUE", then "last ADDRESS VALUE" of one after which the program does
nothing, and waits for another line.
"""
import math
import signal
import sys
import threading

N, THREADS = 2000, 4
kept = []


def work(number):
    mine = []
    for i in range(100000 * number, 100000 * number + N):
        small = i * 3 + 1000
        mine += [small, -small, small * small * small, -(10 ** 12 + i) // 10, (7 ** 40 + i) % 3 ** 30]
    mine += list(range(10 ** 12 + number, 10 ** 12 + number + 100))
    mine += [int(str(each * 7)) for each in mine[:100]]
    # a remainder gets its sign in place
    mine += [-(10 ** 12 + i) % -(2 ** 20 + 7) for i in range(100)]
    mine += [part for i in range(50) for part in divmod(-(10 ** 12 + i), -(2 ** 20 + 7))]
    mine += [part for i in range(50) for part in divmod(-(10 ** 30 + i), -(2 ** 70 + 7))]
    kept.append(mine)


if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)
if hasattr(sys, "setswitchinterval"):
    sys.setswitchinterval(1e-5)
print("ready", flush=True)
sys.stdin.readline()
threads = [threading.Thread(target=work, args=(i + 1,)) for i in range(THREADS)]
for each in threads:
    each.start()
for each in threads:
    each.join()
kept.append([10 ** 59 + 7, 10 ** 60 - 1, 10 ** 60, -(10 ** 60), 10 ** 61, 7 ** 1000, -(7 ** 2500), 10 ** 2000,
    -(10 ** 2300), 3 ** 20000, 2 ** 100000, 11 ** 5000 * 13 ** 5000])

# What is computed for long, with a handler of signals that makes ints in the middle of it.
handled = []
signal.signal(signal.SIGALRM, lambda *_: handled.append([i * 70001 for i in range(2, 7)]))
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
large, divisor = 7 ** 20000, 3 ** 37000
kept.append([-(large * divisor * (i + 1)) // divisor for i in range(6)])
kept.append([-(large * (i + 1)) * divisor for i in range(3)])
signal.setitimer(signal.ITIMER_REAL, 0)
# of few digits by many: in parts
kept.append([7 ** 300 * (3 ** 12000 + i) for i in range(4)])
kept.append([math.gcd(7 ** 40 + i, 0) for i in range(50)])
said = "".join("int %#x %d\n" % (id(each), each) for some in kept for each in some)
sys.stdout.write(said)
last = [int("71828182845")]
sys.stdout.write("last %#x 71828182845\n" % id(last[0]))
sys.stdout.flush()
sys.stdin.readline()
