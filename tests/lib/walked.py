#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""walked.py SAID STATS WALK: whether a walk of tests/programs/walk.py shows what that said.

Every frame of a thread that spoke, and every variable of these: its class, its value where
one is said, its address. Where the small ints and the singletons are. What pymalloc has, by
what sys._debugmallocstats() wrote. Where items and bytes are, by what is there. Each
difference is a line on stderr; the exit status is 1 if there was one. Prints how much was
compared.
"""
import json
import re
import sys

faults = 0


def fault(text):
	global faults
	faults += 1
	if faults <= 20:
		print(text, file=sys.stderr)


def read_walk(path):
	frames, variables, rest, by_id = {}, {}, {}, {}
	with open(path) as file:
		for line in file:
			record = json.loads(line)
			if record["type"] == "frame":
				frames[record["tid"], record["depth"]] = by_id[record["id"]] = record
			elif record["type"] == "variable":
				if record["frame"] not in by_id:
					continue # of no thread
				frame = by_id[record["frame"]]
				scope = record["scope"]
				scope = scope if scope in ("attribute", "global") else "variable"
				key = scope, frame["tid"], frame["depth"], record["name"]
				if key in variables:
					fault("%s twice" % (key,))
				variables[key] = record
			else:
				rest.setdefault(record["type"], []).append(record)
	return frames, variables, rest


def check_frame(said, frames):
	_, tid, depth, function, file, line, address = said
	frame = frames.get((tid, depth))
	if not frame:
		fault("no frame %d of %d: %s" % (depth, tid, function))
		return
	object_ = frame.get("frame_object", {"addr": None})["addr"]
	got = frame["function"], frame["file"], object_
	want = function, file, hex(address)
	if got != want:
		fault("frame %d of %d: %s, not %s" % (depth, tid, got, want))
	# the innermost one has moved on by a line when all wait
	if frame.get("line") != line + (function == "stop"):
		fault("frame %d of %d, %s: line %s, not %s" % (depth, tid, function,
			frame.get("line"), line))


def check_body(variable, want):
	"""By what is there: the bytes themselves, or somewhere in a table all these words."""
	body = int(variable.get("body", "0"), 16)
	if not want:
		return
	with open("/proc/%s/mem" % variable["pid"], "rb", buffering=0) as memory:
		memory.seek(body)
		try:
			there = memory.read(len(want) // 2 if isinstance(want, str) else 4096)
		except OSError:
			there = b""
	if isinstance(want, str):
		good = there.hex() == want
	else:
		good = all(each.to_bytes(8, "little") in there for each in want)
	if not good:
		fault("the body of %s is not at %#x" % (variable["name"], body))


def check_variable(said, variables):
	kind, tid, depth, name, class_, value, address, body = said
	variable = variables.pop((kind, tid, depth, name), None)
	if not variable:
		fault("no %s %s in frame %d of %d" % (kind, name, depth, tid))
		return
	got = (variable["class"].rpartition(".")[2], variable["addr"], variable["decimal"])
	want = (class_, hex(address), address)
	if got != want:
		fault("%s in frame %d of %d: %s, not %s" % (name, depth, tid, got, want))
	check_body(variable, body)
	shown = variable.get("value")
	if value is None or shown is not None and shown.rstrip("'").endswith("..."):
		return
	if shown != value:
		fault("%s in frame %d of %d is %s, not %s" % (name, depth, tid, shown, value))


def check_same(variables, all_):
	"""What is said to be the same object has one address, and what has one is said to be."""
	first = {}
	for variable in sorted(all_.values(), key=lambda each: each["id"]):
		want = first.setdefault(variable["addr"], variable["id"])
		if variable.get("same_as", variable["id"]) != want:
			fault("%s is the same as %s, not %s" % (variable["name"],
				variable.get("same_as"), want))


def check_small(last, variables, records):
	"""The array, by every variable that is one of it; of objects, each in its place."""
	small = records["small_ints"][0]
	start, end = int(small["addr"], 16), int(small["end"], 16)
	if small["last"] != last or small["count"] != last + 6:
		fault("small ints up to %d, not %d" % (small["last"], last))
	for variable in variables.values():
		if variable["class"] != "int" or not -5 <= int(variable["value"].split("...")[0]) <= last:
			continue
		address = variable["decimal"]
		if not start <= address < end:
			fault("small int %s is not in the cache" % variable["value"])
		size = small["size"] // small["count"]
		if not small["pointers"] and address != start + size * (int(variable["value"]) + 5):
			fault("small int %s is not in its place" % variable["value"])


def check_statics(name, address, records):
	for singleton in records["static_objects"][0]["singletons"]:
		if singleton["name"] == name and singleton["addr"] == hex(address):
			return
	fault("no %s at %#x" % (name, address))


def check_pools(path, records):
	"""Lines of "class size pools used free", and of how many arenas there are."""
	want = []
	with open(path) as file:
		for line in file:
			found = re.match(r"\s*\d+\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$", line)
			if found:
				want.append(tuple(map(int, found.groups())))
			found = re.match(r"# arenas allocated current\s+=\s+([\d,]+)$", line)
			if found and int(found.group(1).replace(",", "")) != len(records["arena"]):
				fault("%d arenas, not %s" % (len(records["arena"]), found.group(1)))
	got = [tuple(each[name] for name in ("size", "pools", "used", "free"))
		for each in records["size_class"]]
	for each in sorted(set(want) ^ set(got)):
		fault("%s %s in pymalloc" % ("no" if each in want else "falsely", each))
	if len(want) < 20:
		fault("only %d size classes" % len(want))


def main():
	frames, variables, records = read_walk(sys.argv[3])
	everything = dict(variables)
	counts = {}
	threads = set()
	with open(sys.argv[1]) as file:
		for line in file:
			said = json.loads(line)
			counts[said[0]] = counts.get(said[0], 0) + 1
			if said[0] == "small":
				check_small(said[1], everything, records)
			elif said[0] == "types":
				# 3.15 has one that is no subclass of anything Python can name
				if not 0 <= records["static_objects"][0]["types"] - said[1] <= 1:
					fault("%d static types, not %d" % (
						records["static_objects"][0]["types"], said[1]))
			elif said[0] == "static":
				check_statics(said[1], said[2], records)
			elif said[0] == "frame":
				threads.add(said[1])
				check_frame(said, frames)
			else:
				check_variable(said, variables)
	check_same(variables, everything)
	# a free-threaded build has its objects in pages of mimalloc
	if "free-threaded" not in records["walk"][0]["python_why"]:
		check_pools(sys.argv[2], records)
	print(" ".join("%s=%d" % each for each in sorted(counts.items())))
	for (kind, tid, depth, name), variable in variables.items():
		function = frames[tid, depth]["function"]
		# what the body of a class takes from around it is not in its f_locals
		expected = function == "stop" or function.endswith("Body") and variable["scope"] == "free"
		if tid in threads and kind == "variable" and not expected:
			fault("%s of frame %d of %d is not Python's" % (name, depth, tid))
	sys.exit(1 if faults or counts.get("frame", 0) < 20 else 0)


main()
