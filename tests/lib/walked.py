#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""walked.py SAID WALK: whether a walk of tests/programs/walk.py shows what that said.

Every frame of a thread that spoke, and every variable of these: its class, its value where
one is said, its address. Each difference is a line on stderr; the exit status is 1 if there
was one. Prints how much was compared.
"""
import json
import sys

faults = 0


def fault(text):
	global faults
	faults += 1
	if faults <= 20:
		print(text, file=sys.stderr)


def read_walk(path):
	frames, variables, scopes = {}, {}, {}
	by_id = {}
	with open(path) as file:
		for line in file:
			record = json.loads(line)
			if record["type"] == "frame":
				frames[record["tid"], record["depth"]] = by_id[record["id"]] = record
			elif record["type"] == "variable":
				frame = by_id[record["frame"]]
				scope = record["scope"]
				scope = scope if scope in ("attribute", "global") else "variable"
				key = scope, frame["tid"], frame["depth"], record["name"]
				if key in variables:
					fault("%s twice" % (key,))
				variables[key] = record
	return frames, variables


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


def check_variable(said, variables):
	kind, tid, depth, name, class_, value, address = said
	variable = variables.pop((kind, tid, depth, name), None)
	if not variable:
		fault("no %s %s in frame %d of %d" % (kind, name, depth, tid))
		return
	got = (variable["class"].rpartition(".")[2], variable["addr"], variable["decimal"])
	want = (class_, hex(address), address)
	if got != want:
		fault("%s in frame %d of %d: %s, not %s" % (name, depth, tid, got, want))
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


def main():
	frames, variables = read_walk(sys.argv[2])
	everything = dict(variables)
	counts = {}
	threads = set()
	with open(sys.argv[1]) as file:
		for line in file:
			said = json.loads(line)
			counts[said[0]] = counts.get(said[0], 0) + 1
			threads.add(said[1])
			if said[0] == "frame":
				check_frame(said, frames)
			else:
				check_variable(said, variables)
	check_same(variables, everything)
	print(" ".join("%s=%d" % each for each in sorted(counts.items())))
	for (kind, tid, depth, name), variable in variables.items():
		function = frames[tid, depth]["function"]
		# what the body of a class takes from around it is not in its f_locals
		expected = function == "stop" or function.endswith("Body") and variable["scope"] == "free"
		if tid in threads and kind == "variable" and not expected:
			fault("%s of frame %d of %d is not Python's" % (name, depth, tid))
	sys.exit(1 if faults or counts.get("frame", 0) < 20 else 0)


main()
