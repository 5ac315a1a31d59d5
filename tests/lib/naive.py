#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""naive.py TRACE REPORT: what a trace amounts to, worked out the slow way from its lines, is
what the report (--format json) says: everything that is kept, looked at after every event."""

import json
import sys
from collections import defaultdict

MADE = ("malloc", "calloc", "memalign", "realloc")


class Site:
	def __init__(self):
		self.total, self.freed, self.live = [0, 0], [0, 0], [0, 0]
		self.at_peak, self.temporary = [0, 0], [0, 0]
		self.steps = []  # (time, live bytes since then)


def add(amount, size):
	amount[0] += size
	amount[1] += 1


def take(amount, size):
	amount[0] -= size
	amount[1] -= 1


class Trace:
	def __init__(self):
		self.blocks, self.sites, self.frames = {}, defaultdict(Site), {}
		self.made = defaultdict(int)  # allocations of each thread
		self.made_bytes, self.freed_by = defaultdict(int), defaultdict(lambda: [0, 0])
		self.live, self.peak, self.peak_ns = [0, 0], [0, 0], 0
		self.kinds = defaultdict(lambda: [0, 0])
		self.kinds_at_peak = {}
		self.sizes, self.lifetimes = defaultdict(int), []
		self.reused = self.moved = self.reallocs = self.copied = self.chain = 0
		self.end_ns = 0
		self.segments = {}
		self.program = defaultdict(int)  # what a process runs: another one after an exec

	def site_of(self, event):
		stack = event.get("stack", 0)
		if self.frames.get(stack) or "caller" not in event:
			return ("stack", stack if stack in self.frames else 0)
		return ("caller", event["pid"], self.program[event["pid"]], event["caller"])

	def step(self, key, now):
		self.sites[key].steps.append((now, self.sites[key].live[0]))

	def gone(self, pid, addr, now, freed, by=None, tid=None):
		block = self.blocks.pop((pid, addr))
		site = self.sites[block["site"]]
		for amount in (self.live, site.live, self.kinds[block["kind"]]):
			take(amount, block["size"])
		self.step(block["site"], now)
		if freed:
			add(site.freed, block["size"])
			add(self.freed_by[pid, tid], block["size"])
			self.lifetimes.append(now - block["born"])
			if by == "free" and self.made[block["thread"]] - block["birth"] <= 1:
				add(site.temporary, block["size"])
		return block

	def new(self, event, old):
		now, key = event["ts_ns"], self.site_of(event)
		at, size = (event["pid"], event["addr"]), event["size"]
		thread = (event["pid"], event["tid"])
		block = {"size": size, "born": now, "site": key, "kind": event["segment"],
			"thread": thread, "birth": self.made[thread], "chain": 0}
		if event["type"] == "realloc" and "old_addr" in event:
			block["chain"] = min(127, (old["chain"] if old else 0) + 1)
		if at in self.blocks:
			self.gone(*at, now, False)
		self.blocks[at] = block
		site = self.sites[key]
		for amount in (site.total, site.live, self.live, self.kinds[block["kind"]]):
			add(amount, size)
		self.step(key, now)
		self.sizes[size.bit_length()] += 1
		self.reused += event.get("reused", False)
		if old:
			self.count_realloc(event, old, block)
		if self.live[0] > self.peak[0]:
			self.peak, self.peak_ns = list(self.live), now
			for each in self.sites.values():
				each.at_peak = list(each.live)
			self.kinds_at_peak = {kind: list(each) for kind, each in self.kinds.items() if each[1]}

	def count_realloc(self, event, old, block):
		self.reallocs += 1
		self.chain = max(self.chain, block["chain"])
		if event["old_addr"] != event["addr"]:
			self.moved += 1
			self.copied += min(old["size"], event["size"])

	def event(self, event):
		kind, old = event["type"], None
		if kind in MADE and not event.get("failed") and event["addr"] != "0x0":
			self.made[event["pid"], event["tid"]] += 1
			self.made_bytes[event["pid"], event["tid"]] += event["size"]
		if kind == "free" and "size" in event:
			self.gone(event["pid"], event["addr"], event["ts_ns"], True, "free",
				event["tid"])
		if kind == "realloc" and "old_size" in event:
			old = self.gone(event["pid"], event["old_addr"], event["ts_ns"], True,
				tid=event["tid"])
		if kind in MADE and not event.get("failed") and event["addr"] != "0x0":
			self.new(event, old)
		if kind == "exec":
			for pid, addr in [each for each in self.blocks if each[0] == event["pid"]]:
				self.gone(pid, addr, event["ts_ns"], False)
			self.program[event["pid"]] += 1

	def read(self, path):
		for line in open(path, encoding="utf-8"):
			record = json.loads(line)
			self.end_ns = record["ts_ns"]
			if record["type"] == "stack":
				self.frames[record["id"]] = record["frames"]
			elif record["type"] == "segment":
				self.segments[record["id"]] = record
			elif record["type"] in MADE + ("free", "exec"):
				self.event(record)


def slope(steps, end):
	"""Least squares through the function itself, summed piece by piece."""
	pieces = [(a[0], b[0], a[1]) for a, b in zip(steps, steps[1:] + [(end, 0)]) if b[0] > a[0]]
	first, length = steps[0][0], (end - steps[0][0]) / 1e9
	middle = length / 2
	top = 0.0
	for start, stop, height in pieces:
		x, y = (start - first) / 1e9 - middle, (stop - first) / 1e9 - middle
		top += height * (y * y - x * x) / 2
	return top / (length ** 3 / 12)


faults = []


def same(what, got, wanted):
	if got != wanted:
		faults.append("%s: %r, not %r" % (what, got, wanted))


def amount(each):
	return [each["bytes"], each["blocks"]]


def compare_sites(trace, report):
	"""Stacks have their ids; sites of callers are compared as a set, their names are not here."""
	wanted = sorted((site.live + site.total + site.freed + site.at_peak + site.temporary,
		key[1] if key[0] == "stack" else -1) for key, site in trace.sites.items())
	got = sorted((sum((amount(each[key]) for key in
		("live", "total", "freed", "at_peak", "temporary")), []),
		each["stack"] if each["stack"] < 1 << 31 else -1) for each in report["sites"])
	same("number of sites", len(got), len(wanted))
	for have, want in zip(got, wanted):
		same("a site", have, want)
	for each in report["sites"]:
		site = trace.sites.get(("stack", each["stack"]))
		if not site or each["bytes_per_second"] is None:
			continue
		want = slope(site.steps, trace.end_ns)
		if abs(want - each["bytes_per_second"]) > max(1, abs(want) * 1e-6):
			faults.append("slope of %d: %r, not %r" % (each["stack"], each["bytes_per_second"], want))


def heap_of(trace, heap):
	"""Page by page: what is free above the last block, and below it."""
	start, end = int(heap["start"], 16), int(heap["end"], 16)
	blocks = [(int(addr, 16), block["size"]) for (pid, addr), block in trace.blocks.items()
		if pid == heap["pid"] and start <= int(addr, 16) < end]
	used = set()
	for addr, size in blocks:
		used.update(range(max(start, addr - 16) // 4096, (max(addr + size, addr - 15) - 1) // 4096 + 1))
	top = max(used, default=start // 4096 - 1) + 1
	pin = max(blocks, key=lambda each: sum(each), default=(None, None))
	return {"segment": heap["kind"], "start": heap["start"], "end": heap["end"],
		"live": [sum(size for _, size in blocks), len(blocks)], "above": end - top * 4096,
		"holes": (top - start // 4096 - len(used)) * 4096, "pin": pin[0] and hex(pin[0])}


def compare_heaps(trace, report):
	wanted = [heap_of(trace, each) for each in trace.segments.values() if "end_ts_ns" not in each and
		each["kind"] in ("heap", "arena") and each["perms"][1] == "w"]
	got = [{"segment": each["segment"], "start": each["start"], "end": each["end"],
		"live": amount(each["live"]), "above": each["above_pin"], "holes": each["holes"],
		"pin": each["pin"] and each["pin"]["addr"]} for each in report["heaps"]]
	order = lambda each: int(each["start"], 16)
	same("heaps", sorted(got, key=order), sorted(wanted, key=order))


def compare_threads(trace, report):
	for each in report["threads"]:
		key = each["pid"], each["tid"]
		live = [block["size"] for block in trace.blocks.values() if block["thread"] == key]
		same("thread %d" % each["tid"], [amount(each["total"]), amount(each["freed"]),
			amount(each["live"])], [[trace.made_bytes[key], trace.made[key]], trace.freed_by[key],
			[sum(live), len(live)]])
	same("threads", sum(each["total"]["blocks"] for each in report["threads"]),
		sum(trace.made.values()))


def main():
	trace, report = Trace(), json.load(open(sys.argv[2], encoding="utf-8"))
	trace.read(sys.argv[1])
	same("in use", amount(report["in_use"]), trace.live)
	same("peak", amount(report["peak"]), trace.peak)
	same("peak_ns", report["peak_ns"], trace.peak_ns)
	same("by segment", {kind: amount(each) for kind, each in report["by_segment"].items()},
		{kind: each for kind, each in trace.kinds.items() if each[1]})
	same("by segment at the peak", {kind: amount(each) for kind, each in
		report["by_segment_at_peak"].items()}, trace.kinds_at_peak)
	compare_sites(trace, report)
	compare_heaps(trace, report)
	same("sizes", {each["from"].bit_length(): each["blocks"] for each in report["sizes"]
		if each["blocks"]}, dict(trace.sizes))
	same("lifetimes", sum(each["blocks"] for each in report["lifetimes"]), len(trace.lifetimes))
	for each in report["lifetimes"]:
		same("lifetimes from %d" % each["from"], each["blocks"], sum(each["from"] <= ns and
			(each["to"] is None or ns < each["to"]) for ns in trace.lifetimes))
	same("reuse", list(report["reuse"].values()), [trace.reused, trace.reallocs, trace.moved,
		trace.copied, trace.chain])
	moments = report["timeline"]
	sums = [sum(v for k, v in each.items() if k not in ("ts_ns", "rss")) for each in moments]
	same("most of the timeline", max(sums), trace.peak[0])
	same("end of the timeline", sums[-1], trace.live[0])
	same("order of the timeline", [each["ts_ns"] for each in moments],
		sorted(each["ts_ns"] for each in moments))
	if len(moments) > 500:
		faults.append("%d moments" % len(moments))
	compare_threads(trace, report)
	for fault in faults[:10]:
		print(fault, file=sys.stderr)
	return bool(faults)


if __name__ == "__main__":
	sys.exit(main())
