# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# mimalloc.py [thread]: fills mimalloc's heap (PYTHONMALLOC=mimalloc), says ready, and waits.
#
# On stderr is what sys._debugmallocstats() says of the heap of the main thread, which is the only
# one, then "counted"; the last of it counts. What is left in use is small, as large as a page,
# and larger than a segment of 32 MiB, with blocks given up in between. With
# "thread", another one gives up more of them after that, and lives on: they are on lists of
# their own until the main thread comes by.
import os
import signal
import sys
import threading

small = [object() for _ in range(20000)]
texts = ["text %d" % n * (n % 50) for n in range(30000)]
blobs = [bytes(n % 5000 + 600) for n in range(9000)]
large = [bytes((1 << power) + 1) for power in range(12, 27)]
del small[::2], texts[::3], blobs[::4]
sys.stdout.write("ready\n")
sys.stdout.flush()


def count():
	sys._debugmallocstats()
	sys.stderr.flush()
	os.write(2, b"counted\n")


# what a first call leaves behind is there when the second counts; a loop would have an iterator
count()
count()
if "thread" in sys.argv:
	def give_up():
		del texts[::2], blobs[::3]
		os.write(2, b"given up\n")
		signal.pause()

	threading.Thread(target=give_up, daemon=True).start()
signal.pause() # os.read would have a buffer
