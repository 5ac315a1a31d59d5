#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""oracle.py CHECK TRACE...: compares a trace with what the program and the kernel say.

Every difference is a line on stderr; the exit status is 1 if there was one. The checks are
the functions at the end of this file. SAID is what a program of tests/programs printed,
MAPS a copy of /proc/PID/maps.
"""
import bisect
import json
import sys

MADE = ("malloc", "calloc", "realloc", "memalign")
HEAP_MAX = 64 << 20  # of glibc's thread arenas; each begins at a multiple of it
UPROBES = ("[uprobes]", "[uprobes-trampoline]")  # the kernel's own, until the next exec

wrong = 0


def complain(text):
	global wrong
	wrong += 1
	if wrong <= 20:
		print(text, file=sys.stderr)


def expect(good, text):
	if not good:
		complain(text)
	return good


def read_trace(path):
	with open(path) as file:
		return [json.loads(line) for line in file]


def said(path, word):
	"""The words behind this one of each line that begins with it."""
	with open(path) as file:
		return [line.split()[1:] for line in file if line.split()[:1] == [word]]


def number(text):
	return int(text, 16)


class Mapping:
	def __init__(self, line):
		words = line.split(None, 5)
		self.start, self.end = map(number, words[0].split("-"))
		self.perms = words[1]
		self.name = words[5].rstrip("\n") if len(words) > 5 else ""


class Maps:
	"""What the kernel says is where."""

	def __init__(self, lines):
		self.all = [Mapping(line) for line in lines]
		self.starts = [each.start for each in self.all]

	def find(self, addr):
		i = bisect.bisect_right(self.starts, addr) - 1
		return self.all[i] if i >= 0 and addr < self.all[i].end else None

	def is_arena(self, addr):
		"""A thread's arena: pages in use, then pages that may not be used, 64 MiB."""
		base = addr & -HEAP_MAX
		at = self.find(base)
		if not at or at.start != base or at.perms[:2] != "rw" or addr >= at.end:
			return False
		after = self.find(at.end)
		return at.end == base + HEAP_MAX or (
			after and after.perms == "---p" and after.end >= base + HEAP_MAX)

	def kind(self, addr):
		"""Of a block; None where the kernel alone cannot tell."""
		at = self.find(addr)
		if not at:
			return "none"
		if at.name in ("[heap]", "[stack]"):
			return at.name[1:-1]
		if at.name or at.perms != "rw-p":
			return None
		return "arena" if self.is_arena(addr) else "mmap-chunk"

	def ranges(self):
		return merged((each.start, each.end, each.perms)
			for each in self.all if each.name not in UPROBES)


def read_maps(path):
	with open(path) as file:
		return Maps(file.readlines())


def merged(ranges):
	out = []
	for start, end, perms in sorted(ranges):
		if out and out[-1][1] == start and out[-1][2] == perms:
			out[-1] = (out[-1][0], end, perms)
		else:
			out.append((start, end, perms))
	return out


class Space:
	"""A process's segments, as the segment records tell them one after the other."""

	def __init__(self, pid):
		self.pid = pid
		self.live = {}

	def take(self, record):
		if record["type"] != "segment" or record["pid"] != self.pid:
			return
		if "end_ts_ns" in record:
			expect(self.live.pop(record["id"], None), "segment %d ends twice" % record["id"])
		else:
			self.live[record["id"]] = record

	def find(self, addr):
		found = [each for each in self.live.values()
			if number(each["start"]) <= addr < number(each["end"])]
		expect(len(found) < 2, "%#x is in %d segments" % (addr, len(found)))
		return found[0] if found else None

	def kind(self, addr):
		found = self.find(addr)
		return found["kind"] if found else "none"

	def compare(self, maps, when):
		"""With the kernel's map: the same ranges, the same permissions."""
		mine = merged((number(each["start"]), number(each["end"]), each["perms"])
			for each in self.live.values() if each["name"] not in UPROBES)
		theirs = maps.ranges()
		for extra in sorted(set(mine) - set(theirs)):
			complain("%s: %#x-%#x %s is in no map" % ((when,) + extra))
		for missing in sorted(set(theirs) - set(mine)):
			complain("%s: %#x-%#x %s is missing" % ((when,) + missing))


def only_pid(trace):
	return trace[0]["targets"][0]["pid"]


def check_kinds(space, kinds, maps, when, named=True):
	"""kinds: words KIND ADDRESS [TID]. Not named: a file's name may be unknown."""
	for words in kinds:
		addr = number(words[1])
		segment = space.find(addr)
		mapping = maps.find(addr)
		kind = segment["kind"] if segment else "none"
		expect(kind == words[0], "%s: %s is %s, not %s (%s)" % (when, words[1], kind,
			words[0], mapping and "%#x-%#x %s %s" % (mapping.start, mapping.end,
			mapping.perms, mapping.name)))
		if not segment or not expect(mapping, "%s: %s is in a hole" % (when, words[1])):
			continue
		expect(segment["perms"] == mapping.perms, "%s: %s is %s, not %s" % (when, words[1],
			segment["perms"], mapping.perms))
		if len(words) > 2:
			expect(segment.get("tid") == int(words[2]), "%s: %s is the stack of %s, not %s" % (
				when, words[1], segment.get("tid"), words[2]))
		# shared anonymous memory is a file of the kernel's, which the call does not name
		if mapping.name.startswith("/") and not mapping.name.startswith("/dev/zero") and (
				named or segment["name"]):
			expect(segment["name"] == mapping.name, "%s: %s is of %s, not %s" % (when,
				words[1], segment["name"], mapping.name))


def count(trace):
	"""Blocks made, blocks ended and bytes, as valgrind counts, from the events alone."""
	allocs = frees = size = failed = 0
	for each in trace:
		if each["type"] in MADE:
			if each.get("failed"):
				failed += 1
				continue
			frees += "old_addr" in each
			if number(each["addr"]):
				allocs += 1
				size += each["size"]
		elif each["type"] == "free" and "internal" not in each:
			frees += 1
	return allocs, frees, size, failed


#
# Checks
#

def totals(path, allocs, frees, size, failed="-"):
	"""The summary's totals, and the same from the events, are exactly these."""
	trace = read_trace(path)
	summary = trace[-1]
	wanted = [int(each.replace(",", "")) if each != "-" else None
		for each in (allocs, frees, size, failed)]
	for name, got in (
			("summary", [summary[key] for key in ("allocs", "frees", "bytes_allocated", "failed")]),
			("events", list(count(trace)))):
		for what, is_, should in zip(("allocs", "frees", "bytes", "failed"), got, wanted):
			expect(should is None or is_ == should,
				"%s: %d %s, not %d" % (name, is_, what, should or 0))
	complete = summary["completeness"]
	for what in ("lost", "unmatched_frees", "superseded_blocks", "unkept_blocks", "malformed"):
		expect(complete[what] == 0, "%s: %d" % (what, complete[what]))


def after_exec(path, allocs, frees, size):
	"""Of the program behind the last exec, the events count exactly to these."""
	trace = read_trace(path)
	at = [i for i, each in enumerate(trace) if each["type"] == "exec"]
	if not expect(at, "there is no exec"):
		return
	before, after = trace[:at[-1]], trace[at[-1]:]
	wanted = tuple(int(each.replace(",", "")) for each in (allocs, frees, size))
	got = count(after)[:3]
	# calls before a new allocator is probed, some ms after it was mapped, are said to be missing
	said = [each["text"] for each in trace if each["type"] == "warning"]
	late = any("only from now on" in each for each in said)
	# on a loaded machine the program may have ended by then: that is said, too
	over = any("ended before the program that it executed could be searched" in each for each in said)
	missing = wanted[0] - got[0]
	expect(got == wanted or late and 0 < missing < 100 or over and missing >= 0,
		"behind the exec: %s allocs, frees, bytes, not %s" % (got, wanted))
	# the former allocator's probes take some ms to go: what the new one frees by it is said
	# to be internal, and counts for nothing
	unmatched = sum("unmatched" in each for each in after)
	expect(not unmatched or over or late and unmatched < 1000, "behind the exec: unmatched frees")
	# what the exec changes is announced in front of it, at the same time
	space = Space(only_pid(trace))
	for each in before:
		space.take(each)
	old = [each for each in space.live.values() if each["ts_ns"] < after[0]["ts_ns"]]
	expect(not old, "%d segments outlive the exec" % len(old))
	for each in after:
		space.take(each)
		if each["type"] in MADE and not each.get("failed") and number(each["addr"]):
			expect(each["segment"] in ("heap", "arena", "mmap-chunk"), "%s is in %s" % (each["addr"],
				each["segment"]))
			expect(each.get("map") in space.live, "%s is in a segment that is gone" % each["addr"])
	kinds = {each["kind"] for each in space.live.values()}
	expect({"text", "stack", "heap"} <= kinds, "behind the exec there is only %s" % sorted(kinds))


def blocks(path, said_path, maps_path):
	"""Each block the program holds is in exactly one event, in a segment of the right kind."""
	trace = read_trace(path)
	maps = read_maps(maps_path)
	pid = only_pid(trace)
	events = {}
	for each in trace:
		if each["type"] in MADE and not each.get("failed"):
			events.setdefault(each["addr"], []).append(each)
	lines = said(said_path, "block")
	expect(len(lines) > 200, "the program made only %d blocks" % len(lines))
	seen = {}
	for kind, addr, size, tid in lines:
		found = events.get(addr, [])
		if not expect(len(found) == 1, "%s %s is in %d events" % (kind, addr, len(found))):
			continue
		event = found[0]
		should = ("mmap-chunk" if int(size) >= 128 << 10 else
			"heap" if int(tid) == pid else "arena")
		seen[should] = seen.get(should, 0) + 1
		for what, is_, ought in (("type", event["type"], kind), ("size", event["size"], int(size)),
				("tid", event["tid"], int(tid)), ("pid", event["pid"], pid),
				("segment", event["segment"], should),
				("maps", maps.kind(number(addr)), should)):
			expect(is_ == ought, "%s %s: %s %s, not %s" % (kind, addr, what, is_, ought))
	expect(all(seen.get(kind, 0) > 8 for kind in ("heap", "arena", "mmap-chunk")), str(seen))


def show(path, said_path, maps_path):
	"""The segments there at the start are of the right kinds, and are the kernel's map."""
	trace = read_trace(path)
	space = Space(only_pid(trace))
	maps = read_maps(maps_path)
	for each in trace:
		if each["ts_ns"] == 0:
			space.take(each)
	kinds = said(said_path, "kind")
	expect(len(kinds) > 20, "the program showed only %d" % len(kinds))
	check_kinds(space, kinds, maps, "at the start")
	space.compare(maps, "at the start")


def live(path, said_path, maps_path):
	"""What is live at the end is of the right kinds, and is the kernel's map."""
	trace = read_trace(path)
	space = Space(only_pid(trace))
	maps = read_maps(maps_path)
	for each in trace:
		space.take(each)
	check_kinds(space, said(said_path, "kind"), maps, "at the end")
	space.compare(maps, "at the end")


def versions(path, said_path, maps_path, named=""):
	"""
	At each step, the segments up to its block are the kernel's map at that time. Which file
	was mapped may be unknown if another mapping has taken its place soon; with named, not.
	"""
	trace = read_trace(path)
	space = Space(only_pid(trace))
	steps = []
	with open(said_path) as file:
		for line in file:
			word, _, rest = line.rstrip("\n").partition(" ")
			if word == "step":
				steps.append((rest, [], []))
			elif word == "map":
				steps[-1][1].append(rest)
			elif word == "kind":
				steps[-1][2].append(rest.split())
	expect(steps and said(said_path, "done") == [[]], "the program did not come to its end")
	at = 0
	for each in trace:
		space.take(each)
		if each["type"] != "malloc" or at == len(steps) or each["size"] != 10000 + at:
			continue
		what, lines, kinds = steps[at]
		maps = Maps(lines)
		space.compare(maps, "step " + what)
		check_kinds(space, kinds, maps, "step " + what, named=bool(named))
		at += 1
	expect(at == len(steps), "only %d of %d steps are in the trace" % (at, len(steps)))
	space.compare(read_maps(maps_path), "at the end")


def deep(path, said_path, maps_path):
	"""sp and stack_used follow a recursion, on the main stack and on a thread's."""
	trace = read_trace(path)
	maps = read_maps(maps_path)
	main = [each for each in maps.all if each.name == "[stack]"][0]
	tid, end = said(said_path, "stack")[0]
	ends = {only_pid(trace): main.end, int(tid): number(end)}
	expect(maps.find(number(end) - 1).perms == "rw-p", "the thread's stack is not in the map")
	events = {each["size"]: each for each in trace if each["type"] == "malloc"}
	used = {}
	for size, room in said(said_path, "level"):
		event = events.get(int(size))
		if not expect(event, "the block of %s bytes is missing" % size):
			continue
		sp = number(event["sp"])
		expect(abs(sp - number(room)) < 1024, "at level %s sp is %s, not near %s" % (size,
			event["sp"], room))
		expect(event.get("stack_used") == ends[event["tid"]] - sp,
			"at level %s stack_used is %s, not %d" % (size, event.get("stack_used"),
			ends[event["tid"]] - sp))
		used.setdefault(event["tid"], []).append(ends[event["tid"]] - sp)
	for tid, each in used.items():
		expect(each == sorted(each) and len(each) > 10, "thread %d did not go down" % tid)
	expect(len(used) == 2 and max(used[only_pid(trace)]) > 1 << 20,
		"the main stack did not outgrow its first mapping")


def reuse(path, said_path):
	"""reused is said of exactly those blocks that are at the address freed last."""
	trace = read_trace(path)
	events = {(each["size"], each["addr"]): each for each in trace
		if each["type"] in MADE and not each.get("failed")}
	lines = said(said_path, "got")
	for tid, addr, size, reused in lines:
		event = events.get((int(size), addr))
		if not expect(event, "the block of %s bytes at %s is missing" % (size, addr)):
			continue
		expect(event.get("reused", False) == (reused == "1"),
			"the block of %s bytes: reused is %s" % (size, event.get("reused", False)))
	expect({each[3] for each in lines} == {"0", "1"}, "the program reused nothing, or all")


def failing(path, said_path):
	"""What could not be had is said to have failed, and what was there lives on."""
	trace = read_trace(path)
	word = {name: said(said_path, name)[0][0] for name in ("old", "from", "to", "ended")}
	heap = [each for each in trace if each["type"] in MADE + ("free",)]
	too_much = 1 << 63
	overflow = (1 << 64) - 1

	def one(what, **fields):
		found = [each for each in heap if all(each.get(key) == value
			for key, value in fields.items())]
		expect(len(found) == 1, "%s: %d events" % (what, len(found)))
		return found[0] if found else {}

	failed = [
		one("malloc", type="malloc", size=too_much),
		one("calloc that overflows", type="calloc", size=overflow),
		one("realloc", type="realloc", size=too_much + 1, old_addr=word["old"]),
		one("reallocarray that overflows", type="realloc", size=overflow, old_addr=word["old"],
			via="reallocarray"),
		one("posix_memalign of 24", type="memalign", size=222, via="posix_memalign"),
		one("posix_memalign", type="memalign", size=too_much + 2),
		one("aligned_alloc", type="memalign", size=too_much + 3),
	]
	for each in failed:
		expect(each.get("failed") is True, "not failed: %s" % each)
		expect("addr" in each and each["addr"] is None, "has an address: %s" % each)
		expect("old_size" not in each, "ended a block: %s" % each)
	expect([each for each in heap if each.get("failed")] == failed, "more has failed")
	expect(not [each for each in heap if each.get("unmatched")], "a block is not known")
	expect(not [each for each in heap if each["type"] == "free" and not number(each["addr"])],
		"free(NULL) is an event")

	expect(one("free of what realloc left", type="free", addr=word["old"], size=111), "")
	moved = one("realloc that moves", type="realloc", old_addr=word["from"], addr=word["to"],
		size=66666, old_size=333)
	expect("failed" not in moved, "it failed")
	one("the moved block's birth", addr=word["to"], type="realloc")
	one("its end", addr=word["to"], type="free", size=66666)
	expect(not [each for each in heap if each["type"] == "free" and each["addr"] == word["from"]
		and each.get("size") == 333], "the block was also freed where it had been")
	ended = one("realloc to 0", type="realloc", old_addr=word["ended"], old_size=444, size=0)
	expect("failed" not in ended and ended.get("addr") == "0x0", "it made a block: %s" % ended)

	summary = trace[-1]
	expect(summary["failed"] == 7, "summary: %d failed" % summary["failed"])
	expect(summary["in_use"] == {"bytes": 16, "blocks": 1}, "in use: %s" % summary["in_use"])


# Which constructors may make an int; of a build with inlining across files, only the first.
VIA = {
	"str": ("PyLong_FromUnicodeObject", "PyLong_FromString"),
	"str_hex": ("PyLong_FromUnicodeObject", "PyLong_FromString"),
	"from_bytes": ("_PyLong_FromByteArray",),
	"len": ("PyLong_FromSsize_t",),
	"id": ("PyLong_FromVoidPtr",),
	"float": ("PyLong_FromDouble",),
	"ord": ("PyLong_FromLong",),
	"array": ("PyLong_FromLongLong", "PyLong_FromLong"),
	"unpack": ("PyLong_FromUnsignedLongLong", "PyLong_FromUnsignedLong", "PyLong_FromLong",
		"PyLong_FromLongLong"),
	"stat": ("_PyLong_New", "_PyLong_Add"),
}


def ints(path, said_path, maps_path, inlined, launched):
	"""Each int that an exported constructor made is a pylong event, in the right segment."""
	trace = read_trace(path)
	maps = read_maps(maps_path)
	expect(trace[0]["targets"][0]["python"], "no CPython was found")
	last = {each["addr"]: each for each in trace if each["type"] == "pylong"}
	lines = said(said_path, "int")
	expect(len(lines) == len(VIA), "the script made %d ints" % len(lines))
	for name, addr in lines:
		event = last.get(addr)
		if not event and inlined == "inlined" and not name.startswith("str"):
			continue
		if not expect(event, "%s: %s is in no event" % (name, addr)):
			continue
		expect(inlined == "inlined" and not name.startswith("str") or
			event.get("via") in VIA[name] or event.get("site") in VIA[name],
			"%s: via %s, made in %s" % (name, event.get("via"), event.get("site")))
		mapping = maps.find(number(addr))
		if not expect(mapping, "%s: %s is nowhere" % (name, addr)):
			continue
		wanted = (("heap",) if mapping.name == "[heap]" else
			("pymalloc",) if launched == "launched" else ("pymalloc", "anon"))
		expect(mapping.perms == "rw-p" and mapping.name in ("", "[heap]"),
			"%s: %s is in %s %s" % (name, addr, mapping.perms, mapping.name))
		expect(event["segment"] in wanted, "%s: in %s, not %s (%s)" % (name, event["segment"],
			"/".join(wanted), mapping.name))
	kinds = {last[addr]["segment"] for _, addr in lines if addr in last}
	expect("heap" in kinds and kinds & {"pymalloc", "anon"}, "all are in %s" % sorted(kinds))
	size = int(said(said_path, "bytes")[0][0])
	large = [each for each in trace if each["type"] in MADE and not each.get("failed")
		and size < each["size"] <= size + 64]
	if expect(len(large) == 1, "the bytearray is %d blocks" % len(large)):
		expect(large[0]["segment"] == "mmap-chunk", "it is in %s" % large[0]["segment"])
		expect(maps.kind(number(large[0]["addr"])) == "mmap-chunk", "and not in the kernel's map")


def churned(path, pairs):
	"""So many blocks were made and freed, and nothing was lost."""
	summary = json.loads(last_line(path))
	pairs = int(pairs)
	complete = summary["completeness"]
	expect(summary["frees"] == pairs, "%d frees" % summary["frees"])
	more = summary["allocs"] - pairs  # of pthread_create, for the threads
	expect(0 <= more <= 8, "%d allocs" % summary["allocs"])
	expect(summary["in_use"]["blocks"] == more, "in use: %s" % summary["in_use"])
	expect(summary["in_use"]["bytes"] < 8192, "in use: %s" % summary["in_use"])
	expect(complete["hits"] == complete["delivered"] == complete["shown"], str(complete))
	expect(2 * pairs <= complete["hits"] < 2 * pairs + 200, "%d hits" % complete["hits"])
	for what in ("lost", "unmatched_frees", "superseded_blocks", "unkept_blocks", "malformed",
			"output_lines_lost"):
		expect(complete[what] == 0, "%s: %d" % (what, complete[what]))


def last_line(path):
	with open(path, "rb") as file:
		file.seek(0, 2)
		file.seek(-min(file.tell(), 1 << 16), 2)
		return file.read().splitlines()[-1]


def losses(path, pairs):
	"""Events were lost, and every figure says how many: the same."""
	trace = read_trace(path)
	summary = trace[-1]
	complete = summary["completeness"]
	lost = [each for each in trace if each["type"] == "lost"]
	expect(complete["lost"] > 0, "nothing was lost: the test is void")
	for what, is_ in (
			("hits - delivered", complete["hits"] - complete["delivered"]),
			("the lost records' sum", sum(each["events"] for each in lost)),
			("lost_by_type's sum", sum(complete["lost_by_type"].values())),
			("lost_by_cause's sum", sum(complete["lost_by_cause"].values()))):
		expect(is_ == complete["lost"], "%s is %d, not %d" % (what, is_, complete["lost"]))
	expect(2 * int(pairs) <= complete["hits"] < 2 * int(pairs) + 200, "%d hits" % complete["hits"])
	expect(set(complete["lost_by_cause"]) == {"ring_full"}, str(complete["lost_by_cause"]))
	for one, next_ in zip(lost, lost[1:]):
		expect(sum(one["lost_by_type"].values()) <= sum(next_["lost_by_type"].values()),
			"lost_by_type goes down")
	told = 0
	for each in lost:
		told += each["events"]
		expect(sum(each["lost_by_type"].values()) >= told, "lost_by_type is behind events")


def code(path, pid, state):
	"""At each probe of a trace, in the process of that number: "probed" or "clean"."""
	with open(path) as file:
		header = json.loads(file.readline())
	with open("/proc/%s/maps" % pid) as file:
		lines = file.readlines()
	probes = {(each["file"], number(each["offset"])): each for each in header["probes"]}
	expect(len(probes) >= 8, "only %d probes" % len(probes))
	for (name, offset), probe in probes.items():
		# LOCATION PERMS OFFSET DEVICE INODE NAME
		for words in (line.split(None, 5) for line in lines):
			start, end = map(number, words[0].split("-"))
			at = start + offset - number(words[2])
			if len(words) == 6 and words[5].rstrip() == name and start <= at < end:
				break
		else:
			complain("process %s does not have %s at %#x" % (pid, name, offset))
			continue
		for each in header["probes"]:
			if each["pid"] == int(pid) and (each["file"], number(each["offset"])) == (name, offset):
				expect(number(each["addr"]) == at, "%s is at %#x, not %s" % (each["symbol"], at,
					each["addr"]))
		with open("/proc/%s/mem" % pid, "rb") as file:
			file.seek(at)
			is_ = file.read(16)
		with open(name, "rb") as file:
			file.seek(offset)
			was = file.read(16)
		if state == "probed":
			expect(is_[0] == 0xcc != was[0], "%s: %s is not probed" % (probe["symbol"], is_.hex()))
		else:
			expect(is_ == was, "%s: %s is not %s" % (probe["symbol"], is_.hex(), was.hex()))


def same_maps(before_path, after_path):
	"""Two copies of a map are the same but for the kernel's page for probes."""
	maps = []
	for path in before_path, after_path:
		with open(path) as file:
			maps.append([line for line in file if line.split(None, 5)[-1].strip() not in UPROBES])
	for line in sorted(set(maps[0]) ^ set(maps[1])):
		complain(("-" if line in maps[0] else "+") + line.rstrip())


def filtered(whole_path, part_path, kinds="", least="0", most=""):
	"""One trace is the part of the other that a filter lets through, the totals are the same."""
	sized = MADE + ("free", "mmap", "munmap", "mremap", "mprotect")
	other = ("header", "segment", "probe", "lost", "warning", "summary")

	def events(trace):
		return [{key: value for key, value in each.items()
			if key not in ("ts_ns", "pid", "tid", "age_ns")}
			for each in trace if each["type"] not in other]

	whole, part = read_trace(whole_path), read_trace(part_path)
	wanted = [each for each in events(whole) if (not kinds or each["type"] in kinds.split(","))
		and (each["type"] not in sized or
			int(least) <= each.get("size", 0) <= (int(most) if most else 1 << 64))]
	got = events(part)
	expect(0 < len(wanted) < len(events(whole)), "the filter is all or nothing: the test is void")
	expect(len(got) == len(wanted), "%d events, not %d" % (len(got), len(wanted)))
	for i, (one, other_) in enumerate(zip(got, wanted)):
		if not expect(one == other_, "event %d: %s, not %s" % (i, one, other_)):
			break
	for key in ("in_use", "peak", "allocs", "frees", "bytes_allocated", "failed", "by_segment"):
		expect(whole[-1][key] == part[-1][key], "%s: %s, not %s" % (key, part[-1][key],
			whole[-1][key]))
	for trace in whole, part:
		complete = trace[-1]["completeness"]
		expect(complete["shown"] == len(events(trace)), "%d shown" % complete["shown"])
		expect(complete["hits"] == complete["delivered"], str(complete))


if __name__ == "__main__":
	globals()[sys.argv[1]](*sys.argv[2:])
	sys.exit(1 if wrong else 0)
