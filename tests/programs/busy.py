# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# busy.py: threads that never stand still, in frames whose variables go together.
import sys
import threading


class Pair:
	def __init__(self, left):
		self.left = left
		self.number = left * 1000003
		self.text = "left %d" % left
		self.pair = (left, self.number)

	def method(self):
		return [self.text for _ in range(3)]


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
		Pair(step % 1000).method()


def falling():
	while True:
		for depth in range(20):
			down(depth)


def stepping(left):
	number = left * 1000003
	text = "left %d" % left
	pair = (left, number)
	while True:
		yield number
		number = text = pair = None # none of them is of the left before
		left += 1
		number, text, pair = left * 1000003, "left %d" % left, (left, left * 1000003)


def suspending():
	kept = [stepping(n) for n in range(30)]
	for step in range(10 ** 12):
		next(kept[step % 30])
		kept[step * 7 % 30] = stepping(step % 100000)


for target in (counting, falling, falling, suspending):
	threading.Thread(target=target, daemon=True).start()
print("ready", flush=True)
sys.stdin.readline()
