#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""randomtrace.py SEED EVENTS: a trace in which everything happens that can happen to blocks:
addresses given out twice, frees of unknown blocks and of other threads' blocks, reallocs that
were overtaken, fail, end or begin a block, execs, calls without a stack or with an unknown one."""

import json
import random
import sys

KINDS = ("heap", "arena", "mmap-chunk")


def put(**fields):
	print(json.dumps(fields, separators=(",", ":")))


class Maker:
	def __init__(self, seed):
		self.random = random.Random(seed)
		self.blocks = {}
		self.now = 0

	def call(self, kind, pid, **fields):
		self.now += self.random.choice((0, 1, 50, 1000, 300000))
		event = {"type": kind, "ts_ns": self.now, "pid": pid, "tid": pid + self.random.randrange(3)}
		event.update(fields)
		if self.random.random() < .8:
			event["stack"] = self.random.randrange(1, 25)  # from 21 on there is no record
		if self.random.random() < .9:
			event["caller"] = hex(0x400000 + self.random.randrange(9))
		put(**event)

	def address(self):
		return hex(0x10000 + 16 * self.random.randrange(1, 400))

	def known(self, pid):
		mine = [addr for at, addr in self.blocks if at == pid]
		return self.random.choice(mine) if mine else None

	def made(self, pid, addr, size):
		fields = {"addr": addr, "size": size, "segment": KINDS[int(addr, 16) // 16 % 3]}
		if self.random.random() < .2:
			fields["reused"] = True
		self.blocks[pid, addr] = (size, self.now)
		return fields

	def free(self, pid):
		addr = self.known(pid)
		if addr and self.random.random() < .9:
			size, born = self.blocks.pop((pid, addr))
			self.call("free", pid, addr=addr, segment="heap", size=size, age_ns=self.now - born)
			return
		addr = self.address()
		if (pid, addr) not in self.blocks:
			why = self.random.choice(("unmatched", "internal"))
			self.call("free", pid, addr=addr, segment="heap", **{why: True})

	def realloc(self, pid):
		old, what = self.known(pid), self.random.random()
		fields = {}
		if what < .1:
			self.call("realloc", pid, addr=None, size=5, failed=True, old_addr=old or "0x10")
			return
		if old and what < .8:
			size, born = self.blocks.pop((pid, old))
			fields = {"old_addr": old, "old_size": size, "age_ns": self.now - born}
		elif old and what < .85:
			fields = {"old_addr": old}  # a younger one has its address by now
		if what > .95:
			self.call("realloc", pid, addr="0x0", size=0, **fields)
			return
		addr = old if old and self.random.random() < .4 and what < .8 else self.address()
		self.call("realloc", pid, **dict(self.made(pid, addr, self.random.randrange(3000)), **fields))

	def step(self):
		pid, what = self.random.choice((70, 80)), self.random.random()
		if what < .45:
			kind = self.random.choice(("malloc", "calloc", "memalign"))
			self.call(kind, pid, **self.made(pid, self.address(), self.random.randrange(5000)))
		elif what < .47:
			self.call("malloc", pid, addr=None, size=9, failed=True)
		elif what < .8:
			self.free(pid)
		elif what < .999:
			self.realloc(pid)
		else:
			put(type="exec", ts_ns=self.now, pid=pid, tid=pid, exe="/bin/x")
			self.blocks = {key: block for key, block in self.blocks.items() if key[0] != pid}


def main():
	maker = Maker(int(sys.argv[1]))
	put(type="header", ts_ns=0, targets=[{"pid": pid, "command": ["x"]} for pid in (70, 80)])
	for number in range(1, 21):
		put(type="stack", ts_ns=0, pid=70, id=number, frames=[{"lang": "python", "line": number,
			"function": "f%d" % number}] if number % 5 else [])
	for _ in range(int(sys.argv[2])):
		maker.step()
	put(type="summary", ts_ns=maker.now + 1000, reason="its end")


main()
