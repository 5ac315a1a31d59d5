# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# busy.py: threads that never stand still, in frames whose variables go together.
import sys
import threading


def down(left):
	number = left * 1000003
	text = "left %d" % left
	pair = (left, number)
	if left:
		down(left - 1)
	return number, text, pair


def counting():
	attributes = {}
	for step in range(10 ** 12):
		last = step * 2
		attributes["key %d" % (step % 100)] = last
		attributes.pop("key %d" % (step * 7 % 100), None)


def falling():
	while True:
		for depth in range(20):
			down(depth)


for target in (counting, falling, falling):
	threading.Thread(target=target, daemon=True).start()
print("ready", flush=True)
sys.stdin.readline()
